// When a job is due: the four kinds of schedule, their next run, the slots that have come due, and
// which of those are still worth running. It decides only; the present time is always a parameter.

import { nextCronRun } from "./cron.ts";

export type Schedule =
  /** `anchorAt` is when the job was created; the first run is one interval later. */
  | { readonly kind: "recurring"; readonly everyNMinutes: number; readonly anchorAt: Date }
  | { readonly kind: "cron"; readonly cron: string; readonly timezone: string }
  | { readonly kind: "scheduled"; readonly runAt: Date }
  /** Has no times of its own: creating the job queues its one execution. */
  | { readonly kind: "one_time" };

export interface DueSlots {
  /** Oldest first. */
  readonly slots: Date[];
  /** The first slot that is not among them; null when the schedule is over. */
  readonly nextRunAt: Date | null;
}

export interface JudgedSlot {
  readonly slotAt: Date;
  /** `missed` is recorded as a cancelled execution with a reason, never dropped. */
  readonly verdict: "run" | "missed";
}

const MINUTE_MS = 60_000;

/** The first run strictly after `after`, or null when there is none. */
export function nextRunAt(schedule: Schedule, after: Date): Date | null {
  switch (schedule.kind) {
    case "recurring":
      return nextRecurringRun(schedule.everyNMinutes, schedule.anchorAt, after);
    case "cron":
      return nextCronRun(schedule.cron, schedule.timezone, after);
    case "scheduled":
      return schedule.runAt > after ? schedule.runAt : null;
    case "one_time":
      return null;
  }
}

function nextRecurringRun(everyNMinutes: number, anchorAt: Date, after: Date): Date {
  if (!Number.isInteger(everyNMinutes) || everyNMinutes < 1) {
    throw new Error(`unchecked interval: ${everyNMinutes} minutes`);
  }
  const everyMs = everyNMinutes * MINUTE_MS;
  const intervals = Math.floor((after.getTime() - anchorAt.getTime()) / everyMs) + 1;
  return new Date(anchorAt.getTime() + Math.max(intervals, 1) * everyMs);
}

/**
 * The slots from the stored `next_run_at` up to and including `until`, at most `max` of them, and
 * where the job stands after them. When the answer's `nextRunAt` is not after `until`, more are
 * due.
 */
export function dueSlots(
  schedule: Schedule,
  storedNextRunAt: Date,
  until: Date,
  max: number,
): DueSlots {
  const slots: Date[] = [];
  let next: Date | null = storedNextRunAt;
  while (next !== null && next <= until && slots.length < max) {
    slots.push(next);
    next = nextRunAt(schedule, next);
  }
  return { slots, nextRunAt: next };
}

/**
 * Decides which due slots still run: those at most `catchUpMs` late, and the latest one however
 * late it is, so that a job which slept through its times runs once rather than never or a hundred
 * times.
 *
 * Pass the `nextRunAt` of `dueSlots` as `followedBy`: when it is due as well, the list was cut off
 * by its maximum, and its last slot is not the latest one.
 */
export function judgeSlots(
  slots: readonly Date[],
  now: Date,
  catchUpMs: number,
  followedBy: Date | null = null,
): JudgedSlot[] {
  const isCutOff = followedBy !== null && followedBy <= now;
  return slots.map((slotAt, index) => {
    const isLatest = index === slots.length - 1 && !isCutOff;
    const isInTime = now.getTime() - slotAt.getTime() <= catchUpMs;
    return { slotAt, verdict: isLatest || isInTime ? "run" : "missed" };
  });
}

/** The schedule in a few plain words. A cron expression is shown as it is: it says itself best. */
export function describeSchedule(schedule: Schedule): string {
  switch (schedule.kind) {
    case "recurring":
      return describeInterval(schedule.everyNMinutes);
    case "cron":
      return `${schedule.cron.trim()} (${schedule.timezone})`;
    case "scheduled":
      return `once, at ${schedule.runAt.toISOString()}`;
    case "one_time":
      return "once, as soon as it is created";
  }
}

function describeInterval(minutes: number): string {
  if (minutes === 1) return "every minute";
  if (minutes % 60 !== 0) return `every ${minutes} minutes`;
  if (minutes === 60) return "every hour";
  return minutes === 24 * 60 ? "every 24 hours" : `every ${minutes / 60} hours`;
}
