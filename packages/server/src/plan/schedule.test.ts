// The four kinds of schedule: their next run, the slots that came due, and which of them still run.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeSchedule, dueSlots, judgeSlots, nextRunAt, type Schedule } from "./schedule.ts";

const MINUTE_MS = 60_000;
const at = (iso: string) => new Date(iso);

const recurring = (everyNMinutes: number, anchorAt: string): Schedule => ({
  kind: "recurring",
  everyNMinutes,
  anchorAt: at(anchorAt),
});
const cron = (expression: string, timezone = "UTC"): Schedule => ({
  kind: "cron",
  cron: expression,
  timezone,
});

const anyInstant = fc.date({
  min: at("2020-01-01T00:00:00Z"),
  max: at("2035-01-01T00:00:00Z"),
  noInvalidDate: true,
});
const anyRepeating: fc.Arbitrary<Schedule> = fc.oneof(
  fc.record({
    kind: fc.constant("recurring" as const),
    everyNMinutes: fc.integer({ min: 1, max: 1440 }),
    anchorAt: anyInstant,
  }),
  fc.record({
    kind: fc.constant("cron" as const),
    cron: fc.constantFrom(
      "* * * * *",
      "*/7 * * * *",
      "30 1,2 * * *",
      "0 0 13 * FRI",
      "0 9 1 */3 *",
    ),
    timezone: fc.constantFrom("UTC", "America/New_York", "Australia/Lord_Howe", "America/Nuuk"),
  }),
);

describe("nextRunAt", () => {
  it.each([
    ["2026-11-24T09:00:00.000Z", "2026-11-24T10:07:30.250Z"],
    ["2026-11-24T10:00:00.000Z", "2026-11-24T10:07:30.250Z"],
    ["2026-11-24T10:07:30.249Z", "2026-11-24T10:07:30.250Z"],
    ["2026-11-24T10:07:30.250Z", "2026-11-24T10:14:30.250Z"],
    ["2027-11-24T10:00:00.000Z", "2027-11-24T10:02:30.250Z"],
  ])("counts a recurring job's intervals from its creation: after %s comes %s", (after, next) => {
    const schedule = recurring(7, "2026-11-24T10:00:30.250Z");
    expect(nextRunAt(schedule, at(after))?.toISOString()).toBe(next);
  });

  it("gives a scheduled job its one run, while it lies ahead", () => {
    const schedule: Schedule = { kind: "scheduled", runAt: at("2026-12-01T10:00:00Z") };
    expect(nextRunAt(schedule, at("2026-12-01T09:59:59.999Z"))).toEqual(at("2026-12-01T10:00:00Z"));
    expect(nextRunAt(schedule, at("2026-12-01T10:00:00.000Z"))).toBeNull();
  });

  it("gives a one-time job none: its creation is its run", () => {
    expect(nextRunAt({ kind: "one_time" }, at("2026-12-01T10:00:00Z"))).toBeNull();
  });

  it("reads a cron job in its own zone", () => {
    const next = nextRunAt(cron("0 9 * * *", "Asia/Kathmandu"), at("2026-11-24T00:00:00Z"));
    expect(next?.toISOString()).toBe("2026-11-24T03:15:00.000Z");
  });

  it("throws on an interval that was never checked", () => {
    for (const minutes of [0, -5, 1.5, Number.NaN]) {
      const schedule = recurring(minutes, "2026-11-24T10:00:00Z");
      expect(() => nextRunAt(schedule, at("2026-11-24T10:00:00Z"))).toThrow("unchecked");
    }
  });

  it("lies strictly after, and is the same from every instant before it", () => {
    fc.assert(
      fc.property(
        anyRepeating,
        anyInstant,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (schedule, after, share) => {
          const next = nextRunAt(schedule, after);
          if (next === null) throw new Error("a repeating schedule has a next run");
          expect(next > after).toBe(true);
          const waitMs = next.getTime() - after.getTime();
          const between = new Date(after.getTime() + Math.floor(share * (waitMs - 1)));
          expect(nextRunAt(schedule, between)).toEqual(next);
          const following = nextRunAt(schedule, next);
          expect(following !== null && following > next).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("dueSlots", () => {
  it("lists the slots up to and including the instant given, and where the job stands then", () => {
    const schedule = recurring(10, "2026-11-24T10:00:00Z");
    const until = at("2026-11-24T10:30:00Z");
    expect(dueSlots(schedule, at("2026-11-24T10:10:00Z"), until, 100)).toEqual({
      slots: ["10:10", "10:20", "10:30"].map((time) => at(`2026-11-24T${time}:00Z`)),
      nextRunAt: at("2026-11-24T10:40:00Z"),
    });
  });

  it("lists nothing before the stored time, and leaves it standing", () => {
    const stored = at("2026-11-24T10:10:00Z");
    const due = dueSlots(cron("*/10 * * * *"), stored, at("2026-11-24T10:09:59.999Z"), 100);
    expect(due).toEqual({ slots: [], nextRunAt: stored });
  });

  it("stops at its maximum and says what is due next", () => {
    const schedule = cron("*/10 * * * *");
    const due = dueSlots(schedule, at("2026-11-24T10:10:00Z"), at("2026-11-25T00:00:00Z"), 2);
    expect(due.slots).toHaveLength(2);
    expect(due.nextRunAt).toEqual(at("2026-11-24T10:30:00Z"));
  });

  it("ends a scheduled job with its one slot", () => {
    const runAt = at("2026-12-01T10:00:00Z");
    const due = dueSlots({ kind: "scheduled", runAt }, runAt, at("2026-12-02T00:00:00Z"), 100);
    expect(due).toEqual({ slots: [runAt], nextRunAt: null });
  });

  it("keeps a stored time that is off the grid and returns to the grid after it", () => {
    const schedule = recurring(60, "2026-11-24T10:00:00Z");
    const due = dueSlots(schedule, at("2026-11-24T11:25:00Z"), at("2026-11-24T11:30:00Z"), 100);
    expect(due.slots).toEqual([at("2026-11-24T11:25:00Z")]);
    expect(due.nextRunAt).toEqual(at("2026-11-24T12:00:00Z"));
  });

  it("goes through half a year of minutes slot by slot, none twice and none left out", () => {
    const untilMs = Date.parse("2026-07-01T00:00:00Z");
    for (const schedule of [
      recurring(1, "2025-12-31T23:59:00Z"),
      cron("* * * * *", "Europe/Paris"),
    ]) {
      let next: Date | null = at("2026-01-01T00:00:00Z");
      let expectedMs = next.getTime();
      while (next !== null && next.getTime() <= untilMs) {
        const due = dueSlots(schedule, next, new Date(untilMs), 1000);
        for (const slotAt of due.slots) {
          if (slotAt.getTime() !== expectedMs) throw new Error(`hole at ${slotAt.toISOString()}`);
          expectedMs += MINUTE_MS;
        }
        next = due.nextRunAt;
      }
      expect(expectedMs).toBe(untilMs + MINUTE_MS);
    }
  });

  it("gives the same slots in many small steps as in one", () => {
    fc.assert(
      fc.property(
        anyRepeating,
        anyInstant,
        fc.integer({ min: 1, max: 9 }),
        (schedule, from, max) => {
          const stored = nextRunAt(schedule, from) ?? from;
          const until = new Date(stored.getTime() + 600 * MINUTE_MS);
          const whole = dueSlots(schedule, stored, until, Number.POSITIVE_INFINITY);
          const pieces: Date[] = [];
          let next: Date | null = stored;
          while (next !== null && next <= until) {
            const due = dueSlots(schedule, next, until, max);
            expect(due.slots.length).toBeLessThanOrEqual(max);
            pieces.push(...due.slots);
            next = due.nextRunAt;
          }
          expect(pieces).toEqual(whole.slots);
          expect(next).toEqual(whole.nextRunAt);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("judgeSlots", () => {
  const slots = ["10:00", "10:10", "10:20", "10:30"].map((time) => at(`2026-11-24T${time}:00Z`));
  const verdicts = (now: string, catchUpMs: number, followedBy?: Date) =>
    judgeSlots(slots, at(now), catchUpMs, followedBy).map(({ verdict }) => verdict);

  it("runs what is at most the catch-up time late, to the millisecond", () => {
    expect(verdicts("2026-11-24T10:35:00.000Z", 15 * MINUTE_MS)).toEqual([
      "missed",
      "missed",
      "run",
      "run",
    ]);
    expect(verdicts("2026-11-24T10:35:00.001Z", 15 * MINUTE_MS)).toEqual([
      "missed",
      "missed",
      "missed",
      "run",
    ]);
  });

  it("runs the latest slot however late it is", () => {
    expect(verdicts("2027-01-01T00:00:00Z", 0)).toEqual(["missed", "missed", "missed", "run"]);
  });

  it("runs slots that lie a moment ahead", () => {
    expect(verdicts("2026-11-24T09:59:59Z", 0)).toEqual(["run", "run", "run", "run"]);
  });

  it("does not take the end of a list that was cut off for the latest slot", () => {
    const due = at("2026-11-24T10:40:00Z");
    expect(verdicts("2027-01-01T00:00:00Z", 0, due)).toEqual([
      "missed",
      "missed",
      "missed",
      "missed",
    ]);
    expect(verdicts("2026-11-24T10:39:59Z", 0, due).at(-1)).toBe("run");
  });

  it("keeps every slot, in order, and answers nothing for nothing", () => {
    expect(judgeSlots(slots, at("2027-01-01T00:00:00Z"), 0).map(({ slotAt }) => slotAt)).toEqual(
      slots,
    );
    expect(judgeSlots([], at("2027-01-01T00:00:00Z"), 0)).toEqual([]);
  });
});

describe("describeSchedule", () => {
  it.each([
    [recurring(1, "2026-11-24T10:00:00Z"), "every minute"],
    [recurring(90, "2026-11-24T10:00:00Z"), "every 90 minutes"],
    [recurring(60, "2026-11-24T10:00:00Z"), "every hour"],
    [recurring(120, "2026-11-24T10:00:00Z"), "every 2 hours"],
    [recurring(1440, "2026-11-24T10:00:00Z"), "every 24 hours"],
    [cron(" 30 2 * * MON ", "Europe/Berlin"), "30 2 * * MON (Europe/Berlin)"],
    [{ kind: "scheduled", runAt: at("2026-12-01T10:00:00Z") }, "once, at 2026-12-01T10:00:00.000Z"],
    [{ kind: "one_time" }, "once, as soon as it is created"],
  ] satisfies [Schedule, string][])("says %j as %s", (schedule, words) => {
    expect(describeSchedule(schedule)).toBe(words);
  });
});
