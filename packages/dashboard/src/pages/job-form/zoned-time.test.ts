// Wall clocks around clock changes, where they are doubled or skipped.
import { describe, expect, it } from "vitest";
import { isZone, toInstant, toWallClock } from "./zoned-time.ts";

const berlin = "Europe/Berlin";

describe("the wall clock of a zone", () => {
  it("stands for one instant, and the instant for the wall clock", () => {
    expect(toInstant("2026-07-01T12:30", berlin)?.toISOString()).toBe("2026-07-01T10:30:00.000Z");
    expect(toInstant("2026-12-01T12:30", berlin)?.toISOString()).toBe("2026-12-01T11:30:00.000Z");
    expect(toWallClock(new Date("2026-07-01T10:30:00Z"), berlin)).toBe("2026-07-01T12:30");
    expect(toInstant("2026-07-01T12:30", "UTC")?.toISOString()).toBe("2026-07-01T12:30:00.000Z");
  });

  it("is the first of two in autumn, and moves on by an hour in spring", () => {
    expect(toInstant("2026-10-25T02:30", berlin)?.toISOString()).toBe("2026-10-25T00:30:00.000Z");
    expect(toInstant("2026-03-29T02:30", berlin)?.toISOString()).toBe("2026-03-29T01:30:00.000Z");
  });

  it("is nothing where it is no time, or of no zone", () => {
    expect(toInstant("", berlin)).toBeNull();
    expect(toInstant("2026-13-01T00:00", berlin)).toBeNull();
    expect(toInstant("2026-07-01T12:30", "Mars/Base")).toBeNull();
    expect(isZone("Mars/Base")).toBe(false);
  });
});
