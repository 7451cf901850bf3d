// Overdue slots: what a change of schedule must not make disappear.
import { describe, expect, it } from "vitest";
import type { Job } from "./job.ts";
import { findOverdueSlots } from "./overdue.ts";

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
});
