// The small words: how a length of time is said.
import { describe, expect, it } from "vitest";
import { formatDuration } from "./phrase.ts";

describe("formatDuration", () => {
  it.each([
    [0, "0 ms"],
    [12.4, "12 ms"],
    [999, "999 ms"],
    [1000, "1 s"],
    [4210, "4.2 s"],
    [59_999, "59.9 s"],
    [60_000, "1 min 0 s"],
    [200_000, "3 min 20 s"],
    [3_599_999, "59 min 59 s"],
    [7_500_000, "2 h 5 min"],
  ])("says %d ms as %s", (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });
});
