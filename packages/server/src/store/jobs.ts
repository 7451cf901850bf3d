// Jobs as clients see and change them. Deleted ones stay, with their history, but only ever appear
// where a function says so. Every read is bounded by a workspace.
import type {
  ExecutionStatus,
  Job as JobAnswer,
  JobKind,
  JobRequest,
  JobState,
  RetryPolicy,
} from "@trigrun/contract";
import type { Job } from "../plan/job.ts";
import type { Schedule } from "../plan/schedule.ts";
import { findSecretNames, warnOfMissing } from "../run/secret.ts";
import { empty, sql, type Tx } from "./db.ts";
import { type Page, type PageRequest, toPage } from "./page.ts";

interface JobRow {
  id: string;
  name: string;
  kind: JobKind;
  state: JobState;
  every_n_minutes: number | null;
  anchor_at: Date | null;
  cron: string | null;
  timezone: string | null;
  run_at: Date | null;
  request: JobRequest;
  retry_policy: RetryPolicy;
  next_run_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

interface JobRowWithLast extends JobRow {
  last_id: string | null;
  last_status: ExecutionStatus | null;
  last_scheduled_for: Date | null;
  last_finished_at: Date | null;
  missing_secrets: string[];
}

const columns = sql`j.id, j.name, j.kind, j.state, j.every_n_minutes, j.anchor_at, j.cron,
  j.timezone, j.run_at, j.request, j.retry_policy, j.next_run_at, j.created_at, j.updated_at`;

const withLast = sql`
  select ${columns}, last.id as last_id, last.status as last_status,
    last.scheduled_for as last_scheduled_for, last.finished_at as last_finished_at,
    array(
      select wanted from unnest(j.secret_names) as wanted
      where not exists (
        select from secrets s where s.workspace_id = j.workspace_id and s.name = wanted
      )
    ) as missing_secrets
  from jobs j
  left join lateral (
    select e.id, e.status, e.scheduled_for, e.finished_at from executions e
    where e.job_id = j.id order by e.id desc limit 1
  ) last on true`;

export async function insertJob(
  tx: Tx,
  input: { id: string; workspaceId: string; job: Job; now: Date },
): Promise<void> {
  const { id, workspaceId, job, now } = input;
  const { everyNMinutes, anchorAt, cron, timezone, runAt } = scheduleColumns(job.schedule);
  await tx.run(sql`
    insert into jobs (id, workspace_id, name, kind, state, every_n_minutes, anchor_at, cron,
      timezone, run_at, request, secret_names, retry_policy, next_run_at, created_at, updated_at)
    values (${id}, ${workspaceId}, ${job.name}, ${job.schedule.kind}, ${job.state},
      ${everyNMinutes}, ${anchorAt}, ${cron}, ${timezone}, ${runAt},
      ${JSON.stringify(job.request)}, ${findSecretNames(job.request)},
      ${JSON.stringify(job.retryPolicy)}, ${job.nextRunAt}, ${now}, ${now})`);
}

/** Writes what `plan/job.ts` decided about a job that this transaction holds the lock of. */
export async function saveJob(tx: Tx, id: string, job: Job, now: Date): Promise<void> {
  const { everyNMinutes, anchorAt, cron, timezone, runAt } = scheduleColumns(job.schedule);
  await tx.run(sql`
    update jobs set name = ${job.name}, kind = ${job.schedule.kind}, state = ${job.state},
      every_n_minutes = ${everyNMinutes}, anchor_at = ${anchorAt}, cron = ${cron},
      timezone = ${timezone}, run_at = ${runAt}, request = ${JSON.stringify(job.request)},
      secret_names = ${findSecretNames(job.request)},
      retry_policy = ${JSON.stringify(job.retryPolicy)}, next_run_at = ${job.nextRunAt},
      updated_at = ${now}
    where id = ${id}`);
}

/** The state stays what it was, as part of the history. */
export async function markDeleted(tx: Tx, id: string, now: Date): Promise<void> {
  await tx.run(sql`
    update jobs set deleted_at = ${now}, next_run_at = null, updated_at = ${now}
    where id = ${id}`);
}

export async function findJob(
  tx: Tx,
  workspaceId: string,
  id: string,
): Promise<JobAnswer | undefined> {
  const [row] = await tx.rows<JobRowWithLast>(sql`
    ${withLast}
    where j.id = ${id} and j.workspace_id = ${workspaceId} and j.deleted_at is null`);
  return row && toAnswer(row);
}

/** True for deleted jobs too: their history stays readable. */
export async function hasEverBeenJob(tx: Tx, workspaceId: string, id: string): Promise<boolean> {
  const rows = await tx.rows<{ id: string }>(
    sql`select id from jobs where id = ${id} and workspace_id = ${workspaceId}`,
  );
  return rows.length > 0;
}

/**
 * The job, locked until the end of the transaction. The planner advances `next_run_at` under the
 * same lock: whichever comes second sees what the first one wrote, and neither overwrites it.
 */
export async function lockJob(tx: Tx, workspaceId: string, id: string): Promise<Job | undefined> {
  const [row] = await tx.rows<JobRow>(sql`
    select ${columns} from jobs j
    where j.id = ${id} and j.workspace_id = ${workspaceId} and j.deleted_at is null
    for no key update`);
  return row && toJob(row);
}

export interface JobFilter {
  readonly state?: JobState | undefined;
  readonly kind?: JobKind | undefined;
  /** The whole name. */
  readonly name?: string | undefined;
  /** A part of the name, in any case. */
  readonly search?: string | undefined;
}

export async function listJobs(
  tx: Tx,
  workspaceId: string,
  filter: JobFilter,
  page: PageRequest,
): Promise<Page<JobAnswer>> {
  const { state, kind, name, search } = filter;
  const rows = await tx.rows<JobRowWithLast>(sql`
    ${withLast}
    where j.workspace_id = ${workspaceId} and j.deleted_at is null
      ${state === undefined ? empty : sql`and j.state = ${state}`}
      ${kind === undefined ? empty : sql`and j.kind = ${kind}`}
      ${name === undefined ? empty : sql`and j.name = ${name}`}
      ${search === undefined ? empty : sql`and strpos(lower(j.name), lower(${search})) > 0`}
      ${page.before === undefined ? empty : sql`and j.id < ${page.before}`}
    order by j.id desc limit ${page.limit + 1}`);
  return toPage(rows, page.limit, toAnswer);
}

function scheduleColumns(schedule: Schedule) {
  const none = { everyNMinutes: null, anchorAt: null, cron: null, timezone: null, runAt: null };
  const { kind, ...columns } = schedule;
  return { ...none, ...columns };
}

function toJob(row: JobRow): Job {
  return {
    name: row.name,
    state: row.state,
    schedule: toSchedule(row),
    request: row.request,
    retryPolicy: row.retry_policy,
    nextRunAt: row.next_run_at,
  };
}

function toSchedule(row: JobRow): Schedule {
  const { kind, every_n_minutes: everyNMinutes, anchor_at: anchorAt, cron, timezone } = row;
  if (kind === "one_time") return { kind };
  if (kind === "recurring" && everyNMinutes !== null && anchorAt !== null) {
    return { kind, everyNMinutes, anchorAt };
  }
  if (kind === "cron" && cron !== null && timezone !== null) return { kind, cron, timezone };
  if (kind === "scheduled" && row.run_at !== null) return { kind, runAt: row.run_at };
  throw new Error(`job ${row.id} breaks the constraint schedule_fits_kind`);
}

function toAnswer(row: JobRowWithLast): JobAnswer {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    state: row.state,
    schedule: {
      ...(row.every_n_minutes === null ? {} : { every_n_minutes: row.every_n_minutes }),
      ...(row.cron === null ? {} : { cron: row.cron }),
      ...(row.timezone === null ? {} : { timezone: row.timezone }),
      ...(row.run_at === null ? {} : { run_at: row.run_at.toISOString() }),
    },
    request: row.request,
    retry_policy: row.retry_policy,
    next_run_at: row.next_run_at?.toISOString() ?? null,
    last_execution: toLastExecution(row),
    warnings: warnOfMissing(row.missing_secrets),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

function toLastExecution(row: JobRowWithLast): JobAnswer["last_execution"] {
  const { last_id: id, last_status: status, last_scheduled_for: scheduledFor } = row;
  if (id === null || status === null || scheduledFor === null) return null;
  return {
    id,
    status,
    scheduled_for: scheduledFor.toISOString(),
    finished_at: row.last_finished_at?.toISOString() ?? null,
  };
}
