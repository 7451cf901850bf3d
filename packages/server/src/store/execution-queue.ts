// Executions as a queue: claim, settle, release, and take over what a dead node held.
// A settle changes only rows that still carry the lease it was done under.
import type { ExecutionFacts, JobKind, JobRequest, RetryPolicy, Trigger } from "@trigrun/contract";
import { eventsOf } from "@trigrun/contract";
import { showPhases } from "../answer.ts";
import type { Attempt } from "../run/attempt.ts";
import type { End, Execution } from "../run/execution.ts";
import { raw, sql, type Tx } from "./db.ts";
import { phaseColumns } from "./phases.ts";
import { createRecordset, type RecordOf } from "./recordset.ts";

interface ClaimedRow {
  id: string;
  workspace_id: string;
  trigger: Trigger;
  scheduled_for: Date;
  due_at: Date;
  started_at: Date | null;
  attempt_count: number;
  interruptions: number;
  node_id: string | null;
  job_id: string;
  job_name: string;
  job_kind: JobKind;
  request: JobRequest;
  retry_policy: RetryPolicy;
  next_run_at: Date | null;
}

const claimedText = `e.id, e.workspace_id, e.trigger, e.scheduled_for, e.due_at, e.started_at,
  e.attempt_count, e.interruptions, e.node_id, e.job_id, j.name as job_name, j.kind as job_kind,
  j.request, j.retry_policy, j.next_run_at`;
const claimedColumns = raw(claimedText);

function toExecution(row: ClaimedRow): Execution {
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    trigger: row.trigger,
    scheduledFor: row.scheduled_for,
    dueAt: row.due_at,
    startedAt: row.started_at,
    attemptCount: row.attempt_count,
    interruptions: row.interruptions,
    nodeId: row.node_id,
    job: {
      id: row.job_id,
      name: row.job_name,
      kind: row.job_kind,
      request: row.request,
      retryPolicy: row.retry_policy,
      nextRunAt: row.next_run_at,
    },
  };
}

// The rows of an UPDATE come back in no order.
function byDueAt(one: Execution, other: Execution): number {
  return one.dueAt.getTime() - other.dueAt.getTime();
}

/** Leases what is due by `dueBy` to the node, the longest due first. */
export async function claimDue(
  tx: Tx,
  input: { nodeId: string; dueBy: Date; limit: number },
): Promise<Execution[]> {
  // Arrays and not a join: PostgreSQL would take a hundred rows out of each of a dozen months for
  // more than those months hold, and read them all. The bounds leave out the months of none.
  const rows = await tx.rows<ClaimedRow>({
    name: "executions_claim_due",
    text: `
      with due as materialized (select id, scheduled_for from due_executions($2, $3))
      update executions e set
        node_id = $1,
        status = 'running',
        started_at = coalesce(e.started_at, greatest(e.due_at, now()))
      from jobs j
      where e.id = any(array(select id from due)) and j.id = e.job_id
        and e.scheduled_for between (select min(scheduled_for) from due)
          and (select max(scheduled_for) from due)
      returning ${claimedText}`,
    values: [input.nodeId, input.dueBy, input.limit],
  });
  return rows.map(toExecution).sort(byDueAt);
}

/** When the next execution without a lease is due. */
export async function nextDueAt(tx: Tx): Promise<Date | undefined> {
  const rows = await tx.rows<{ due_at: Date }>({
    name: "executions_next_due",
    text: `select due_at from executions where node_id is null and due_at is not null
           order by due_at limit 1`,
    values: [],
  });
  return rows[0]?.due_at;
}

/** Gives back what the node has leased, but for the rows that it works on. */
export async function releaseAllBut(tx: Tx, nodeId: string, ids: readonly string[]): Promise<void> {
  await tx.run(sql`
    update executions set
      node_id = null,
      status = case when attempt_count = 0 then 'queued' else 'running' end,
      started_at = case when attempt_count = 0 then null else started_at end
    where node_id = ${nodeId} and id <> all(${ids})`);
}

/** Which of these executions are leased to the node. */
export async function findLeased(
  tx: Tx,
  nodeId: string,
  ids: readonly string[],
): Promise<string[]> {
  const rows = await tx.rows<{ id: string }>(
    sql`select id from executions where id = any(${ids}) and node_id = ${nodeId}`,
  );
  return rows.map(({ id }) => id);
}

/** Moves leases of nodes that no longer beat to this node, which settles them as interrupted. */
export async function takeOverDead(
  tx: Tx,
  input: { nodeId: string; limit: number },
): Promise<Execution[]> {
  // Two rescuers see the same dead node: SKIP LOCKED gives each row to one of them. What this node
  // itself holds is in its hands, even when its beat was late.
  const rows = await tx.rows<ClaimedRow>(sql`
    with dead as (
      select e.id from executions e
      where e.node_id is not null and e.node_id <> ${input.nodeId}
        and not exists (select from nodes n where n.id = e.node_id and n.expires_at > now())
      limit ${input.limit}
      for update of e skip locked
    )
    update executions e set node_id = ${input.nodeId}
    from dead, jobs j
    where e.id = dead.id and j.id = e.job_id
    returning ${claimedColumns}`);
  return rows.map(toExecution);
}

/** Locks executions of a workspace that have not ended, to cancel them. */
export async function lockUnended(
  tx: Tx,
  ids: readonly string[],
): Promise<{ execution: Execution; lastAttempt: Attempt | null }[]> {
  const rows = await tx.rows<ClaimedRow & { last_attempt: LastAttemptRow | null }>(sql`
    select ${claimedColumns},
      (select to_jsonb(a) from attempts a
       where a.execution_id = e.id order by a.number desc limit 1) as last_attempt
    from executions e join jobs j on j.id = e.job_id
    where e.id = any(${ids}) and e.due_at is not null
    for update of e`);
  return rows.map((row) => ({
    execution: toExecution(row),
    lastAttempt: row.last_attempt && toLastAttempt(row.last_attempt),
  }));
}

interface LastAttemptRow {
  number: number;
  status: Attempt["status"];
  status_code: number | null;
  started_at: string;
  latency_ms: number | null;
  body_preview: string | null;
  body_truncated: boolean;
  response_headers: Record<string, string> | null;
  error_class: string | null;
  error_message: string | null;
}

function toLastAttempt(row: LastAttemptRow): Attempt {
  return {
    number: row.number,
    status: row.status,
    statusCode: row.status_code,
    startedAt: new Date(row.started_at),
    latencyMs: row.latency_ms,
    phases: null,
    bodyPreview: row.body_preview,
    bodyTruncated: row.body_truncated,
    responseHeaders: row.response_headers,
    errorClass: row.error_class,
    errorMessage: row.error_message,
  };
}

/** What becomes of an execution. `attempt` is null when none was made (a cancel). */
export interface Settlement {
  readonly execution: Execution;
  readonly attempt: Attempt | null;
  /** What was odd about the attempt; added to what the execution has been warned of before. */
  readonly warnings?: readonly string[];
  readonly reason: string | null;
  /** The end, or when the next attempt is due. */
  readonly outcome: End | { readonly dueAt: Date };
}

/**
 * Records attempts and outcomes, completes jobs that run once, and fans each end out to the
 * deliveries that its rules ask for: all in one statement, so that no crash can part them.
 * Answers which executions still carried the lease, and how many deliveries were made.
 */
export async function settleIfLeased(
  tx: Tx,
  settlements: readonly Settlement[],
): Promise<{ settled: Set<string>; deliveries: number }> {
  const slots = settlements
    .map(({ execution }) => execution.scheduledFor.getTime())
    .sort((a, b) => a - b);
  const rows = await tx.rows<{ id: string; deliveries: number }>({
    name: "executions_settle_if_leased",
    text: settleText,
    values: [
      new Date(slots[0] ?? 0),
      new Date(slots.at(-1) ?? 0),
      ...settleRows.toValues(settlements.map(toSettleRow)),
    ],
  });
  return {
    settled: new Set(rows.map(({ id }) => id)),
    deliveries: Number(rows[0]?.deliveries ?? 0),
  };
}

const settleColumns = {
  id: "text",
  scheduled_for: "timestamptz",
  node_id: "text",
  attempts_before: "integer",
  status: "text",
  due_at: "timestamptz",
  finished_at: "timestamptz",
  reason: "text",
  // JSON: an array of texts, or NULL for none.
  warnings: "text",
  completes_job: "boolean",
  // Parted by spaces.
  events: "text",
  // JSON, and read as such only where somebody is told.
  facts: "text",
  // Where no attempt is recorded in the same act: else its preview is the output.
  output: "text",
  interruption: "integer",
  number: "integer",
  a_status: "text",
  status_code: "integer",
  started_at: "timestamptz",
  latency_ms: "real",
  ...phaseColumns,
  body_preview: "text",
  body_truncated: "boolean",
  response_headers: "text",
  error_class: "text",
  error_message: "text",
} as const;

// After the two parameters of the statement that are no rows.
const settleRows = createRecordset("o", settleColumns, 3);

function toSettleRow(settlement: Settlement): RecordOf<typeof settleColumns> {
  const { execution, attempt, warnings, reason, outcome } = settlement;
  const end = "status" in outcome ? outcome : null;
  return {
    id: execution.id,
    scheduled_for: execution.scheduledFor,
    node_id: execution.nodeId,
    attempts_before: execution.attemptCount,
    status: end?.status ?? "running",
    due_at: "dueAt" in outcome ? outcome.dueAt : null,
    finished_at: end?.finishedAt,
    reason,
    warnings: warnings?.length ? JSON.stringify(warnings) : null,
    completes_job: end?.completesJob ?? false,
    events: end && eventsOf(end.status).join(" "),
    facts: end && JSON.stringify(end.facts satisfies ExecutionFacts),
    output: attempt === null ? end?.output : null,
    interruption: attempt?.errorClass === "interrupted" ? 1 : 0,
    number: attempt?.number,
    a_status: attempt?.status,
    status_code: attempt?.statusCode,
    started_at: attempt?.startedAt,
    latency_ms: attempt?.latencyMs,
    ...showPhases(attempt?.phases),
    body_preview: attempt?.bodyPreview,
    body_truncated: attempt?.bodyTruncated ?? false,
    response_headers: attempt?.responseHeaders && JSON.stringify(attempt.responseHeaders),
    error_class: attempt?.errorClass,
    error_message: attempt?.errorMessage,
  };
}

const isoFormat = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

/** The facts with what only the database knows at the moment of the settle. */
const factsNow = `
  jsonb_set(f.facts::jsonb, '{execution,usual_duration_ms}',
    coalesce(to_jsonb(u.duration_ms), 'null'))
  || jsonb_build_object('next_run_at',
    to_char(j.next_run_at at time zone 'UTC', ${isoFormat}))`;

// The guard is `node_id` and `attempt_count`: a node whose lease was taken over finds another
// node there, or, should it have got the row back itself, another count.
// The scheduled times lead to the partitions that hold the rows: $1 and $2 before it is planned, or
// PostgreSQL takes a hundred rows out of a dozen months for more than those months hold.
// The output is cut to 2,000 characters: more than any channel shows.
const settleText = `
  with o as (
    select * from ${settleRows.text}
  ),
  settled as (
    update executions e set
      status = o.status,
      node_id = null,
      due_at = o.due_at,
      finished_at = o.finished_at,
      started_at = case when o.number = 1 then o.started_at else e.started_at end,
      attempt_count = e.attempt_count + (o.number is not null)::integer,
      interruptions = e.interruptions + o.interruption,
      reason = o.reason,
      warnings = case when o.warnings is null then e.warnings else e.warnings || array(
        select w from json_array_elements_text(o.warnings::json) as w where w <> all (e.warnings)
      ) end
    from o
    where e.id = o.id
      and e.scheduled_for = o.scheduled_for
      and e.scheduled_for between $1 and $2
      and e.node_id is not distinct from o.node_id
      and e.attempt_count = o.attempts_before
      and e.due_at is not null
    returning o.*, e.workspace_id, e.job_id
  ),
  recorded as (
    insert into attempts (execution_id, number, workspace_id, status, status_code, started_at,
      latency_ms, dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms, body_preview,
      body_truncated, response_headers, error_class, error_message)
    select id, number, workspace_id, a_status, status_code, started_at, latency_ms, dns_ms,
      connect_ms, tls_ms, first_byte_ms, body_ms, body_preview, body_truncated,
      response_headers::jsonb, error_class, error_message
    from settled where number is not null
  ),
  completed as (
    update jobs j set state = 'completed', updated_at = s.finished_at
    from settled s
    where s.completes_job and j.id = s.job_id and j.state in ('active', 'paused')
      and j.next_run_at is null and (j.run_at is null or j.run_at = s.scheduled_for)
  ),
  fired as (
    select s.id, s.job_id, s.workspace_id, s.facts, coalesce(s.output, s.body_preview) as output,
      s.finished_at, r.event, r.channel_id
    from settled s join rules r on r.job_id = s.job_id
      and r.event = any(string_to_array(s.events, ' '))
  ),
  -- How long a job usually takes, once for all of its ends here. Its last 20 executions are looked
  -- at, a page of an index at most.
  usual as materialized (
    select l.job_id, (
      select round((percentile_cont(0.5) within group (
        order by extract(epoch from (finished_at - started_at)) * 1000))::numeric)
      from (
        select status, started_at, finished_at from executions
        where job_id = l.job_id order by id desc limit 20
      ) latest where status = 'succeeded'
    ) as duration_ms
    from (select distinct job_id from fired) l
  ),
  told as (
    insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
      destination_id, job_id, execution_id, event, facts, output, due_at, created_at)
    select new_id('dlv'), f.workspace_id, c.id, c.name, c.type, c.destination_id, f.job_id, f.id,
      f.event, ${factsNow},
      case when c.config->'include_output' = 'true'::jsonb then left(f.output, 2000) end,
      f.finished_at, f.finished_at
    from fired f
    join usual u on u.job_id = f.job_id
    join jobs j on j.id = f.job_id
    join channels c on c.id = f.channel_id
    on conflict (execution_id, channel_id, event) do nothing
    returning id
  )
  select s.id, (select count(*) from told) as deliveries from settled s`;
