// What a clock in a zone shows, over changes of the clock; it never asks the machine for its own.
import { describe, expect, it } from "vitest";
import { toInstant, toLocal } from "./zoned.ts";

describe("the clock of a zone", () => {
  it.each([
    ["2026-11-24T18:00", "Europe/Berlin", "2026-11-24T17:00:00.000Z"],
    ["2026-07-01T00:30", "Europe/Berlin", "2026-06-30T22:30:00.000Z"],
    // An hour before and after the clock goes forward on 29 March.
    ["2026-03-29T01:30", "Europe/Berlin", "2026-03-29T00:30:00.000Z"],
    ["2026-03-29T03:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z"],
    ["2026-01-01T05:45", "Asia/Kathmandu", "2026-01-01T00:00:00.000Z"],
  ])("reads %s in %s as %s, and back", (local, zone, instant) => {
    expect(toInstant(local, zone)).toBe(instant);
    expect(toLocal(instant, zone)).toBe(local);
  });

  it("makes nothing of what is no date, and UTC of a zone that nobody knows", () => {
    expect([toInstant("soon", "UTC"), toLocal("soon", "UTC")]).toEqual(["", ""]);
    expect(toInstant("2026-01-01T00:00", "Mars/Olympus")).toBe("2026-01-01T00:00:00.000Z");
  });
});
