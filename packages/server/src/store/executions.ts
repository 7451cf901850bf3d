// Executions as clients see them: lists, one with its attempts, and the ones that a client queues.
// Claiming and settling them is execution-queue.ts. Every read is bounded by a workspace.
import type {
  Attempt,
  AttemptStatus,
  Execution,
  ExecutionStatus,
  Trigger,
} from "@trigrun/contract";
import { empty, type Sql, sql, type Tx } from "./db.ts";
import { idBoundBefore } from "./id-bound.ts";
import { type Page, type PageRequest, toPage } from "./page.ts";

interface ExecutionRow {
  id: string;
  job_id: string;
  job_name: string;
  status: ExecutionStatus;
  trigger: Trigger;
  scheduled_for: Date;
  due_at: Date | null;
  started_at: Date | null;
  finished_at: Date | null;
  attempt_count: number;
  node_id: string | null;
  reason: string | null;
  warnings: string[];
  replay_of: string | null;
}

const columns = sql`e.id, e.job_id, j.name as job_name, e.status, e.trigger, e.scheduled_for,
  e.due_at, e.started_at, e.finished_at, e.attempt_count, e.node_id, e.reason, e.warnings,
  e.replay_of`;

export interface QueuedExecution {
  readonly id: string;
  readonly workspaceId: string;
  readonly jobId: string;
  readonly trigger: Exclude<Trigger, "schedule">;
  readonly replayOf: string | null;
  readonly now: Date;
}

/** Queues an execution that is due now. False when the workspace has no such job any more. */
export async function queueExecution(tx: Tx, input: QueuedExecution): Promise<boolean> {
  const { id, workspaceId, jobId, trigger, replayOf, now } = input;
  // A delete of the job at the same time: the lock makes one of the two wait, so either the delete
  // finds this execution and cancels it, or this finds the job deleted.
  const count = await tx.run(sql`
    insert into executions (id, workspace_id, job_id, status, trigger, scheduled_for, due_at,
      replay_of, created_at)
    select ${id}, j.workspace_id, j.id, 'queued', ${trigger}, ${now}, ${now}, ${replayOf}, ${now}
    from jobs j
    where j.id = ${jobId} and j.workspace_id = ${workspaceId} and j.deleted_at is null
    for share of j`);
  return count > 0;
}

export async function findExecution(
  tx: Tx,
  workspaceId: string,
  id: string,
): Promise<Execution | undefined> {
  const [row] = await tx.rows<ExecutionRow>(sql`
    select ${columns} from executions e join jobs j on j.id = e.job_id
    where e.id = ${id} and e.workspace_id = ${workspaceId}`);
  return row && toAnswer(row);
}

export interface ExecutionFilter {
  readonly status?: ExecutionStatus | undefined;
  readonly jobId?: string | undefined;
  /** The whole name, of deleted jobs too. */
  readonly jobName?: string | undefined;
  /** `scheduled_for` at or after this. */
  readonly from?: Date | undefined;
  /** `scheduled_for` before this. */
  readonly to?: Date | undefined;
}

export async function listExecutions(
  tx: Tx,
  workspaceId: string,
  filter: ExecutionFilter,
  page: PageRequest,
): Promise<Page<Execution>> {
  const { status, from, to } = filter;
  const newest = (condition: Sql) => sql`
    select e.* from executions e
    where e.workspace_id = ${workspaceId} and ${condition}
      ${status === undefined ? empty : sql`and e.status = ${status}`}
      ${from === undefined ? empty : sql`and e.scheduled_for >= ${from}`}
      ${from === undefined ? empty : sql`and e.id >= ${idBoundBefore("execution", from)}`}
      ${to === undefined ? empty : sql`and e.scheduled_for < ${to}`}
      ${page.before === undefined ? empty : sql`and e.id < ${page.before}`}
    order by e.id desc limit ${page.limit + 1}`;
  const jobIds = await findJobIds(tx, workspaceId, filter);
  // For each job its newest rows, then the newest of those: every job costs one short walk down
  // its own index, where a filter over the workspace's list would walk past everybody else's rows.
  const source =
    jobIds === undefined
      ? newest(sql`true`)
      : sql`select e.* from unnest(${jobIds}::text[]) as wanted (job_id)
            cross join lateral (${newest(sql`e.job_id = wanted.job_id`)}) e
            order by e.id desc limit ${page.limit + 1}`;
  const rows = await tx.rows<ExecutionRow>(sql`
    select ${columns} from (${source}) e join jobs j on j.id = e.job_id order by e.id desc`);
  return toPage(rows, page.limit, toAnswer);
}

/** The jobs that the filter names; undefined when it names none. */
async function findJobIds(
  tx: Tx,
  workspaceId: string,
  { jobId, jobName }: ExecutionFilter,
): Promise<string[] | undefined> {
  if (jobName === undefined) return jobId === undefined ? undefined : [jobId];
  const rows = await tx.rows<{ id: string }>(sql`
    select id from jobs where workspace_id = ${workspaceId} and name = ${jobName}
      ${jobId === undefined ? empty : sql`and id = ${jobId}`}`);
  return rows.map(({ id }) => id);
}

/**
 * Takes back what the planner put down for moments that have not come: they never were due.
 * One that a runner claims at the same time runs: the row lock decides, and a claimed row is not
 * `queued` any more.
 */
export async function unplanExecutions(tx: Tx, jobId: string, now: Date): Promise<void> {
  await tx.run(sql`
    delete from executions
    where job_id = ${jobId} and status = 'queued' and trigger = 'schedule' and due_at > ${now}
      -- Implied, but it leads to the months that are left, and there into the index of slots.
      and scheduled_for > ${now}`);
}

/** The executions of a job that no runner has claimed, locked so that none can before they end. */
export async function lockQueued(tx: Tx, workspaceId: string, jobId: string): Promise<string[]> {
  const rows = await tx.rows<{ id: string }>(sql`
    select id from executions
    where workspace_id = ${workspaceId} and status = 'queued' and job_id = ${jobId}
    for update`);
  return rows.map(({ id }) => id);
}

interface AttemptRow {
  number: number;
  status: AttemptStatus;
  status_code: number | null;
  latency_ms: number | null;
  body_preview: string | null;
  body_truncated: boolean;
  response_headers: Record<string, string> | null;
  error_class: string | null;
  error_message: string | null;
  started_at: Date;
  dns_ms: number | null;
  connect_ms: number | null;
  tls_ms: number | null;
  first_byte_ms: number | null;
  body_ms: number | null;
}

/** The attempts that the execution counts; one that ended since it was read is left out. */
export async function findAttempts(tx: Tx, execution: Execution): Promise<Attempt[]> {
  const rows = await tx.rows<AttemptRow>(sql`
    select number, status, status_code, latency_ms, body_preview, body_truncated,
      response_headers, error_class, error_message, started_at, dns_ms, connect_ms, tls_ms,
      first_byte_ms, body_ms
    from attempts
    where execution_id = ${execution.id} and number <= ${execution.attempt_count}
    order by number`);
  return rows.map(toAttempt);
}

function toAnswer(row: ExecutionRow): Execution {
  const { started_at: startedAt, finished_at: finishedAt } = row;
  return {
    id: row.id,
    job_id: row.job_id,
    job_name: row.job_name,
    status: row.status,
    trigger: row.trigger,
    scheduled_for: row.scheduled_for.toISOString(),
    started_at: startedAt?.toISOString() ?? null,
    finished_at: finishedAt?.toISOString() ?? null,
    duration_ms: startedAt && finishedAt && lengthMs(startedAt, finishedAt),
    attempt_count: row.attempt_count,
    // While a node holds the lease the attempt is being made.
    next_attempt_at: row.node_id === null ? (row.due_at?.toISOString() ?? null) : null,
    reason: row.reason,
    warnings: row.warnings,
    replay_of: row.replay_of,
  };
}

// A runner claims up to a second ahead: what is cancelled in that second ends before its start.
function lengthMs(startedAt: Date, finishedAt: Date): number {
  return Math.max(0, finishedAt.getTime() - startedAt.getTime());
}

function toAttempt(row: AttemptRow): Attempt {
  const { dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms, started_at, ...fields } = row;
  return {
    ...fields,
    started_at: started_at.toISOString(),
    phases: { dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms },
  };
}
