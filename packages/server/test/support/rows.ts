// Rows as the engine would have left them, for tests that begin in the middle of a story.
// Each function answers the id; whatever a test does not say has a plain value.
import type { DeliveryStatus, Event, ExecutionFacts, ExecutionStatus } from "@trigrun/contract";
import { newId } from "../../src/id.ts";
import { sql, type Tx } from "../../src/store/db.ts";

/** The instant at which rows are made unless a test says otherwise. */
export const rowsMadeAt = new Date("2026-11-23T10:00:00.000Z");

export async function insertWorkspace(tx: Tx, name = "Test"): Promise<string> {
  const id = newId("workspace", rowsMadeAt);
  await tx.run(sql`insert into workspaces (id, name) values (${id}, ${name})`);
  return id;
}

const request = {
  url: "https://api.example.com/run",
  method: "GET",
  headers: {},
  body: null,
  timeout_seconds: 30,
  success_statuses: [200],
  follow_redirects: false,
};

/** A job that runs every hour. */
export async function insertJobRow(
  tx: Tx,
  job: { workspaceId: string; name?: string; nextRunAt?: Date; deletedAt?: Date },
): Promise<string> {
  const id = newId("job", rowsMadeAt);
  await tx.run(sql`
    insert into jobs (id, workspace_id, name, kind, state, every_n_minutes, anchor_at, request,
      retry_policy, next_run_at, deleted_at, created_at, updated_at)
    values (${id}, ${job.workspaceId}, ${job.name ?? "job"}, 'recurring', 'active', 60,
      ${rowsMadeAt}, ${JSON.stringify(request)},
      ${JSON.stringify({ max_attempts: 3, retry_on_statuses: [503] })}, ${job.nextRunAt ?? null},
      ${job.deletedAt ?? null}, ${rowsMadeAt}, ${rowsMadeAt})`);
  return id;
}

export interface ExecutionRow {
  readonly workspaceId: string;
  readonly jobId: string;
  readonly status?: ExecutionStatus;
  readonly trigger?: "schedule" | "manual";
  readonly scheduledFor?: Date;
  /** When it was made, as its id says; its scheduled time unless a test says otherwise. */
  readonly madeAt?: Date;
  readonly dueAt?: Date;
}

/** Ended ones took 1,500 ms and one attempt that is recorded. */
export async function insertExecutionRow(tx: Tx, row: ExecutionRow): Promise<string> {
  const { workspaceId, jobId, status = "succeeded", trigger = "schedule" } = row;
  const scheduledFor = row.scheduledFor ?? rowsMadeAt;
  const madeAt = row.madeAt ?? scheduledFor;
  const id = newId("execution", madeAt);
  const hasEnded = status !== "queued" && status !== "running";
  const startedAt = status === "queued" ? null : scheduledFor;
  const finishedAt = hasEnded ? new Date(scheduledFor.getTime() + 1_500) : null;
  await tx.run(sql`
    insert into executions (id, workspace_id, job_id, status, trigger, scheduled_for, due_at,
      started_at, finished_at, attempt_count, created_at)
    values (${id}, ${workspaceId}, ${jobId}, ${status}, ${trigger}, ${scheduledFor},
      ${hasEnded ? null : (row.dueAt ?? scheduledFor)}, ${startedAt}, ${finishedAt},
      ${hasEnded ? 1 : 0}, ${madeAt})`);
  if (!hasEnded) return id;
  const hasSucceeded = status === "succeeded";
  await tx.run(sql`
    insert into attempts (execution_id, number, workspace_id, status, status_code, started_at,
      latency_ms, first_byte_ms, body_preview, response_headers, error_class, error_message)
    values (${id}, 1, ${workspaceId}, ${hasSucceeded ? "SUCCESS" : "HTTP_ERROR"},
      ${hasSucceeded ? 200 : 503}, ${startedAt}, 1500, 1400, 'the body', ${'{"date":"today"}'},
      ${hasSucceeded ? null : "http_status"}, ${hasSucceeded ? null : "answered 503"})`);
  return id;
}

/** A webhook channel whose credentials nobody will open. */
export async function insertChannelRow(
  tx: Tx,
  channel: { workspaceId: string; name: string; disabledReason?: string },
): Promise<string> {
  const id = newId("channel", rowsMadeAt);
  const { disabledReason = null } = channel;
  await tx.run(sql`
    with destination as (
      insert into destinations (id, workspace_id, key)
      values (${toDestinationId(id)}, ${channel.workspaceId}, ${id}) returning id
    )
    insert into channels (id, workspace_id, name, type, config, secrets, destination_id,
      disabled_at, disabled_reason)
    values (${id}, ${channel.workspaceId}, ${channel.name}, 'webhook',
      ${JSON.stringify({ url: "https://api.example.com/hook" })}, ${Buffer.alloc(0)},
      (select id from destination), ${disabledReason === null ? null : rowsMadeAt},
      ${disabledReason})`);
  return id;
}

/** Each of these channels leads to a destination of its own. */
function toDestinationId(channelId: string): string {
  return channelId.replace("chan_", "dest_");
}

export interface DeliveryRow {
  readonly workspaceId: string;
  readonly channelId: string;
  readonly jobId: string;
  readonly executionId: string;
  readonly status?: DeliveryStatus;
  readonly event?: Event;
  readonly madeAt?: Date;
  readonly dueAt?: Date;
  /** Of the last round; each is recorded. Ended ones have at least one. */
  readonly attemptCount?: number;
}

export async function insertDeliveryRow(tx: Tx, row: DeliveryRow): Promise<string> {
  const { workspaceId, channelId, jobId, executionId, status = "failed" } = row;
  const { event = "on_failure", madeAt = rowsMadeAt } = row;
  const id = newId("delivery", madeAt);
  const hasEnded = status === "failed" || status === "sent";
  const attemptCount = row.attemptCount ?? (hasEnded ? 1 : 0);
  await tx.run(sql`
    insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
      destination_id, job_id, execution_id, event, facts, status, due_at, attempt_count,
      interruptions, node_id, reason, created_at, finished_at)
    values (${id}, ${workspaceId}, ${channelId}, 'the channel', 'webhook',
      ${toDestinationId(channelId)}, ${jobId},
      ${executionId}, ${event}, ${JSON.stringify(toFacts(jobId, executionId))}, ${status},
      ${hasEnded ? null : (row.dueAt ?? madeAt)}, ${attemptCount}, 0,
      ${status === "processing" ? "node_x" : null}, 'as it was', ${madeAt},
      ${hasEnded ? madeAt : null})`);
  await tx.run(sql`
    insert into delivery_attempts (delivery_id, number, workspace_id, verdict, reason, started_at,
      latency_ms, request, response)
    select ${id}, number, ${workspaceId}, ${status === "sent" ? "sent" : "retry"}, 'it went so',
      ${madeAt}, 12.5,
      ${JSON.stringify({ method: "POST", url: "https://api.example.com/hook", headers: {}, body: "{}" })},
      ${JSON.stringify({ status_code: 503, headers: {}, body: "no", body_truncated: false })}
    from generate_series(1, ${attemptCount}::integer) as number`);
  return id;
}

function toFacts(jobId: string, executionId: string): ExecutionFacts {
  const at = rowsMadeAt.toISOString();
  return {
    job: { id: jobId, name: "job", kind: "recurring" },
    execution: {
      id: executionId,
      status: "failed",
      trigger: "schedule",
      scheduled_for: at,
      started_at: at,
      finished_at: at,
      duration_ms: 0,
      attempts: 1,
    },
    last_attempt: null,
    next_run_at: null,
    url: `https://trigrun.example.com/executions/${executionId}`,
  };
}
