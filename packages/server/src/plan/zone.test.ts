// Compares the remembered clock changes with what Intl says at single instants, and with the tz
// database's own history.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkTimezone, findNextChange, locateWall, offsetAt } from "./zone.ts";

const HOUR_MS = 3_600_000;

const ZONES = [
  "UTC",
  "America/New_York",
  "Europe/London",
  "Australia/Lord_Howe",
  "Pacific/Apia",
  "America/Sao_Paulo",
  "Antarctica/Troll",
  "Antarctica/Casey",
  "Africa/Casablanca",
  "Africa/Cairo",
  "Africa/Monrovia",
  "Asia/Gaza",
  "Asia/Kathmandu",
  "America/Nuuk",
  "America/Recife",
  "Pacific/Chatham",
];

/** The wall time as Intl's calendar fields say it, which zone.ts does not read. */
function readWall(timeZone: string, atMs: number): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(atMs);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const date = Date.UTC(read("year"), read("month") - 1, read("day"));
  return date + read("hour") * HOUR_MS + read("minute") * 60_000 + read("second") * 1000;
}

const anyZone = fc.constantFrom(...ZONES);
const anySecond = fc
  .integer({ min: 0, max: Date.UTC(2040, 0, 1) / 1000 })
  .map((seconds) => seconds * 1000);

describe("offsetAt", () => {
  it("says what Intl's calendar fields say", () => {
    fc.assert(
      fc.property(anyZone, anySecond, (zone, atMs) => {
        expect(atMs + offsetAt(zone, atMs)).toBe(readWall(zone, atMs));
      }),
      { numRuns: 2000 },
    );
  });

  it("keeps the seconds of Monrovia's old offset", () => {
    expect(offsetAt("Africa/Monrovia", 0)).toBe(-(44 * 60 + 30) * 1000);
  });
});

describe("findNextChange", () => {
  it("finds the very second, also next to the turn of the year", () => {
    const change = findNextChange("America/New_York", Date.UTC(2025, 11, 31), Date.UTC(2027, 0, 1));
    expect(change).toEqual({
      atMs: Date.parse("2026-03-08T07:00:00Z"),
      offsetBeforeMs: -5 * HOUR_MS,
      offsetAfterMs: -4 * HOUR_MS,
    });
    // Danmarkshavn changed its clocks in the first hours of a year.
    const newYear = Date.parse("1996-01-01T03:00:00Z");
    expect(findNextChange("America/Danmarkshavn", newYear - 1, newYear)?.atMs).toBe(newYear);
    expect(findNextChange("America/Danmarkshavn", newYear - 2, newYear - 1)).toBeUndefined();
    expect(findNextChange("America/Danmarkshavn", newYear, newYear + 1)).toBeUndefined();
  });

  it("sees both of two changes that are a week apart", () => {
    const first = findNextChange("America/Recife", Date.UTC(2000, 9, 1), Date.UTC(2000, 10, 1));
    const second = findNextChange("America/Recife", first?.atMs ?? 0, Date.UTC(2000, 10, 1));
    expect(new Date(first?.atMs ?? 0).toISOString()).toBe("2000-10-08T03:00:00.000Z");
    expect(new Date(second?.atMs ?? 0).toISOString()).toBe("2000-10-15T02:00:00.000Z");
  });

  it("finds none in a zone without changes, even over a search of centuries", () => {
    expect(findNextChange("UTC", -8.64e15, Date.UTC(2100, 0, 1))).toBeUndefined();
  });
});

describe("locateWall", () => {
  it("names exactly the instants at which the clocks show that time", () => {
    const nearChange = fc
      .tuple(anyZone, anySecond, fc.integer({ min: -16 * 3600, max: 16 * 3600 }))
      .map(([zone, afterMs, seconds]) => {
        const change = findNextChange(zone, afterMs, afterMs + 400 * 24 * HOUR_MS);
        const nearMs = change === undefined ? afterMs : change.atMs + change.offsetBeforeMs;
        return { zone, wallMs: nearMs + seconds * 1000 };
      });
    const kinds = new Set<string>();
    fc.assert(
      fc.property(nearChange, ({ zone, wallMs }) => {
        const moment = locateWall(zone, wallMs);
        kinds.add(moment.kind);
        const offsets = [-16, 16].map((hours) => offsetAt(zone, wallMs + hours * HOUR_MS));
        const shown = [...new Set(offsets.map((offsetMs) => wallMs - offsetMs))]
          .filter((atMs) => readWall(zone, atMs) === wallMs)
          .sort((first, second) => first - second);
        if (moment.kind === "never") expect(shown).toEqual([]);
        if (moment.kind === "once") expect(shown).toEqual([moment.atMs]);
        if (moment.kind === "twice") expect(shown).toEqual([moment.atMs, moment.againMs]);
      }),
      { numRuns: 1000, seed: 7 },
    );
    expect(kinds).toEqual(new Set(["never", "once", "twice"]));
  });

  it.each([
    ["America/New_York", "2026-03-08T01:59:59Z", "once"],
    ["America/New_York", "2026-03-08T02:00:00Z", "never"],
    ["America/New_York", "2026-03-08T02:59:59Z", "never"],
    ["America/New_York", "2026-03-08T03:00:00Z", "once"],
    ["America/New_York", "2026-11-01T00:59:59Z", "once"],
    ["America/New_York", "2026-11-01T01:00:00Z", "twice"],
    ["America/New_York", "2026-11-01T01:59:59Z", "twice"],
    ["America/New_York", "2026-11-01T02:00:00Z", "once"],
    ["Australia/Lord_Howe", "2026-10-04T02:29:00Z", "never"],
    ["Australia/Lord_Howe", "2026-10-04T02:30:00Z", "once"],
    ["Pacific/Apia", "2011-12-29T23:59:00Z", "once"],
    ["Pacific/Apia", "2011-12-30T12:00:00Z", "never"],
    ["Pacific/Apia", "2011-12-31T00:00:00Z", "once"],
    ["America/Nuuk", "2027-03-27T23:30:00Z", "never"],
  ])("knows that %s shows %s %s", (zone, wall, kind) => {
    expect(locateWall(zone, Date.parse(wall)).kind).toBe(kind);
  });
});

describe("checkTimezone", () => {
  it.each([
    "UTC",
    "utc",
    "GMT",
    "EST",
    "GB",
    "EST5EDT",
    "Etc/GMT+5",
    "Europe/Berlin",
    "europe/berlin",
    "America/Argentina/Buenos_Aires",
    "America/Port-au-Prince",
    "Asia/Kolkata",
    "Asia/Calcutta",
  ])("accepts %s", (zone) => {
    expect(checkTimezone(zone)).toBeUndefined();
  });

  it.each([
    ["", "the time zone is empty: write an IANA name such as Europe/Berlin or UTC"],
    [" ", "the time zone is empty: write an IANA name such as Europe/Berlin or UTC"],
    [
      "+02:00",
      '"+02:00" is an offset, which knows no summer time: write an IANA name such as Europe/Berlin',
    ],
    [
      "UTC+2",
      '"UTC+2" is an offset, which knows no summer time: write an IANA name such as Europe/Berlin',
    ],
    [
      "IST",
      '"IST" is no IANA name, and abbreviations are ambiguous: ' +
        "write an IANA name such as Europe/Berlin",
    ],
    [
      "new york",
      '"new york" is not a known time zone: write an IANA name such as America/New_York',
    ],
    ["Mars/Base", '"Mars/Base" is not a known time zone: write an IANA name such as Europe/Berlin'],
    [
      "SystemV/EST5",
      '"SystemV/EST5" is not a known time zone: write an IANA name such as Europe/Berlin',
    ],
    [
      " Europe/Berlin",
      '" Europe/Berlin" is not a known time zone: write an IANA name such as Europe/Berlin',
    ],
  ])("refuses %j with a sentence", (zone, sentence) => {
    expect(checkTimezone(zone)).toBe(sentence);
  });

  it("shortens what it quotes", () => {
    expect(checkTimezone(`A${"x".repeat(5000)}`)?.length).toBeLessThan(140);
  });
});
