// Deliveries as clients see them: lists, one with its attempts, and sending again by hand.
// Claiming and settling them is delivery-queue.ts. Every read is bounded by a workspace.
import type {
  Answer,
  Delivery,
  DeliveryEvent,
  DeliveryStatus,
  Exchange,
  TrigRunApi,
} from "@trigrun/contract";
import { attemptsMaxOf } from "../send/delivery.ts";
import { type Told, toPayload } from "../send/notice.ts";
import { empty, type Sql, sql, type Tx } from "./db.ts";
import { idBoundAfter, idBoundBefore } from "./id-bound.ts";
import { type Page, type PageRequest, toPage } from "./page.ts";

type DeliveryWithAttempts = Answer<TrigRunApi["getDelivery"]>;

interface DeliveryRow {
  id: string;
  status: DeliveryStatus;
  event: DeliveryEvent;
  channel_id: string;
  channel_name: string;
  channel_type: string;
  job_id: string | null;
  job_name: string | null;
  execution_id: string | null;
  digest_id: string | null;
  attempt_count: number;
  retry_schedule: number[] | null;
  due_at: Date | null;
  parked_for: "channel" | "digest" | null;
  opens_at: Date | null;
  opens_reason: string | null;
  reason: string | null;
  created_at: Date;
  finished_at: Date | null;
}

// `opens_at` is when the destination takes the next call, if it keeps what is due waiting.
const columns = sql`d.id, d.status, d.event, d.channel_id, d.channel_name, d.channel_type, d.job_id,
  j.name as job_name, d.execution_id, d.digest_id, d.attempt_count, c.retry_schedule, d.due_at,
  d.parked_for, d.reason, d.created_at, d.finished_at,
  case when t.resumes_at > d.due_at then t.resumes_at
    when turn.at > d.due_at then turn.at end as opens_at,
  case when t.resumes_at > d.due_at then t.resumes_reason
    when turn.at > d.due_at then 'It waits for its turn: the channel takes '
      || round((60000 / t.interval_ms)::numeric, 1)::real || ' messages a minute.'
  end as opens_reason`;
const joined = sql`deliveries d
  left join jobs j on j.id = d.job_id
  left join channels c on c.id = d.channel_id
  left join destinations t on t.id = d.destination_id
    and d.status = 'pending' and d.parked_for is null
  cross join lateral (
    select t.paid_until - (t.burst - 1) * t.interval_ms * interval '1 millisecond' as at
  ) turn`;

export interface DeliveryFilter {
  readonly status?: DeliveryStatus | undefined;
  readonly channelId?: string | undefined;
  readonly jobId?: string | undefined;
  readonly executionId?: string | undefined;
  readonly event?: DeliveryEvent | undefined;
  readonly digestId?: string | undefined;
  /** `created_at` at or after this. */
  readonly from?: Date | undefined;
  /** `created_at` before this. */
  readonly to?: Date | undefined;
}

export async function listDeliveries(
  tx: Tx,
  workspaceId: string,
  filter: DeliveryFilter,
  page: PageRequest,
): Promise<Page<Delivery>> {
  const rows = await tx.rows<DeliveryRow>(sql`
    select ${columns} from ${joined}
    where ${matches(workspaceId, filter)}
      ${page.before === undefined ? empty : sql`and d.id < ${page.before}`}
    order by d.id desc limit ${page.limit + 1}`);
  return toPage(rows, page.limit, toAnswer);
}

function matches(workspaceId: string, filter: DeliveryFilter): Sql {
  const { status, channelId, jobId, executionId, event, digestId, from, to } = filter;
  return sql`d.workspace_id = ${workspaceId}
    ${status === undefined ? empty : sql`and d.status = ${status}`}
    ${channelId === undefined ? empty : sql`and d.channel_id = ${channelId}`}
    ${jobId === undefined ? empty : sql`and d.job_id = ${jobId}`}
    ${executionId === undefined ? empty : sql`and d.execution_id = ${executionId}`}
    ${event === undefined ? empty : sql`and d.event = ${event}`}
    ${digestId === undefined ? empty : sql`and d.digest_id = ${digestId}`}
    ${from === undefined ? empty : sql`and d.created_at >= ${from}`}
    ${from === undefined ? empty : sql`and d.id >= ${idBoundBefore("delivery", from)}`}
    ${to === undefined ? empty : sql`and d.created_at < ${to}`}
    ${to === undefined ? empty : sql`and d.id <= ${idBoundAfter("delivery", to)}`}`;
}

export async function findDelivery(
  tx: Tx,
  workspaceId: string,
  id: string,
): Promise<Delivery | undefined> {
  const [row] = await tx.rows<DeliveryRow>(sql`
    select ${columns} from ${joined}
    where d.id = ${id} and d.workspace_id = ${workspaceId}`);
  return row && toAnswer(row);
}

export async function findDeliveryWithAttempts(
  tx: Tx,
  workspaceId: string,
  id: string,
): Promise<DeliveryWithAttempts | undefined> {
  const [row] = await tx.rows<DeliveryRow & Told>(sql`
    select ${columns}, d.facts from ${joined}
    where d.id = ${id} and d.workspace_id = ${workspaceId}`);
  if (row === undefined) return undefined;
  return {
    ...toAnswer(row),
    payload: toPayload(row),
    attempts: await findAttempts(tx, row),
  };
}

interface AttemptRow extends Omit<Exchange, "started_at" | "phases"> {
  number: number;
  started_at: Date;
  dns_ms: number | null;
  connect_ms: number | null;
  tls_ms: number | null;
  first_byte_ms: number | null;
  body_ms: number | null;
  next_attempt_at: Date | null;
  next_attempt_reason: string | null;
}

// Rounds by hand have no end, and each attempt may hold a body of 64 KB: ten rounds are shown,
// which is some 6 MB at worst.
const attemptsShownMax = 10 * attemptsMaxOf(null);

/** The attempts that the row counts, the latest ones; one that ended since is left out. */
async function findAttempts(
  tx: Tx,
  row: { id: string; attempt_count: number },
): Promise<DeliveryWithAttempts["attempts"]> {
  const rows = await tx.rows<AttemptRow>(sql`
    select number, verdict, reason, started_at, latency_ms, dns_ms, connect_ms, tls_ms,
      first_byte_ms, body_ms, request, response, error_class, error_message, next_attempt_at,
      next_attempt_reason
    from delivery_attempts
    where delivery_id = ${row.id} and number <= ${row.attempt_count}
      and number > ${row.attempt_count - attemptsShownMax}
    order by number`);
  return rows.map((attempt) => {
    const { dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms, ...fields } = attempt;
    return {
      ...fields,
      started_at: attempt.started_at.toISOString(),
      phases: { dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms },
      next_attempt_at: attempt.next_attempt_at?.toISOString() ?? null,
    };
  });
}

export interface LockedDelivery {
  readonly status: DeliveryStatus;
  readonly channelName: string;
  readonly destinationId: string;
  readonly channel:
    | { readonly state: "enabled" }
    | { readonly state: "disabled"; readonly reason: string }
    | { readonly state: "deleted" };
}

/** The delivery and its channel, locked until the end of the transaction. */
export async function lockDelivery(
  tx: Tx,
  workspaceId: string,
  id: string,
): Promise<LockedDelivery | undefined> {
  // Deleting the channel ends its unfinished deliveries. Its lock is taken first, as the delete
  // does, so that it either waits and finds this delivery pending again, or this finds no channel.
  const [channel] = await tx.rows<{ disabled_reason: string | null }>(sql`
    select c.disabled_reason from channels c
    where c.workspace_id = ${workspaceId}
      and c.id = (select d.channel_id from deliveries d where d.id = ${id})
    for key share of c`);
  // A sender that claims or settles it at the same time: this waits and sees what it made of it.
  const [row] = await tx.rows<{
    status: DeliveryStatus;
    channel_name: string;
    destination_id: string;
  }>(sql`
    select d.status, d.channel_name, d.destination_id from deliveries d
    where d.id = ${id} and d.workspace_id = ${workspaceId}
    for update of d`);
  return (
    row && {
      status: row.status,
      channelName: row.channel_name,
      destinationId: row.destination_id,
      channel: toState(channel),
    }
  );
}

function toState(channel: { disabled_reason: string | null } | undefined) {
  if (channel === undefined) return { state: "deleted" } as const;
  const { disabled_reason: reason } = channel;
  return reason === null
    ? ({ state: "enabled" } as const)
    : ({ state: "disabled", reason } as const);
}

// A fresh round: its tries are counted from here, and what a dying node cut before is forgotten.
const freshRound = sql`status = 'pending', round_start = attempt_count, round_began_at = null,
  interruptions = 0, digest_id = null, finished_at = null, reason = 'Retried by hand.'`;

/** An ended delivery begins a new round of tries, at once; what a digest failed to tell waits. */
export async function restartDelivery(tx: Tx, id: string, now: Date): Promise<void> {
  await tx.run(sql`
    update deliveries set ${freshRound}, due_at = ${now}
    where id = ${id} and status in ('failed', 'sent')`);
  await tx.run(sql`
    update deliveries set status = 'pending', parked_for = 'digest', due_at = ${now},
      finished_at = null, reason = ${`The digest ${id} that tells this is sent again.`}
    where digest_id = ${id} and status = 'failed'`);
}

/** A waiting delivery waits no longer; its round goes on. */
export async function hastenDelivery(tx: Tx, id: string, now: Date): Promise<void> {
  await tx.run(sql`
    update deliveries set due_at = least(due_at, ${now}), parked_for = null, digest_id = null,
      reason = 'Retried by hand.'
    where id = ${id} and status = 'pending'`);
}

export interface FailedFilter extends Omit<DeliveryFilter, "status" | "executionId"> {
  /** Leaves out failures of jobs that have succeeded since: nobody has to hear of them any more. */
  readonly onlyStillTrue?: boolean;
}

/**
 * Restarts the failed deliveries that match, the oldest first and at most `limit`, each `stepMs`
 * after the one before. Those whose channel is deleted or disabled stay as they are. Answers how
 * many were restarted.
 */
export async function restartFailed(
  tx: Tx,
  workspaceId: string,
  filter: FailedFilter,
  { now, limit, stepMs }: { now: Date; limit: number; stepMs: number },
): Promise<number> {
  // Two calls at once, or a delete of the channel: each row goes to whoever locks it first, the
  // other one looks past it.
  return await tx.run(sql`
    with failed as (
      ${failedOf(workspaceId, filter, limit)}
      for update of d skip locked
      for key share of c skip locked
    ),
    placed as (select id, row_number() over (order by id) - 1 as place from failed)
    update deliveries set ${freshRound},
      due_at = ${now}::timestamptz + placed.place * ${stepMs}::float8 * interval '1 millisecond'
    from placed where deliveries.id = placed.id`);
}

/** How many `restartFailed` would restart. */
export async function countFailed(
  tx: Tx,
  workspaceId: string,
  filter: FailedFilter,
  limit: number,
): Promise<number> {
  const [row] = await tx.rows<{ count: number }>(
    sql`select count(*) from (${failedOf(workspaceId, filter, limit)}) failed`,
  );
  return row?.count ?? 0;
}

// By the end of the execution that was told, not by when it was told: a late success counts.
const stillTrue = sql`and not coalesce(
  d.facts->'execution'->>'status' = 'failed'
    and r.at > (d.facts->'execution'->>'finished_at')::timestamptz,
  false
)`;

/**
 * When each job that the filter meets succeeded last: once for a job, not for each of its failures.
 * Of its latest 20 successes, as one that began before another may end after it.
 */
function recovered(workspaceId: string, filter: DeliveryFilter): Sql {
  return sql`
    told as materialized (
      select distinct d.job_id from deliveries d where ${matches(workspaceId, filter)}
    ),
    recovered as materialized (
      select told.job_id, (
        select max(finished_at) from (
          select finished_at from executions
          where job_id = told.job_id and status = 'succeeded' order by id desc limit 20
        ) latest
      ) as at from told
    )`;
}

function failedOf(workspaceId: string, filter: FailedFilter, limit: number): Sql {
  const failed = { ...filter, status: "failed" } as const;
  return sql`
    ${filter.onlyStillTrue ? sql`with ${recovered(workspaceId, failed)}` : empty}
    select d.id from deliveries d
    join channels c on c.id = d.channel_id and c.disabled_at is null
    ${filter.onlyStillTrue ? sql`left join recovered r on r.job_id = d.job_id` : empty}
    -- Not a digest: what it told has failed with it, and is restarted one by one.
    where d.event <> 'digest' and ${matches(workspaceId, failed)}
      ${filter.onlyStillTrue ? stillTrue : empty}
    order by d.id limit ${limit}`;
}

/** Null when none is due: it has ended, is being made, or waits for something else than time. */
function nextAttemptAt(row: DeliveryRow): Date | null {
  if (row.status !== "pending" || row.parked_for !== null) return null;
  return row.opens_at ?? row.due_at;
}

function toAnswer(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    status: row.status,
    event: row.event,
    channel_id: row.channel_id,
    channel_name: row.channel_name,
    channel_type: row.channel_type,
    job_id: row.job_id,
    job_name: row.job_name,
    execution_id: row.execution_id,
    digest_id: row.digest_id,
    attempt_count: row.attempt_count,
    max_attempts: attemptsMaxOf(row.retry_schedule),
    next_attempt_at: nextAttemptAt(row)?.toISOString() ?? null,
    reason: row.opens_reason ?? row.reason,
    created_at: row.created_at.toISOString(),
    finished_at: row.finished_at?.toISOString() ?? null,
  };
}
