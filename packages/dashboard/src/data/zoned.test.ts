// What a clock in a zone shows, over changes of the clock; it never asks the machine for its own.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isZone, toInstant, toLocal } from "./zoned.ts";

const berlin = "Europe/Berlin";

describe("the clock of a zone", () => {
  it.each([
    ["2026-11-24T18:00", berlin, "2026-11-24T17:00:00.000Z"],
    ["2026-07-01T00:30", berlin, "2026-06-30T22:30:00.000Z"],
    // An hour before and after the clock goes forward on 29 March.
    ["2026-03-29T01:30", berlin, "2026-03-29T00:30:00.000Z"],
    ["2026-03-29T03:30", berlin, "2026-03-29T01:30:00.000Z"],
    ["2026-01-01T05:45", "Asia/Kathmandu", "2026-01-01T00:00:00.000Z"],
    ["9999-12-31T12:00", "UTC", "9999-12-31T12:00:00.000Z"],
  ])("reads %s in %s as %s, and back", (local, zone, instant) => {
    expect(toInstant(local, zone)).toBe(instant);
    expect(toLocal(instant, zone)).toBe(local);
  });

  it("shows the first of two in autumn, and moves on by an hour in spring", () => {
    expect(toInstant("2026-10-25T02:30", berlin)).toBe("2026-10-25T00:30:00.000Z");
    expect(toInstant("2026-03-29T02:30", berlin)).toBe("2026-03-29T01:30:00.000Z");
  });

  it.each(["0002-11-24T18:00", "0020-11-24T18:00", "0202-11-24T18:00", "1969-12-31T23:59"])(
    "makes nothing of %s, on the way to a year",
    (local) => {
      expect([toInstant(local, berlin), toInstant(local, "UTC")]).toEqual(["", ""]);
    },
  );

  it("makes nothing of what is no date, and never throws", () => {
    for (const text of ["", "soon", "2026-13-01T00:00", "12026-01-01T00:00"]) {
      expect([text, toInstant(text, berlin), toLocal(text, "UTC")]).toEqual([text, "", ""]);
    }
    expect(toInstant("2026-07-01", "UTC")).toBe("");
    const zone = fc.constantFrom(berlin, "UTC", "America/St_Johns", "Pacific/Apia");
    fc.assert(
      fc.property(fc.date({ noInvalidDate: false }), zone, (at, each) => {
        const instant = Number.isNaN(at.getTime()) ? "never" : at.toISOString();
        toInstant(toLocal(instant, each), each);
      }),
    );
  });

  it("is that of UTC in a zone that nobody knows", () => {
    expect(isZone("Mars/Olympus")).toBe(false);
    expect(toInstant("2026-01-01T00:00", "Mars/Olympus")).toBe("2026-01-01T00:00:00.000Z");
  });
});
