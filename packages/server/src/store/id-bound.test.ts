// Id bounds: they may let too many rows through, never too few.
import { describe, expect, it } from "vitest";
import { newId } from "../id.ts";
import { idBoundAfter, idBoundBefore } from "./id-bound.ts";

const at = new Date("2026-11-23T10:00:00.000Z");
const plus = (milliseconds: number) => new Date(at.getTime() + milliseconds);

describe("id bounds", () => {
  it("keep every id made at the instant, an hour before and an hour after", () => {
    for (const distanceMs of [-3_599_999, 0, 3_599_999]) {
      const id = newId("execution", plus(distanceMs));
      expect(idBoundBefore("execution", at) < id).toBe(true);
      expect(id < idBoundAfter("execution", at)).toBe(true);
    }
  });

  it("leave out ids that are further away", () => {
    expect(newId("execution", plus(-3_600_001)) < idBoundBefore("execution", at)).toBe(true);
    expect(newId("execution", plus(3_600_001)) > idBoundAfter("execution", at)).toBe(true);
  });

  it("stay ids at the ends of time", () => {
    expect(idBoundBefore("delivery", new Date("0001-01-01T00:00:00Z"))).toBe("dlv_000000000000");
    expect(idBoundAfter("delivery", new Date(8.64e15))).toBe("dlv_ffffffffffff");
  });
});
