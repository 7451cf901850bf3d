// Turns schedules into executions. It must never let a slot pass without a row.
//
// Each pass, in one transaction:
//   1. lock    jobs whose next run is due within two seconds
//   2. judge   which slots run, and which were missed while nobody planned (overdue.ts)
//   3. advance each job to its next slot
//   4. insert  an execution for each slot, and end the missed ones as cancelled, which is told
//
// A job that cannot be planned is found out, logged and set aside (set-aside.ts): the others are
// planned without it. Whenever none of them is due, it is tried again, by itself.
import type { Clock } from "../clock.ts";
import { faultPoint } from "../fault-point.ts";
import type { Log } from "../log.ts";
import { createLoop, type Loop } from "../loop.ts";
import { type Database, DatabaseUnavailable, type Tx } from "../store/db.ts";
import {
  advanceJobs,
  type DueJob,
  insertSlots,
  lockDueJob,
  lockDueJobs,
  nextRunAt,
} from "../store/planning.ts";
import { type Backlog, type Horizon, judgeBacklog, type OverdueSlot } from "./overdue.ts";
import { createSetAside } from "./set-aside.ts";

export interface PlannerOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** How late a slot may be found and still run, though a later one is due as well. */
  readonly catchUpMs: number;
  readonly publicUrl: string;
  /** Told when executions were planned, so that they are claimed before their due moment. */
  readonly onPlanned: () => void;
  /** Told when missed slots made deliveries, so that they leave at once. */
  readonly onDeliveries: () => void;
  /** Told of the slots that a commit wrote down. */
  readonly onSlots?: (slots: readonly OverdueSlot[]) => void;
}

export interface Planner extends Loop {
  /**
   * One pass over what is due now, without looking ahead. For tests that own the clock. Answers
   * how many jobs it had before it, planned or not; 0 when nothing is left to do now.
   */
  runOnce(): Promise<number>;
}

// Two seconds ahead: the runner claims one second ahead, so each slot is there in time for it.
const aheadMs = 2_000;
// Jobs of one transaction; more follow at once in the next pass.
const jobsMax = 500;
// No further job is begun in a transaction that has walked so many slots: a tenth of a second.
const slotsMax = 10_000;
// Those set aside that are tried again in one pass: so many refusals take a tenth of a second.
const retriesMax = 10;
// While nothing is near, look at least this often: another node may have changed a schedule.
const pauseMsMax = 5_000;
// Passes are at least this far apart while nothing wakes the loop, so that plans come in batches.
const pauseMsMin = 250;

function idsOf({ id, workspaceId }: DueJob) {
  return { job_id: id, workspace_id: workspaceId };
}

export function createPlanner(options: PlannerOptions): Planner {
  const { db, clock, log } = options;
  const aside = createSetAside();
  // Below `jobsMax` while the one job is looked for that the database refuses to plan.
  let limit = jobsMax;

  function setAside(job: DueJob, error: unknown): void {
    const isNew = aside.add(job, clock.now());
    if (isNew) log.error({ ...idsOf(job), err: error }, "a job could not be planned");
  }

  function announce({ planned, failed, deliveries }: Plan): void {
    for (const { job, error } of failed) setAside(job, error);
    for (const { job } of planned) {
      if (aside.remove(job.id)) log.info(idsOf(job), "a job can be planned again");
    }
    if (planned.length > 0) {
      faultPoint("planner.planned");
      options.onPlanned();
    }
    options.onSlots?.(planned.flatMap(({ backlog }) => backlog.slots));
    if (deliveries > 0) options.onDeliveries();
  }

  async function plan(lookAheadMs: number): Promise<{ locked: number; isMoreDue: boolean }> {
    const asked = limit;
    const batch = await planBatch(options, lookAheadMs, (tx, dueBy) =>
      lockDueJobs(tx, dueBy, asked, aside.all()),
    );
    const locked = batch.locked.length;
    if ("plan" in batch) {
      limit = Math.min(asked * 2, jobsMax);
      announce(batch.plan);
      const left = locked - batch.plan.planned.length - batch.plan.failed.length;
      return { locked, isMoreDue: locked === asked || left > 0 };
    }
    // One job spoils the transaction of all: half of them, and half of those, until it is alone.
    if (locked > 1) limit = Math.ceil(locked / 2);
    else for (const job of batch.locked) setAside(job, batch.refusal);
    return { locked, isMoreDue: true };
  }

  /** Each in a transaction of its own. Answers how many were tried. */
  async function retry(lookAheadMs: number): Promise<number> {
    const ready = aside.readyAt(clock.now(), retriesMax);
    for (const { id } of ready) {
      const batch = await planBatch(options, lookAheadMs, (tx, dueBy) => lockDueJob(tx, dueBy, id));
      // Paused, deleted or put off meanwhile, or just being planned by another node.
      if (batch.locked.length === 0) aside.remove(id);
      if ("plan" in batch) announce(batch.plan);
      else for (const job of batch.locked) setAside(job, batch.refusal);
    }
    return ready.length;
  }

  async function pass(): Promise<number> {
    const { isMoreDue } = await plan(aheadMs);
    if (isMoreDue) return 0;
    await retry(aheadMs);
    const now = clock.now().getTime();
    const next = await nextRunAt(db, aside.all());
    // A job that is still due has more slots than one pass takes, or another node plans it.
    const untilNextMs = (next?.getTime() ?? Number.POSITIVE_INFINITY) - aheadMs - now;
    const untilRetryMs = (aside.firstEndAt?.getTime() ?? Number.POSITIVE_INFINITY) - now;
    return Math.min(Math.max(Math.min(untilNextMs, untilRetryMs), pauseMsMin), pauseMsMax);
  }

  async function runOnce(): Promise<number> {
    const { locked, isMoreDue } = await plan(0);
    return isMoreDue ? locked : locked + (await retry(0));
  }

  const loop = createLoop({ name: "planner", pass, log });
  return { ...loop, runOnce };
}

interface Judged {
  readonly planned: readonly PlannedJob[];
  /** A time zone, say, that this node's Node does not know yet; a newer node plans the job. */
  readonly failed: readonly { readonly job: DueJob; readonly error: unknown }[];
}

interface PlannedJob {
  readonly job: DueJob;
  readonly backlog: Backlog;
}

interface Plan extends Judged {
  readonly deliveries: number;
}

type Lock = (tx: Tx, dueBy: Date) => Promise<DueJob[]>;

type Batch =
  | { readonly locked: readonly DueJob[]; readonly plan: Plan }
  | { readonly locked: readonly DueJob[]; readonly refusal: unknown };

const nothing: Plan = { planned: [], failed: [], deliveries: 0 };

/** What a commit planned; or, when it was refused, the locked jobs and why. */
async function planBatch(
  { db, clock, catchUpMs, publicUrl }: PlannerOptions,
  lookAheadMs: number,
  lock: Lock,
): Promise<Batch> {
  const now = clock.now();
  const dueBy = new Date(now.getTime() + lookAheadMs);
  let locked: DueJob[] = [];
  try {
    const plan = await db.transaction(async (tx) => {
      locked = await lock(tx, dueBy);
      if (locked.length === 0) return nothing;
      faultPoint("planner.claimed");
      const judged = judgeJobs(locked, { now, dueBy, catchUpMs });
      const deliveries = await writeDown(tx, judged.planned, now, publicUrl);
      return { ...judged, deliveries };
    });
    return { locked, plan };
  } catch (error) {
    // Without a job that was locked, or without a database, no job is at fault.
    if (locked.length === 0 || error instanceof DatabaseUnavailable) throw error;
    return { locked, refusal: error };
  }
}

/** Jobs that are in neither list are left for the next pass. */
function judgeJobs(jobs: readonly DueJob[], horizon: Horizon): Judged {
  const planned: PlannedJob[] = [];
  const failed: { job: DueJob; error: unknown }[] = [];
  let slotCount = 0;
  for (const job of jobs) {
    if (slotCount >= slotsMax) break;
    try {
      const backlog = judgeBacklog(job.schedule, job.nextRunAt, horizon);
      slotCount += backlog.slotCount;
      planned.push({ job, backlog });
    } catch (error) {
      failed.push({ job, error });
    }
  }
  return { planned, failed };
}

/** Answers how many deliveries the missed slots made. */
async function writeDown(
  tx: Tx,
  planned: readonly PlannedJob[],
  now: Date,
  publicUrl: string,
): Promise<number> {
  await advanceJobs(
    tx,
    planned.map(({ job, backlog }) => ({ id: job.id, nextRunAt: backlog.nextRunAt })),
  );
  // After the advance: what is told of a missed slot says when the job runs next.
  const slots = planned.flatMap(({ job, backlog }) =>
    backlog.slots.map((slot) => ({ ...slot, jobId: job.id, workspaceId: job.workspaceId })),
  );
  return insertSlots(tx, slots, { now, publicUrl });
}
