// Overdue slots: what becomes of them, and what a change of schedule must not make disappear.
import { describe, expect, it } from "vitest";
import type { Job } from "./job.ts";
import { findOverdueSlots, judgeBacklog } from "./overdue.ts";

const nextRunAt = new Date("2026-11-23T10:00:00.000Z");
const anchorAt = new Date("2026-11-23T09:59:00.000Z");
const job: Job = {
  name: "job",
  state: "active",
  schedule: { kind: "recurring", everyNMinutes: 1, anchorAt },
  request: {
    url: "https://api.example.com/",
    method: "GET",
    headers: {},
    body: null,
    timeout_seconds: 30,
    success_statuses: [200],
    follow_redirects: false,
  },
  retryPolicy: { max_attempts: 3, retry_on_statuses: [] },
  nextRunAt,
};
const afterNext = (seconds: number) => new Date(nextRunAt.getTime() + seconds * 1_000);

describe("findOverdueSlots", () => {
  it("finds none while the planner keeps up", () => {
    expect(findOverdueSlots(job, afterNext(-0.001), 60_000)).toEqual([]);
    expect(findOverdueSlots({ ...job, nextRunAt: null }, afterNext(60), 60_000)).toEqual([]);
  });

  it("finds a slot that is due this very moment", () => {
    expect(findOverdueSlots(job, nextRunAt, 60_000)).toEqual([
      { slotAt: nextRunAt, missedReason: null },
    ]);
  });

  it("gives those that were found too late a reason", () => {
    const slots = findOverdueSlots(job, afterNext(150), 60_000);
    expect(slots.map(({ slotAt, missedReason }) => [slotAt, missedReason === null])).toEqual([
      [afterNext(0), false],
      [afterNext(60), false],
      [afterNext(120), true],
    ]);
    expect(slots[0]?.missedReason).toMatch(/^Missed: /);
  });

  it("runs the latest slot however late it is", () => {
    expect(findOverdueSlots(job, afterNext(90), 0).map((slot) => slot.missedReason)).toEqual([
      expect.stringMatching(/^Missed: /),
      null,
    ]);
  });

  it("goes on to the end of the schedule, however many slots that are", () => {
    const slots = findOverdueSlots(job, afterNext(60 * 50_010), 60_000);
    expect(slots).toHaveLength(101);
    expect(slots.at(-1)).toEqual({
      slotAt: afterNext(60 * 50_000),
      missedReason: expect.stringMatching(
        "This row stands for every slot of the job from 2026-12-28T03:20:00.000Z to " +
          "2026-12-28T03:30:00.000Z. There are too many of them to count.",
      ),
    });
  });

  it("leaves one row for all slots of a schedule that cannot be read any more", () => {
    const schedule = { kind: "cron", cron: "* * * * *", timezone: "Mars/Base" } as const;
    expect(findOverdueSlots({ ...job, schedule }, afterNext(600), 60_000)).toEqual([
      {
        slotAt: nextRunAt,
        missedReason:
          "Missed: no TrigRun node planned this. This row stands for every slot of the job from " +
          "2026-11-23T10:00:00.000Z to 2026-11-23T10:10:00.000Z. They could not be worked out: " +
          "Invalid time zone specified: Mars/Base.",
      },
    ]);
    expect(findOverdueSlots({ ...job, schedule }, afterNext(-1), 60_000)).toEqual([]);
  });
});

describe("judgeBacklog", () => {
  const judge = (slotCount: number, catchUpMs = 0) => {
    const now = afterNext(60 * (slotCount - 1));
    return judgeBacklog(job.schedule, nextRunAt, { now, dueBy: now, catchUpMs });
  };

  it("gives each of a hundred missed slots a row of its own", () => {
    const { slots, slotCount, nextRunAt: next } = judge(101);
    expect(slots).toHaveLength(101);
    expect(slotCount).toBe(101);
    expect(next).toEqual(afterNext(60 * 101));
    expect(slots.slice(0, 100).every(({ missedReason }) => missedReason !== null)).toBe(true);
    expect(slots.some(({ missedReason }) => missedReason?.includes("stands for"))).toBe(false);
  });

  it("lets the oldest of more share one row that names them", () => {
    const { slots, slotCount } = judge(201);
    expect(slotCount).toBe(201);
    expect(slots).toHaveLength(101);
    expect(slots[0]).toEqual({
      slotAt: nextRunAt,
      missedReason: expect.stringContaining(
        "This row stands for 101 slots of the job, from 2026-11-23T10:00:00.000Z to " +
          "2026-11-23T11:40:00.000Z.",
      ),
    });
    expect(slots[1]?.slotAt).toEqual(afterNext(60 * 101));
    expect(slots.at(-2)?.slotAt).toEqual(afterNext(60 * 199));
    expect(slots.at(-1)).toEqual({ slotAt: afterNext(60 * 200), missedReason: null });
  });

  it("gives each slot that runs a row, however many", () => {
    const { slots } = judge(300, 3_600_000 * 24);
    expect(slots.map(({ missedReason }) => missedReason)).toEqual(Array(300).fill(null));
  });
});
