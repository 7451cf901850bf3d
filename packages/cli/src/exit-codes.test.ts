// Exit codes are promises: the numbers below may be added to, never changed.
import { errorTable } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { exitCodeMeanings, exitCodeOf, exitCodes } from "./exit-codes.ts";

describe("exit codes", () => {
  it("stay what they are", () => {
    expect(exitCodes).toEqual({
      ok: 0,
      unexpected: 1,
      usage: 2,
      unauthorized: 3,
      notFound: 4,
      conflict: 5,
      refused: 6,
      unavailable: 7,
      failed: 8,
      ambiguous: 9,
      declined: 10,
      interrupted: 130,
    });
  });

  it("are explained, each", () => {
    expect(Object.keys(exitCodeMeanings)).toEqual(Object.keys(exitCodes));
  });

  it("cover every error of the API, and none of them is success", () => {
    expect(Object.keys(exitCodeOf).sort()).toEqual(Object.keys(errorTable).sort());
    expect(Object.values(exitCodeOf)).not.toContain(exitCodes.ok);
  });
});
