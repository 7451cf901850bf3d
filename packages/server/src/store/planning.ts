// What the planner reads and writes: jobs that come due and the executions of their slots.
// Only ever used inside one transaction: advancing a job and inserting its execution are one act.
import type { JobKind } from "@trigrun/contract";
import { newId } from "../id.ts";
import type { Schedule } from "../plan/schedule.ts";
import { sql, type Tx } from "./db.ts";

export interface DueJob {
  readonly id: string;
  readonly workspaceId: string;
  readonly nextRunAt: Date;
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

/** Locks jobs whose next run is due by `dueBy`, the longest due first. */
export async function lockDueJobs(tx: Tx, dueBy: Date, limit: number): Promise<DueJob[]> {
  // Two planners see the same job: SKIP LOCKED makes the second one look past it; and a client
  // who pauses the job waits until its slot is planned, then takes it back.
  const rows = await tx.rows<DueJobRow>({
    name: "jobs_lock_due",
    text: `
      select id, workspace_id, kind, next_run_at, every_n_minutes, anchor_at, cron, timezone,
        run_at
      from jobs where next_run_at <= $1
      order by next_run_at limit $2
      for update skip locked`,
    values: [dueBy, limit],
  });
  return rows.map((row) => ({
    id: row.id,
    workspaceId: row.workspace_id,
    nextRunAt: row.next_run_at,
    schedule: toSchedule(row),
  }));
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

/** Inserts the executions of slots. A slot that stands already stays as it is. */
export async function insertSlots(
  tx: Tx,
  slots: readonly PlannedSlot[],
  now: Date,
): Promise<number> {
  const rows = slots.map(({ jobId, workspaceId, slotAt, missedReason }) => ({
    id: newId("execution", now),
    job_id: jobId,
    workspace_id: workspaceId,
    scheduled_for: slotAt,
    missed_reason: missedReason,
  }));
  return tx.run({
    name: "executions_insert_slots",
    text: `
      insert into executions (id, workspace_id, job_id, trigger, scheduled_for, status, due_at,
        finished_at, reason, created_at)
      select id, workspace_id, job_id, 'schedule', scheduled_for,
        case when missed_reason is null then 'queued' else 'cancelled' end,
        case when missed_reason is null then scheduled_for end,
        case when missed_reason is null then null else $2::timestamptz end,
        missed_reason, $2
      from json_to_recordset($1::json) as s(id text, workspace_id text, job_id text,
        scheduled_for timestamptz, missed_reason text)
      on conflict (job_id, scheduled_for) where trigger = 'schedule' do nothing`,
    values: [JSON.stringify(rows), now],
  });
}

/** Moves jobs to their next slot; null when the schedule is over. */
export async function advanceJobs(
  tx: Tx,
  jobs: readonly { readonly id: string; readonly nextRunAt: Date | null }[],
): Promise<void> {
  const rows = jobs.map(({ id, nextRunAt }) => ({ id, next_run_at: nextRunAt }));
  await tx.run({
    name: "jobs_advance",
    text: `
      update jobs j set next_run_at = a.next_run_at
      from json_to_recordset($1::json) as a(id text, next_run_at timestamptz)
      where j.id = a.id`,
    values: [JSON.stringify(rows)],
  });
}

/** When the next job is due. */
export async function nextRunAt(tx: Tx): Promise<Date | undefined> {
  const rows = await tx.rows<{ next_run_at: Date }>(
    sql`select next_run_at from jobs where next_run_at is not null order by next_run_at limit 1`,
  );
  return rows[0]?.next_run_at;
}
