// When expressions fire, in tables of instants: ordinary days and every sort of clock change.
import { describe, expect, it } from "vitest";
import { checkCron, nextCronRun } from "./cron.ts";

const firstRuns = (cron: string, zone: string, from: string, count: number): string[] => {
  const runs: string[] = [];
  let next: Date | null = new Date(from);
  while (runs.length < count) {
    next = nextCronRun(cron, zone, next);
    if (next === null) break;
    runs.push(next.toISOString().replace(":00.000Z", ""));
  }
  return runs;
};

describe("checkCron", () => {
  it("answers nothing for a good expression and the field and a sentence for a bad one", () => {
    expect(checkCron("*/5 * * * MON-FRI")).toBeUndefined();
    expect(checkCron("61 * * * *")).toEqual({
      field: "minute",
      message: "minute 61 is out of range: use 0 to 59",
    });
    expect(checkCron("*".repeat(100_000))?.field).toBeNull();
  });
});

describe("nextCronRun", () => {
  it("is strictly after the instant given, to the millisecond", () => {
    const at = (iso: string) => nextCronRun("0 * * * *", "UTC", new Date(iso))?.toISOString();
    expect(at("2026-11-24T09:59:59.999Z")).toBe("2026-11-24T10:00:00.000Z");
    expect(at("2026-11-24T10:00:00.000Z")).toBe("2026-11-24T11:00:00.000Z");
    expect(at("2026-11-24T10:00:00.001Z")).toBe("2026-11-24T11:00:00.000Z");
  });

  it.each([
    [
      "0 9 * * MON-FRI",
      [
        "2026-11-24T09:00",
        "2026-11-25T09:00",
        "2026-11-26T09:00",
        "2026-11-27T09:00",
        "2026-11-30T09:00",
      ],
    ],
    [
      "0 0 31 * *",
      ["2026-12-31T00:00", "2027-01-31T00:00", "2027-03-31T00:00", "2027-05-31T00:00"],
    ],
    ["0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00"]],
    ["59 23 31 12 *", ["2026-12-31T23:59", "2027-12-31T23:59"]],
    // Either the 13th or a Friday.
    [
      "0 0 13 * FRI",
      ["2026-11-27T00:00", "2026-12-04T00:00", "2026-12-11T00:00", "2026-12-13T00:00"],
    ],
    // A star with a step leaves the other field in charge: odd days that are Mondays.
    ["0 0 */2 * MON", ["2026-12-07T00:00", "2026-12-21T00:00", "2027-01-11T00:00"]],
    ["0 0 13 * */2", ["2026-12-13T00:00", "2027-02-13T00:00", "2027-03-13T00:00"]],
    ["0 0 1-31 12 MON", ["2026-12-01T00:00", "2026-12-02T00:00", "2026-12-03T00:00"]],
  ])("fires %s at %j", (cron, runs) => {
    expect(firstRuns(cron, "UTC", "2026-11-24T00:00:30Z", runs.length)).toEqual(runs);
  });

  it("finds 29 February on a Sunday over the forty years around a year 2100 without one", () => {
    expect(firstRuns("0 0 29 2 */7", "UTC", "2061-01-01T00:00:00Z", 2)).toEqual([
      "2088-02-29T00:00",
      "2128-02-29T00:00",
    ]);
  });

  it("begins with 1970 and ends with the year 9999", () => {
    expect(firstRuns("0 0 1 1 *", "UTC", "1815-06-18T00:00:00Z", 1)).toEqual(["1970-01-01T00:00"]);
    expect(firstRuns("0 0 1 1 *", "UTC", "9998-06-01T00:00:00Z", 3)).toEqual(["9999-01-01T00:00"]);
    expect(nextCronRun("* * * * *", "Europe/Paris", new Date(8.64e15))).toBeNull();
  });

  it("throws on an expression that was never checked", () => {
    expect(() => nextCronRun("61 * * * *", "UTC", new Date(0))).toThrow("unchecked");
    expect(() => nextCronRun("1 * * * *", "Mars/Base", new Date(0))).toThrow(RangeError);
  });
});

// Zone, expression, just before, and the runs in UTC.
const CLOCK_CHANGES: [string, string, string, string[]][] = [
  // New York, 8 March 2026: 02:00 to 03:00 does not exist.
  ["America/New_York", "30 2 * * *", "2026-03-07T12:00Z", ["2026-03-08T07:00", "2026-03-09T06:30"]],
  [
    "America/New_York",
    "0,30 2 * * *",
    "2026-03-07T12:00Z",
    ["2026-03-08T07:00", "2026-03-09T06:00"],
  ],
  [
    "America/New_York",
    "15 2,3 * * *",
    "2026-03-07T12:00Z",
    ["2026-03-08T07:00", "2026-03-08T07:15", "2026-03-09T06:15"],
  ],
  [
    "America/New_York",
    "0 2-4 * * *",
    "2026-03-07T12:00Z",
    ["2026-03-08T07:00", "2026-03-08T08:00", "2026-03-09T06:00"],
  ],
  [
    "America/New_York",
    "*/30 2 * * *",
    "2026-03-07T12:00Z",
    ["2026-03-09T06:00", "2026-03-09T06:30"],
  ],
  ["America/New_York", "30 * * * *", "2026-03-08T06:00Z", ["2026-03-08T06:30", "2026-03-08T07:30"]],
  [
    "America/New_York",
    "0 */2 * * *",
    "2026-03-08T05:30Z",
    ["2026-03-08T08:00", "2026-03-08T10:00"],
  ],
  // A ranged step begins with a digit: a fixed time, as in Debian's cron.
  [
    "America/New_York",
    "0-59/15 2 * * *",
    "2026-03-07T12:00Z",
    ["2026-03-08T07:00", "2026-03-09T06:00"],
  ],
  // New York, 1 November 2026: 01:00 to 02:00 comes twice.
  ["America/New_York", "30 1 * * *", "2026-11-01T04:00Z", ["2026-11-01T05:30", "2026-11-02T06:30"]],
  [
    "America/New_York",
    "0 1,2 * * *",
    "2026-11-01T04:00Z",
    ["2026-11-01T05:00", "2026-11-01T07:00", "2026-11-02T06:00"],
  ],
  [
    "America/New_York",
    "*/30 1 * * *",
    "2026-11-01T04:00Z",
    [
      "2026-11-01T05:00",
      "2026-11-01T05:30",
      "2026-11-01T06:00",
      "2026-11-01T06:30",
      "2026-11-02T06:00",
    ],
  ],
  [
    "America/New_York",
    "0-59/30 1 * * *",
    "2026-11-01T04:00Z",
    ["2026-11-01T05:00", "2026-11-01T05:30", "2026-11-02T06:00"],
  ],
  [
    "America/New_York",
    "0 * * * *",
    "2026-11-01T04:30Z",
    ["2026-11-01T05:00", "2026-11-01T06:00", "2026-11-01T07:00"],
  ],
  // Asked within the second pass.
  ["America/New_York", "30 1 * * *", "2026-11-01T06:10Z", ["2026-11-02T06:30"]],
  [
    "America/New_York",
    "*/30 1 1 11 *",
    "2026-11-01T06:10Z",
    ["2026-11-01T06:30", "2027-11-01T05:00"],
  ],
  // A yearly job whose one hour of the year comes twice, or not at all.
  ["America/New_York", "0 1 1 11 *", "2026-01-01T00:00Z", ["2026-11-01T05:00", "2027-11-01T05:00"]],
  ["America/New_York", "* 2 8 3 *", "2026-01-01T00:00Z", ["2027-03-08T07:00"]],
  ["Europe/London", "30 1 * * *", "2026-03-28T12:00Z", ["2026-03-29T01:00", "2026-03-30T00:30"]],
  ["Europe/London", "30 1 * * *", "2026-10-24T12:00Z", ["2026-10-25T00:30", "2026-10-26T01:30"]],
  // Lord Howe moves by half an hour.
  [
    "Australia/Lord_Howe",
    "15 2 * * *",
    "2026-10-02T18:00Z",
    ["2026-10-03T15:30", "2026-10-04T15:15"],
  ],
  [
    "Australia/Lord_Howe",
    "30 2 * * *",
    "2026-10-02T18:00Z",
    ["2026-10-03T15:30", "2026-10-04T15:30"],
  ],
  [
    "Australia/Lord_Howe",
    "45 1 * * *",
    "2026-04-04T12:00Z",
    ["2026-04-04T14:45", "2026-04-05T15:15"],
  ],
  [
    "Australia/Lord_Howe",
    "*/15 1 * * *",
    "2026-04-04T12:00Z",
    [
      "2026-04-04T14:00",
      "2026-04-04T14:15",
      "2026-04-04T14:30",
      "2026-04-04T14:45",
      "2026-04-04T15:00",
      "2026-04-04T15:15",
      "2026-04-05T14:30",
    ],
  ],
  // Midnight itself is missing.
  ["America/Sao_Paulo", "0 0 * * *", "2018-11-03T12:00Z", ["2018-11-04T03:00", "2018-11-05T02:00"]],
  [
    "America/Sao_Paulo",
    "30 0 4 11 *",
    "2018-11-03T12:00Z",
    ["2018-11-04T03:00", "2019-11-04T03:30"],
  ],
  [
    "America/Sao_Paulo",
    "30 23 * * *",
    "2018-02-17T12:00Z",
    ["2018-02-18T01:30", "2018-02-19T02:30"],
  ],
  // The gap ends on the next day.
  ["America/Nuuk", "30 23 * * *", "2027-03-27T12:00Z", ["2027-03-28T01:00", "2027-03-29T00:30"]],
  ["America/Nuuk", "30 23 * * SAT", "2027-03-27T12:00Z", ["2027-03-28T01:00", "2027-04-04T00:30"]],
  ["America/Nuuk", "30 23 * * *", "2027-10-30T12:00Z", ["2027-10-31T00:30", "2027-11-01T01:30"]],
  // Two hours, and back.
  ["Antarctica/Troll", "0 2 * * *", "2026-03-28T12:00Z", ["2026-03-29T01:00", "2026-03-30T00:00"]],
  ["Antarctica/Troll", "0 2 * * *", "2026-10-24T12:00Z", ["2026-10-25T00:00", "2026-10-26T02:00"]],
  // Three hours still count as a gap to be made up for.
  ["Antarctica/Casey", "30 3 * * *", "2009-10-17T12:00Z", ["2009-10-17T18:00", "2009-10-18T16:30"]],
  // Samoa left out 30 December 2011, a Friday: a day that nobody had.
  ["Pacific/Apia", "30 2 * * *", "2011-12-29T00:00Z", ["2011-12-29T12:30", "2011-12-30T12:30"]],
  ["Pacific/Apia", "0 9 * * FRI", "2011-12-24T00:00Z", ["2012-01-05T19:00"]],
  [
    "Pacific/Apia",
    "0 */12 * * *",
    "2011-12-29T12:00Z",
    ["2011-12-29T22:00", "2011-12-30T10:00", "2011-12-30T22:00"],
  ],
  // Ramadan: Morocco goes back and forward again within five weeks.
  [
    "Africa/Casablanca",
    "30 2 * * *",
    "2026-02-14T12:00Z",
    ["2026-02-15T01:30", "2026-02-16T02:30"],
  ],
  [
    "Africa/Casablanca",
    "30 2 * * *",
    "2026-03-21T12:00Z",
    ["2026-03-22T02:00", "2026-03-23T01:30"],
  ],
  // Nepal moved by a quarter of an hour, once.
  ["Asia/Kathmandu", "10 0 * * *", "1985-12-31T00:00Z", ["1985-12-31T18:30", "1986-01-01T18:25"]],
  ["Pacific/Chatham", "0 3 * * *", "2026-09-26T00:00Z", ["2026-09-26T14:00", "2026-09-27T13:15"]],
];

describe("clock changes", () => {
  it.each(CLOCK_CHANGES)("%s %s after %s", (zone, cron, from, runs) => {
    expect(firstRuns(cron, zone, from, runs.length)).toEqual(runs);
  });
});
