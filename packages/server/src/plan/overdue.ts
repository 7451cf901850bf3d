// The slots of a job that came due while nobody planned. A client who changes the schedule of such
// a job must not make them disappear: they are decided here as the planner would have done.
import type { Job } from "./job.ts";
import { dueSlots, judgeSlots } from "./schedule.ts";

export interface OverdueSlot {
  readonly slotAt: Date;
  /** Why it is not run; null when it is. */
  readonly missedReason: string | null;
}

// Two months of a job that runs every minute. An outage that long leaves the rest to its own story.
const slotsMax = 100_000;

/** Oldest first; empty whenever the planner has kept up. */
export function findOverdueSlots(job: Job, now: Date, catchUpMs: number): OverdueSlot[] {
  if (job.nextRunAt === null || job.nextRunAt > now) return [];
  const { slots, nextRunAt } = dueSlots(job.schedule, job.nextRunAt, now, slotsMax);
  return judgeSlots(slots, now, catchUpMs, nextRunAt).map(({ slotAt, verdict }) => ({
    slotAt,
    missedReason:
      verdict === "run"
        ? null
        : "Missed: no TrigRun node was planning when this was due. A later slot was run instead.",
  }));
}
