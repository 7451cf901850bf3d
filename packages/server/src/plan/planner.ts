// Turns schedules into executions. It must never let a slot pass without a row.
//
// Each pass, in one transaction:
//   1. lock    jobs whose next run is due within two seconds
//   2. judge   which slots run, and which were missed while nobody planned (schedule.ts)
//   3. insert  an execution for each slot, missed ones as cancelled with the reason
//   4. advance each job to its next slot
import type { Clock } from "../clock.ts";
import { faultPoint } from "../fault-point.ts";
import type { Log } from "../log.ts";
import { createLoop, type Loop } from "../loop.ts";
import type { Database, Tx } from "../store/db.ts";
import {
  advanceJobs,
  type DueJob,
  insertSlots,
  lockDueJobs,
  nextRunAt,
  type PlannedSlot,
} from "../store/planning.ts";
import { dueSlots, judgeSlots } from "./schedule.ts";

export interface PlannerOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** How late a slot may be found and still run, though a later one is due as well. */
  readonly catchUpMs: number;
  /** Told when executions were planned, so that they are claimed before their due moment. */
  readonly onPlanned: () => void;
}

export interface Planner extends Loop {
  /** One pass over what is due now, without looking ahead. For tests that own the clock. */
  runOnce(): Promise<number>;
}

// Two seconds ahead: the runner claims one second ahead, so each slot is there in time for it.
const aheadMs = 2_000;
// Jobs of one transaction, and slots of one job in it; more follow at once in the next pass.
const jobsMax = 500;
const slotsMax = 100;
// While nothing is near, look at least this often: another node may have changed a schedule.
const pauseMsMax = 5_000;
// Passes are at least this far apart while nothing wakes the loop, so that plans come in batches.
const pauseMsMin = 250;

export function createPlanner(options: PlannerOptions): Planner {
  const { db, clock, log } = options;

  async function plan(lookAheadMs: number): Promise<number> {
    const planned = await db.transaction(async (tx) => {
      const now = clock.now();
      const dueBy = new Date(now.getTime() + lookAheadMs);
      const jobs = await lockDueJobs(tx, dueBy, jobsMax);
      if (jobs.length === 0) return 0;
      faultPoint("planner.claimed");
      return planJobs(tx, jobs, { now, dueBy, catchUpMs: options.catchUpMs }, log);
    });
    if (planned > 0) {
      faultPoint("planner.planned");
      options.onPlanned();
    }
    return planned;
  }

  async function pass(): Promise<number> {
    if ((await plan(aheadMs)) === jobsMax) return 0;
    const next = await nextRunAt(db);
    if (next === undefined) return pauseMsMax;
    const untilNextMs = next.getTime() - aheadMs - clock.now().getTime();
    // A job that is still due has more slots than one pass takes, or could not be planned here.
    return Math.min(Math.max(untilNextMs, pauseMsMin), pauseMsMax);
  }

  const loop = createLoop({ name: "planner", pass, log });
  return { ...loop, runOnce: () => plan(0) };
}

interface Horizon {
  readonly now: Date;
  readonly dueBy: Date;
  readonly catchUpMs: number;
}

/** Answers how many jobs were planned. One that cannot be planned here holds up no other. */
async function planJobs(
  tx: Tx,
  jobs: readonly DueJob[],
  horizon: Horizon,
  log: Log,
): Promise<number> {
  const planned = jobs.flatMap((job) => {
    try {
      return [planJob(job, horizon)];
    } catch (error) {
      // A time zone that this node's Node does not know yet; a newer node plans the job.
      log.error({ job_id: job.id, err: error }, "a job could not be planned");
      return [];
    }
  });
  await insertSlots(
    tx,
    planned.flatMap(({ slots }) => slots),
    horizon.now,
  );
  await advanceJobs(
    tx,
    planned.map(({ job, nextRunAt }) => ({ id: job.id, nextRunAt })),
  );
  return planned.length;
}

function planJob(job: DueJob, { now, dueBy, catchUpMs }: Horizon) {
  const due = dueSlots(job.schedule, job.nextRunAt, dueBy, slotsMax);
  const judged = judgeSlots(due.slots, now, catchUpMs, due.nextRunAt);
  const slots = judged.map(
    ({ slotAt, verdict }): PlannedSlot => ({
      jobId: job.id,
      workspaceId: job.workspaceId,
      slotAt,
      missedReason: verdict === "missed" ? toMissedReason(now, catchUpMs) : null,
    }),
  );
  return { job, slots, nextRunAt: due.nextRunAt };
}

function toMissedReason(now: Date, catchUpMs: number): string {
  const allowed = Math.round(catchUpMs / 1_000);
  return (
    `Missed: no TrigRun node was planning when this was due; found at ${now.toISOString()}, ` +
    `later than the ${allowed} s that are made up for. The job's latest slot was run instead.`
  );
}
