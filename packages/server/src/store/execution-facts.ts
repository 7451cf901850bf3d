// The facts of an execution that has ended, told again: for test messages about a past one.
import type { EndStatus, ExecutionStatus } from "@trigrun/contract";
import type { Attempt } from "../run/attempt.ts";
import { type End, type Execution, toEnd } from "../run/execution.ts";
import { sql, type Tx } from "./db.ts";

interface FactsRow {
  id: string;
  workspace_id: string;
  status: ExecutionStatus;
  trigger: Execution["trigger"];
  scheduled_for: Date;
  started_at: Date | null;
  finished_at: Date | null;
  attempt_count: number;
  interruptions: number;
  reason: string | null;
  job_id: string;
  job_name: string;
  job_kind: Execution["job"]["kind"];
  request: Execution["job"]["request"];
  retry_policy: Execution["job"]["retryPolicy"];
  next_run_at: Date | null;
  number: number | null;
  attempt_status: Attempt["status"];
  status_code: number | null;
  attempt_started_at: Date;
  latency_ms: number | null;
  body_preview: string | null;
  error_class: string | null;
  error_message: string | null;
}

export interface FoundEnd {
  readonly status: ExecutionStatus;
  /** Undefined as long as the execution has not ended. */
  readonly end: End | undefined;
}

/** Undefined when the workspace has no such execution. Deleted jobs keep their history. */
export async function loadEnd(
  tx: Tx,
  input: {
    readonly workspaceId: string;
    readonly executionId: string;
    readonly publicUrl: string;
  },
): Promise<FoundEnd | undefined> {
  const [row] = await tx.rows<FactsRow>(sql`
    select e.id, e.workspace_id, e.status, e.trigger, e.scheduled_for, e.started_at, e.finished_at,
      e.attempt_count, e.interruptions, e.reason, e.job_id, j.name as job_name, j.kind as job_kind,
      j.request, j.retry_policy, j.next_run_at, a.number, a.status as attempt_status,
      a.status_code, a.started_at as attempt_started_at, a.latency_ms, a.body_preview,
      a.error_class, a.error_message
    from executions e
    join jobs j on j.id = e.job_id
    left join attempts a on a.execution_id = e.id and a.number = e.attempt_count
    where e.id = ${input.executionId} and e.workspace_id = ${input.workspaceId}`);
  if (row === undefined) return undefined;
  const { status, finished_at: finishedAt } = row;
  if (finishedAt === null || status === "queued" || status === "running") {
    return { status, end: undefined };
  }
  return { status, end: toEndOf(row, status, finishedAt, input.publicUrl) };
}

function toEndOf(row: FactsRow, status: EndStatus, finishedAt: Date, publicUrl: string): End {
  const execution: Execution = {
    id: row.id,
    workspaceId: row.workspace_id,
    trigger: row.trigger,
    scheduledFor: row.scheduled_for,
    dueAt: row.scheduled_for,
    startedAt: row.started_at,
    attemptCount: row.attempt_count,
    interruptions: row.interruptions,
    nodeId: null,
    job: {
      id: row.job_id,
      name: row.job_name,
      kind: row.job_kind,
      request: row.request,
      retryPolicy: row.retry_policy,
      nextRunAt: row.next_run_at,
    },
  };
  const { reason } = row;
  const lastAttempt = toLastAttempt(row);
  return toEnd(execution, { status, lastAttempt, reason, finishedAt, publicUrl });
}

function toLastAttempt(row: FactsRow): Attempt | null {
  if (row.number === null) return null;
  return {
    number: row.number,
    status: row.attempt_status,
    statusCode: row.status_code,
    startedAt: row.attempt_started_at,
    latencyMs: row.latency_ms,
    phases: null,
    bodyPreview: row.body_preview,
    // Facts hold none of these two.
    bodyTruncated: false,
    responseHeaders: null,
    errorClass: row.error_class,
    errorMessage: row.error_message,
  };
}
