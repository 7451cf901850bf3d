// Instants and lengths as people write and read them.
import { describe, expect, it } from "vitest";
import { parseInstant, toExact, toLength, toLocal, toRelative } from "./moments.ts";

const now = new Date("2026-11-24T10:00:00.000Z");

describe("toLength", () => {
  it.each([
    [0, "0 ms"],
    [119.6, "120 ms"],
    [1000, "1 s"],
    [4210, "4.2 s"],
    [59_999, "59.9 s"],
    [60_000, "1 min"],
    [185_000, "3 min 5 s"],
    [7_800_000, "2 h 10 min"],
    [450_000_000, "5 d 5 h"],
  ])("of %i ms is %s", (ms, text) => {
    expect(toLength(ms)).toBe(text);
  });
});

describe("toRelative", () => {
  it.each([
    ["2026-11-24T10:00:00.500Z", "now"],
    ["2026-11-24T09:59:55.000Z", "5 s ago"],
    ["2026-11-24T09:57:00.000Z", "3 min ago"],
    ["2026-11-24T12:00:00.000Z", "in 2 h"],
    ["2026-11-22T11:00:00.000Z", "47 h ago"],
    ["2026-11-20T10:00:00.000Z", "4 days ago"],
    ["2026-08-01T22:30:00.000Z", "2026-08-02"],
    ["not an instant", "not an instant"],
  ])("says of %s: %s", (instant, text) => {
    expect(toRelative(instant, now, "Europe/Berlin")).toBe(text);
  });
});

describe("toLocal", () => {
  it("names the zone", () => {
    expect(toLocal("2026-11-24T10:00:00.000Z", "Europe/Berlin")).toBe(
      "2026-11-24 11:00:00 Europe/Berlin",
    );
    expect(toLocal("2026-11-24T23:00:00.000Z", "UTC")).toBe("2026-11-24 23:00:00 UTC");
  });
});

describe("toExact", () => {
  it("adds how far it is, unless that is the date again", () => {
    expect(toExact("2026-11-24T09:57:00.000Z", now, "UTC")).toBe(
      "2026-11-24 09:57:00 UTC (3 min ago)",
    );
    expect(toExact("2026-08-01T10:00:00.000Z", now, "UTC")).toBe("2026-08-01 10:00:00 UTC");
  });
});

describe("parseInstant", () => {
  it.each([
    ["2026-11-24T10:00:00Z", "2026-11-24T10:00:00.000Z"],
    ["2026-11-24T10:00:00.123+02:00", "2026-11-24T08:00:00.123Z"],
    ["2026-11-24 10:00Z", "2026-11-24T10:00:00.000Z"],
    ["30m", "2026-11-24T09:30:00.000Z"],
    ["2h", "2026-11-24T08:00:00.000Z"],
    ["-7d", "2026-11-17T10:00:00.000Z"],
    ["+90s", "2026-11-24T10:01:30.000Z"],
  ])("reads %s as %s", (text, instant) => {
    expect(parseInstant(text, now, "past")).toBe(instant);
  });

  it("counts forward where the future is meant", () => {
    expect(parseInstant("10m", now, "future")).toBe("2026-11-24T10:10:00.000Z");
  });

  it("takes a date without a zone for a local one", () => {
    expect(parseInstant("2026-11-24", now, "past")).toBe(new Date(2026, 10, 24).toISOString());
    expect(parseInstant("2026-11-24 08:30", now, "past")).toBe(
      new Date(2026, 10, 24, 8, 30).toISOString(),
    );
  });

  it.each(["", "yesterday", "24.11.2026", "2026-02-30", "2026-13-01", "2026-11-24T25:00Z", "1y"])(
    "refuses %j",
    (text) => {
      expect(parseInstant(text, now, "past")).toBeUndefined();
    },
  );
});
