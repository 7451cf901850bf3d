// One logical run of a job as the runner holds it, and the facts that are told when it ends.
//
//   queued ──claim──> running ──settle──> succeeded | failed
//      │                 └─ retry: waits without a lease, still running
//      └──────cancel─────┴──> cancelled
//
// Once ended nothing changes any more; a repeated or late settle changes no row.
import type {
  EndStatus,
  ExecutionFacts,
  JobKind,
  JobRequest,
  RetryPolicy,
  Trigger,
} from "@trigrun/contract";
import type { Attempt } from "./attempt.ts";

export interface Execution {
  readonly id: string;
  readonly workspaceId: string;
  readonly trigger: Trigger;
  readonly scheduledFor: Date;
  /** When the attempt that is claimed is (or was) due. */
  readonly dueAt: Date;
  /** When its first attempt began; null before that. */
  readonly startedAt: Date | null;
  /** Attempts recorded so far. */
  readonly attemptCount: number;
  readonly interruptions: number;
  /** Who holds the lease; null when nobody does. */
  readonly nodeId: string | null;
  readonly job: {
    readonly id: string;
    readonly name: string;
    readonly kind: JobKind;
    readonly request: JobRequest;
    readonly retryPolicy: RetryPolicy;
    readonly nextRunAt: Date | null;
  };
}

/** For lines of the log. */
export function idsOf({ id, job, workspaceId }: Execution) {
  return { execution_id: id, job_id: job.id, workspace_id: workspaceId };
}

export interface End {
  readonly status: EndStatus;
  readonly finishedAt: Date;
  readonly facts: ExecutionFacts;
  /** The first characters of the last response, for channels that show them. */
  readonly output: string | null;
  /** True when this was the only run of the job. */
  readonly completesJob: boolean;
}

/** How it ended. */
export interface Ending {
  readonly status: EndStatus;
  /** Null when it was cancelled before any. */
  readonly lastAttempt: Attempt | null;
  /** A sentence; null for a success. */
  readonly reason: string | null;
  readonly finishedAt: Date;
  readonly publicUrl: string;
}

export function toEnd(execution: Execution, ending: Ending): End {
  const { job, trigger } = execution;
  const { status, finishedAt, lastAttempt } = ending;
  const isOnlyRun = job.kind === "one_time" || job.kind === "scheduled";
  return {
    status,
    finishedAt,
    facts: toFacts(execution, ending),
    output: lastAttempt?.bodyPreview ?? null,
    completesJob: isOnlyRun && (trigger === "schedule" || trigger === "creation"),
  };
}

function toFacts(
  execution: Execution,
  { status, lastAttempt, reason, finishedAt, publicUrl }: Ending,
): ExecutionFacts {
  const { job } = execution;
  const startedAt =
    execution.attemptCount === 0 && lastAttempt ? lastAttempt.startedAt : execution.startedAt;
  return {
    job: { id: job.id, name: job.name, kind: job.kind },
    execution: {
      id: execution.id,
      status,
      trigger: execution.trigger,
      scheduled_for: execution.scheduledFor.toISOString(),
      started_at: startedAt?.toISOString() ?? null,
      finished_at: finishedAt.toISOString(),
      duration_ms: startedAt ? Math.max(0, finishedAt.getTime() - startedAt.getTime()) : null,
      attempts: lastAttempt?.number ?? execution.attemptCount,
      max_attempts: job.retryPolicy.max_attempts,
      reason,
    },
    last_attempt: lastAttempt && {
      number: lastAttempt.number,
      status: lastAttempt.status,
      status_code: lastAttempt.statusCode,
      latency_ms: lastAttempt.latencyMs,
      error_class: lastAttempt.errorClass,
      error_message: lastAttempt.errorMessage,
    },
    next_run_at: job.nextRunAt?.toISOString() ?? null,
    url: `${publicUrl}/executions/${execution.id}`,
  };
}
