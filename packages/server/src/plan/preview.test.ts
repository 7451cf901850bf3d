// The notes beside previewed runs: one for each way in which a clock change moves, skips or doubles
// a run, and none on all other days.
import { describe, expect, it } from "vitest";
import { previewRuns } from "./preview.ts";
import { nextRunAt, type Schedule } from "./schedule.ts";
import { findNextChange } from "./zone.ts";

const cron = (expression: string, timezone: string): Schedule => ({
  kind: "cron",
  cron: expression,
  timezone,
});

/** Local times, to the minute and with their offset, each followed by its note if it has one. */
function listPreview(expression: string, timezone: string, from: string, count: number): string[] {
  return previewRuns(cron(expression, timezone), new Date(from), count).flatMap((run) => {
    const time = run.local_time.replace(":00.000", "");
    return run.note === null ? [time] : [time, run.note];
  });
}

describe("previewRuns", () => {
  it("gives each run as an instant and as its zone's wall time with the offset", () => {
    const from = new Date("2026-11-24T00:00:00Z");
    expect(previewRuns(cron("0 9 * * *", "Asia/Kathmandu"), from, 1)).toEqual([
      {
        run_at: new Date("2026-11-24T03:15:00Z"),
        local_time: "2026-11-24T09:00:00.000+05:45",
        note: null,
      },
    ]);
    expect(previewRuns(cron("0 9 * * *", "Pacific/Marquesas"), from, 1)[0]?.local_time).toBe(
      "2026-11-24T09:00:00.000-09:30",
    );
  });

  it("shows kinds without a zone in UTC", () => {
    const anchorAt = new Date("2026-11-24T10:00:30.250Z");
    const every: Schedule = { kind: "recurring", everyNMinutes: 90, anchorAt };
    expect(previewRuns(every, anchorAt, 2).map((run) => run.local_time)).toEqual([
      "2026-11-24T11:30:30.250+00:00",
      "2026-11-24T13:00:30.250+00:00",
    ]);
    const runAt = new Date("2026-12-01T10:00:00Z");
    expect(previewRuns({ kind: "scheduled", runAt }, anchorAt, 5)).toEqual([
      { run_at: runAt, local_time: "2026-12-01T10:00:00.000+00:00", note: null },
    ]);
    expect(previewRuns({ kind: "scheduled", runAt }, runAt, 5)).toEqual([]);
    expect(previewRuns({ kind: "one_time" }, anchorAt, 5)).toEqual([]);
  });

  it("lists exactly the runs that the schedule makes", () => {
    const schedule = cron("*/20 0-3 * * *", "America/New_York");
    let after = new Date("2026-10-31T00:00:00Z");
    for (const { run_at } of previewRuns(schedule, after, 60)) {
      expect(run_at).toEqual(nextRunAt(schedule, after));
      after = run_at;
    }
  });

  it("starts from far in the past without searching it", () => {
    const [first] = previewRuns(cron("0 * * * *", "Europe/Paris"), new Date(-8.64e15), 1);
    expect(first?.run_at.toISOString()).toBe("1970-01-01T00:00:00.000Z");
  });
});

describe("a gap, for a job at a fixed time", () => {
  it("says that the missing time runs right after the gap", () => {
    expect(listPreview("30 2 * * *", "America/New_York", "2026-03-07T00:00Z", 3)).toEqual([
      "2026-03-07T02:30-05:00",
      "2026-03-08T03:00-04:00",
      "02:30 does not exist on this day: clocks go forward; runs at 03:00 instead",
      "2026-03-09T02:30-04:00",
    ]);
  });

  it("says that several missing times run once", () => {
    expect(listPreview("0,30 2 * * *", "America/New_York", "2026-03-07T12:00Z", 2)).toEqual([
      "2026-03-08T03:00-04:00",
      "02:00 and 02:30 do not exist on this day: clocks go forward; runs once, at 03:00 instead",
      "2026-03-09T02:00-04:00",
    ]);
    expect(listPreview("0-59/15 2 * * *", "America/New_York", "2026-03-07T12:00Z", 1)).toEqual([
      "2026-03-08T03:00-04:00",
      "02:00 to 02:45 do not exist on this day: clocks go forward; runs once, at 03:00 instead",
    ]);
  });

  it("says when a run of its own follows the gap at once", () => {
    expect(listPreview("0 2,3 * * *", "America/New_York", "2026-03-07T12:00Z", 2)).toEqual([
      "2026-03-08T03:00-04:00",
      "02:00 does not exist on this day: clocks go forward; the run at 03:00 stands for it",
      "2026-03-09T02:00-04:00",
    ]);
  });

  it("knows half an hour in Lord Howe", () => {
    expect(listPreview("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00Z", 2)).toEqual([
      "2026-10-04T02:30+11:00",
      "02:15 does not exist on this day: clocks go forward; runs at 02:30 instead",
      "2026-10-05T02:15+11:00",
    ]);
  });

  it("names both days when the gap ends on the next one", () => {
    expect(listPreview("30 23 * * *", "America/Nuuk", "2027-03-27T12:00Z", 2)).toEqual([
      "2027-03-28T00:00-01:00",
      "23:30 does not exist on 2027-03-27: clocks go forward; " +
        "runs at 00:00 on 2027-03-28 instead",
      "2027-03-28T23:30-01:00",
    ]);
  });

  it("says that a day left out is skipped", () => {
    expect(listPreview("0 9,17 * * *", "Pacific/Apia", "2011-12-30T00:00Z", 3)).toEqual([
      "2011-12-29T17:00-10:00",
      "2011-12-31T09:00+14:00",
      "09:00 and 17:00 do not exist on 2011-12-30: clocks go forward; these 2 runs are skipped",
      "2011-12-31T17:00+14:00",
    ]);
  });
});

describe("a gap, for a job that follows the wall clock", () => {
  it("says what is skipped, at the first run after it", () => {
    expect(listPreview("*/30 * * * *", "America/New_York", "2026-03-08T06:15Z", 3)).toEqual([
      "2026-03-08T01:30-05:00",
      "2026-03-08T03:00-04:00",
      "02:00 and 02:30 do not exist on this day: clocks go forward; these 2 runs are skipped",
      "2026-03-08T03:30-04:00",
    ]);
    expect(listPreview("30 * * * *", "America/New_York", "2026-03-08T06:45Z", 2)).toEqual([
      "2026-03-08T03:30-04:00",
      "02:30 does not exist on this day: clocks go forward; this run is skipped",
      "2026-03-08T04:30-04:00",
    ]);
  });

  it("names the day when the next run is on another", () => {
    expect(listPreview("*/20 2 * * *", "America/New_York", "2026-03-07T12:00Z", 2)).toEqual([
      "2026-03-09T02:00-04:00",
      "02:00 to 02:40 do not exist on 2026-03-08: clocks go forward; these 3 runs are skipped",
      "2026-03-09T02:20-04:00",
    ]);
  });

  it("knows half an hour in Lord Howe", () => {
    expect(listPreview("*/15 * * * *", "Australia/Lord_Howe", "2026-10-03T15:20Z", 2)).toEqual([
      "2026-10-04T02:30+11:00",
      "02:00 and 02:15 do not exist on this day: clocks go forward; these 2 runs are skipped",
      "2026-10-04T02:45+11:00",
    ]);
  });
});

describe("a fold", () => {
  it("says that a fixed time runs the first time only", () => {
    expect(listPreview("30 1 * * *", "America/New_York", "2026-10-31T00:00Z", 3)).toEqual([
      "2026-10-31T01:30-04:00",
      "2026-11-01T01:30-04:00",
      "01:30 comes twice on this day: runs the first time only",
      "2026-11-02T01:30-05:00",
    ]);
    expect(listPreview("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00Z", 2)).toEqual([
      "2026-04-05T01:45+11:00",
      "01:45 comes twice on this day: runs the first time only",
      "2026-04-06T01:45+10:30",
    ]);
  });

  it("marks the second pass of a job that follows the wall clock", () => {
    expect(listPreview("*/30 1 * * *", "America/New_York", "2026-11-01T04:00Z", 5)).toEqual([
      "2026-11-01T01:00-04:00",
      "2026-11-01T01:30-04:00",
      "2026-11-01T01:00-05:00",
      "01:00 again: clocks went back",
      "2026-11-01T01:30-05:00",
      "01:30 again: clocks went back",
      "2026-11-02T01:00-05:00",
    ]);
    expect(listPreview("*/15 * * * *", "Australia/Lord_Howe", "2026-04-04T14:20Z", 5)).toEqual([
      "2026-04-05T01:30+11:00",
      "2026-04-05T01:45+11:00",
      "2026-04-05T01:30+10:30",
      "01:30 again: clocks went back",
      "2026-04-05T01:45+10:30",
      "01:45 again: clocks went back",
      "2026-04-05T02:00+10:30",
    ]);
  });
});

describe("ordinary days", () => {
  const zones = [
    "UTC",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Tokyo",
  ];
  const expressions = ["*/15 * * * *", "0 * * * *", "30 1 * * *", "0,30 2-3 * * *", "0 12 * * MON"];

  it("have no notes", () => {
    for (const timezone of zones) {
      for (const expression of expressions) {
        for (const run of previewRuns(
          cron(expression, timezone),
          new Date("2026-01-01T00:00Z"),
          400,
        )) {
          if (run.note === null) continue;
          // A note belongs to a day with a clock change, counted generously.
          const atMs = run.run_at.getTime();
          const change = findNextChange(timezone, atMs - 36 * 3_600_000, atMs + 36 * 3_600_000);
          expect(change, `${timezone} ${expression}: ${run.local_time} ${run.note}`).toBeDefined();
        }
      }
    }
  });

  it("have no notes though a change of the clocks lies between two runs", () => {
    expect(listPreview("0 12 * * *", "America/New_York", "2026-03-07T00:00Z", 3)).toEqual([
      "2026-03-07T12:00-05:00",
      "2026-03-08T12:00-04:00",
      "2026-03-09T12:00-04:00",
    ]);
    expect(listPreview("0 12 1 * *", "America/New_York", "2026-10-15T00:00Z", 2)).toEqual([
      "2026-11-01T12:00-05:00",
      "2026-12-01T12:00-05:00",
    ]);
    expect(listPreview("0 2 * * *", "America/New_York", "2026-10-31T12:00Z", 1)).toEqual([
      "2026-11-01T02:00-05:00",
    ]);
  });
});
