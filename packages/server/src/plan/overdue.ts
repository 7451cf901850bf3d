// The slots of a job that have come due: which run, which were missed while nobody planned, and in
// which rows that is recorded. Pure, for the planner and for a client who changes the schedule of
// such a job: no slot disappears without a row that names it.
import type { Job } from "./job.ts";
import { dueSlots, judgeSlots, type Schedule } from "./schedule.ts";

export interface OverdueSlot {
  readonly slotAt: Date;
  /** Why it is not run; null when it is. */
  readonly missedReason: string | null;
}

export interface Horizon {
  readonly now: Date;
  /** The planner looks ahead of `now`; a client does not. */
  readonly dueBy: Date;
  readonly catchUpMs: number;
}

export interface Backlog {
  /** Oldest first: a row for each. */
  readonly slots: readonly OverdueSlot[];
  /** The first slot that is not among them; null when the schedule is over. */
  readonly nextRunAt: Date | null;
  /** How many slots the rows stand for. */
  readonly slotCount: number;
}

// A month of a job that runs every minute is 43,200. To walk them takes a third of a second.
const slotsMax = 50_000;

// Every row is told, so this bounds what an outage sends for one job: one message for each slot of
// an hour and a half of a job that runs every minute, of four days of an hourly one.
const missedRowsMax = 100;

/** What becomes of the slots from the stored `next_run_at` up to and including `dueBy`. */
export function judgeBacklog(schedule: Schedule, storedNextRunAt: Date, horizon: Horizon): Backlog {
  const { now, dueBy, catchUpMs } = horizon;
  const due = dueSlots(schedule, storedNextRunAt, dueBy, slotsMax);
  // Those that were missed are older than those that run, so they come first.
  const judged = judgeSlots(due.slots, now, catchUpMs, due.nextRunAt);
  const missedCount = judged.filter(({ verdict }) => verdict === "missed").length;
  const sharingCount = missedCount > missedRowsMax ? missedCount - missedRowsMax + 1 : 0;
  const last = judged[sharingCount - 1];
  const slots = judged
    .filter((_, index) => index === 0 || index >= sharingCount)
    .map(({ slotAt, verdict }, index): OverdueSlot => {
      if (verdict === "run") return { slotAt, missedReason: null };
      const reason = toMissedReason(now, catchUpMs);
      if (index > 0 || last === undefined) return { slotAt, missedReason: reason };
      const share = `${sharingCount} slots of the job, from ${say(slotAt)} to ${say(last.slotAt)}`;
      return { slotAt, missedReason: `${reason} This row stands for ${share}.` };
    });
  return { slots, nextRunAt: due.nextRunAt, slotCount: due.slots.length };
}

/**
 * What a schedule leaves behind that a client ends now: as the planner would have decided. Oldest
 * first; empty whenever the planner has kept up.
 */
export function findOverdueSlots(job: Job, now: Date, catchUpMs: number): readonly OverdueSlot[] {
  if (job.nextRunAt === null || job.nextRunAt > now) return [];
  try {
    const horizon = { now, dueBy: now, catchUpMs };
    const { slots, nextRunAt } = judgeBacklog(job.schedule, job.nextRunAt, horizon);
    if (nextRunAt === null || nextRunAt > now) return slots;
    return [...slots, toRest(nextRunAt, now, "There are too many of them to count.")];
  } catch (error) {
    // A time zone that Node does not know any more. Whoever changes, pauses or deletes the job
    // mends that, so it must not stop them.
    const fault = error instanceof Error ? error.message : String(error);
    return [toRest(job.nextRunAt, now, `They could not be worked out: ${fault}.`)];
  }
}

/** One row for all that was due from `slotAt` until the end of the schedule. */
function toRest(slotAt: Date, now: Date, why: string): OverdueSlot {
  const share = `every slot of the job from ${say(slotAt)} to ${say(now)}`;
  const missedReason = `Missed: no TrigRun node planned this. This row stands for ${share}. ${why}`;
  return { slotAt, missedReason };
}

function toMissedReason(now: Date, catchUpMs: number): string {
  const allowed = Math.round(catchUpMs / 1_000);
  return (
    `Missed: no TrigRun node planned this when it was due. It was found at ${say(now)}, later ` +
    `than the ${allowed} s that are made up for; only the latest slot of a job runs however late.`
  );
}

function say(instant: Date): string {
  return instant.toISOString();
}
