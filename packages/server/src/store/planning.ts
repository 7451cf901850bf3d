// What the planner reads and writes: jobs that come due and the executions of their slots.
// Only ever used inside one transaction: advancing a job, inserting its executions and telling of
// those that were missed are one act.
import type { JobKind } from "@trigrun/contract";
import { newId } from "../id.ts";
import type { Schedule } from "../plan/schedule.ts";
import type { JobSlot } from "../plan/set-aside.ts";
import { toEnd } from "../run/execution.ts";
import type { Tx } from "./db.ts";
import { lockUnended, settleIfLeased } from "./execution-queue.ts";
import { createRecordset } from "./recordset.ts";

export interface DueJob extends JobSlot {
  readonly workspaceId: string;
  readonly schedule: Schedule;
}

interface DueJobRow {
  id: string;
  workspace_id: string;
  kind: JobKind;
  next_run_at: Date;
  every_n_minutes: number | null;
  anchor_at: Date | null;
  cron: string | null;
  timezone: string | null;
  run_at: Date | null;
}

const dueColumns = `id, workspace_id, kind, next_run_at, every_n_minutes, anchor_at, cron,
  timezone, run_at`;

/** Locks jobs whose next run is due by `dueBy`, but for `except`; the longest due first. */
export async function lockDueJobs(
  tx: Tx,
  dueBy: Date,
  limit: number,
  except: readonly JobSlot[] = [],
): Promise<DueJob[]> {
  // Two planners see the same job: SKIP LOCKED makes the second one look past it; and a client
  // who pauses the job waits until its slot is planned, then takes it back.
  const rows = await tx.rows<DueJobRow>({
    name: "jobs_lock_due",
    text: `
      select ${dueColumns} from jobs where next_run_at <= $1 and ${isNotAmong("$3")}
      order by next_run_at limit $2
      for update skip locked`,
    values: [dueBy, limit, toRecordset(except)],
  });
  return rows.map(toDueJob);
}

/** The same for one job; none when it is not due by then, or another planner has it. */
export async function lockDueJob(tx: Tx, dueBy: Date, id: string): Promise<DueJob[]> {
  const rows = await tx.rows<DueJobRow>({
    name: "jobs_lock_one_due",
    text: `
      select ${dueColumns} from jobs where next_run_at <= $1 and id = $2
      for update skip locked`,
    values: [dueBy, id],
  });
  return rows.map(toDueJob);
}

function toDueJob(row: DueJobRow): DueJob {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    nextRunAt: row.next_run_at,
    schedule: toSchedule(row),
  };
}

// The slot as well as the job: one whose schedule was changed is another matter. NOT IN, since
// PostgreSQL hashes the list once, where for NOT EXISTS it may read all of it for each job.
function isNotAmong(parameter: string): string {
  return `(id, next_run_at) not in (
    select a.id, a.next_run_at
    from json_to_recordset(${parameter}::json) as a(id text, next_run_at timestamptz))`;
}

function toRecordset(jobs: readonly { id: string; nextRunAt: Date | null }[]): string {
  return JSON.stringify(jobs.map(({ id, nextRunAt }) => ({ id, next_run_at: nextRunAt })));
}

function toSchedule(row: DueJobRow): Schedule {
  // CHECK schedule_fits_kind: the columns of the kind are there.
  if (row.every_n_minutes !== null && row.anchor_at !== null) {
    return {
      kind: "recurring",
      everyNMinutes: row.every_n_minutes,
      anchorAt: row.anchor_at,
    };
  }
  if (row.cron !== null && row.timezone !== null) {
    return { kind: "cron", cron: row.cron, timezone: row.timezone };
  }
  if (row.run_at !== null) return { kind: "scheduled", runAt: row.run_at };
  return { kind: "one_time" };
}

export interface PlannedSlot {
  readonly jobId: string;
  readonly workspaceId: string;
  readonly slotAt: Date;
  /** Why the slot is not run; null when it is. */
  readonly missedReason: string | null;
}

// Locks answer with each job's request, so this also bounds the memory of a batch.
const missedAtOnce = 100;

/**
 * Inserts the executions of slots. A slot that stands already stays as it is. Those that were
 * missed end at once, in the same transaction and by the same statement as every end, with the
 * deliveries that their rules ask for. Answers how many deliveries that were.
 */
export async function insertSlots(
  tx: Tx,
  slots: readonly PlannedSlot[],
  { now, publicUrl }: { readonly now: Date; readonly publicUrl: string },
): Promise<number> {
  const executions = slots.map((slot) => ({ ...slot, id: newId("execution", now) }));
  await insertQueued(tx, executions, now);
  const missed = new Map(
    executions.flatMap(({ id, missedReason }) =>
      missedReason === null ? [] : [[id, missedReason] as const],
    ),
  );
  const ids = [...missed.keys()];
  let deliveries = 0;
  for (let start = 0; start < ids.length; start += missedAtOnce) {
    // A slot that stood already has another id, so it is not among them.
    const unended = await lockUnended(tx, ids.slice(start, start + missedAtOnce));
    const settlements = unended.map(({ execution }) => {
      const reason = missed.get(execution.id) ?? null;
      const ending = { status: "cancelled", lastAttempt: null, reason } as const;
      const outcome = toEnd(execution, { ...ending, finishedAt: now, publicUrl });
      return { execution, attempt: null, reason, outcome };
    });
    deliveries += (await settleIfLeased(tx, settlements)).deliveries;
  }
  return deliveries;
}

const slotRows = createRecordset(
  "s",
  { id: "text", workspace_id: "text", job_id: "text", scheduled_for: "timestamptz" },
  2,
);

async function insertQueued(
  tx: Tx,
  slots: readonly (PlannedSlot & { readonly id: string })[],
  now: Date,
): Promise<void> {
  const rows = slots.map(({ id, jobId, workspaceId, slotAt }) => ({
    id,
    job_id: jobId,
    workspace_id: workspaceId,
    scheduled_for: slotAt,
  }));
  await tx.run({
    name: "executions_insert_slots",
    text: `
      insert into executions (id, workspace_id, job_id, trigger, scheduled_for, status, due_at,
        created_at)
      select id, workspace_id, job_id, 'schedule', scheduled_for, 'queued', scheduled_for, $1
      from ${slotRows.text}
      on conflict (job_id, scheduled_for) where trigger = 'schedule' do nothing`,
    values: [now, ...slotRows.toValues(rows)],
  });
}

const advanceRows = createRecordset("a", { id: "text", next_run_at: "timestamptz" });

/** Moves jobs to their next slot; null when the schedule is over. */
export async function advanceJobs(
  tx: Tx,
  jobs: readonly { readonly id: string; readonly nextRunAt: Date | null }[],
): Promise<void> {
  await tx.run({
    name: "jobs_advance",
    text: `
      update jobs j set next_run_at = a.next_run_at
      from ${advanceRows.text}
      where j.id = a.id`,
    values: advanceRows.toValues(jobs.map(({ id, nextRunAt }) => ({ id, next_run_at: nextRunAt }))),
  });
}

/** When the next job is due, but for those of `except`. */
export async function nextRunAt(tx: Tx, except: readonly JobSlot[]): Promise<Date | undefined> {
  const rows = await tx.rows<{ next_run_at: Date }>({
    name: "jobs_next_run",
    text: `
      select next_run_at from jobs where next_run_at is not null and ${isNotAmong("$1")}
      order by next_run_at limit 1`,
    values: [toRecordset(except)],
  });
  return rows[0]?.next_run_at;
}
