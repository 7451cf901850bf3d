// Deliveries as a queue: claim, settle, release, and take over what a dead node held.
// A settle changes only rows that still carry the lease it was done under.
import type { Event, ExecutionFacts } from "@trigrun/contract";
import type { Delivery } from "../send/delivery.ts";
import type { Try } from "../send/try.ts";
import type { SealedChannel } from "./channels.ts";
import { sql, type Tx } from "./db.ts";

interface ClaimedRow {
  id: string;
  event: Event;
  facts: ExecutionFacts;
  output: string | null;
  due_at: Date;
  attempt_count: number;
  round_start: number;
  interruptions: number;
  node_id: string;
  channel_id: string;
  channel_type: string | null;
  config: Record<string, unknown>;
  secrets: Buffer;
  disabled_reason: string | null;
}

export interface ClaimedDelivery extends Delivery {
  readonly channelId: string;
  /** Null when the channel was deleted while its delivery was being made. */
  readonly channel: (SealedChannel & { readonly disabledReason: string | null }) | null;
}

function toDelivery(row: ClaimedRow): ClaimedDelivery {
  return {
    id: row.id,
    event: row.event,
    facts: row.facts,
    output: row.output,
    dueAt: row.due_at,
    attemptCount: row.attempt_count,
    roundStart: row.round_start,
    interruptions: row.interruptions,
    nodeId: row.node_id,
    channelId: row.channel_id,
    channel:
      row.channel_type === null
        ? null
        : {
            id: row.channel_id,
            type: row.channel_type,
            config: row.config,
            secrets: row.secrets,
            disabledReason: row.disabled_reason,
          },
  };
}

const withChannel = `
  select d.id, d.event, d.facts, d.output, d.due_at, d.attempt_count, d.round_start,
    d.interruptions, d.node_id, d.channel_id, c.type as channel_type, c.config, c.secrets,
    c.disabled_reason
  from claimed d left join channels c on c.id = d.channel_id`;

/** Leases what is due by `dueBy` to the node, the longest due first, but for some channels. */
export async function claimDue(
  tx: Tx,
  input: { nodeId: string; dueBy: Date; limit: number; exceptChannels: readonly string[] },
): Promise<ClaimedDelivery[]> {
  // Two nodes claim the same row: SKIP LOCKED makes the second one look past it.
  const rows = await tx.rows<ClaimedRow>({
    name: "deliveries_claim_due",
    text: `
      with due as (
        select id from deliveries
        where status = 'pending' and due_at <= $2 and channel_id <> all($4)
        order by due_at limit $3
        for update skip locked
      ),
      claimed as (
        update deliveries d set node_id = $1, status = 'processing'
        from due where d.id = due.id
        returning d.*
      ) ${withChannel}`,
    values: [input.nodeId, input.dueBy, input.limit, input.exceptChannels],
  });
  return rows.map(toDelivery);
}

/** When the next pending delivery is due. */
export async function nextDueAt(tx: Tx): Promise<Date | undefined> {
  const rows = await tx.rows<{ due_at: Date }>({
    name: "deliveries_next_due",
    text: "select due_at from deliveries where status = 'pending' order by due_at limit 1",
    values: [],
  });
  return rows[0]?.due_at;
}

/** Gives claimed rows back that nobody began to work on. */
export async function release(tx: Tx, nodeId: string, ids: readonly string[]): Promise<void> {
  await tx.run(sql`
    update deliveries set node_id = null, status = 'pending'
    where id = any(${ids}) and node_id = ${nodeId}`);
}

/** Gives back what the node has leased, but for the rows that it works on. */
export async function releaseAllBut(tx: Tx, nodeId: string, ids: readonly string[]): Promise<void> {
  await tx.run(sql`
    update deliveries set node_id = null, status = 'pending'
    where node_id = ${nodeId} and id <> all(${ids})`);
}

/** Moves leases of nodes that no longer beat to this node, which settles them as interrupted. */
export async function takeOverDead(
  tx: Tx,
  input: { nodeId: string; limit: number },
): Promise<ClaimedDelivery[]> {
  // Two rescuers see the same dead node: SKIP LOCKED gives each row to one of them.
  const rows = await tx.rows<ClaimedRow>({
    text: `
      with dead as (
        select d.id from deliveries d
        where d.node_id is not null
          and not exists (select from nodes n where n.id = d.node_id and n.expires_at > now())
        limit $2
        for update of d skip locked
      ),
      claimed as (
        update deliveries d set node_id = $1 from dead where d.id = dead.id returning d.*
      ) ${withChannel}`,
    values: [input.nodeId, input.limit],
  });
  return rows.map(toDelivery);
}

/** A channel of a workspace as the sender needs it. */
export async function readSealedChannel(
  tx: Tx,
  workspaceId: string,
  id: string,
): Promise<SealedChannel | undefined> {
  const rows = await tx.rows<SealedChannel>(sql`
    select id, type, config, secrets
    from channels where workspace_id = ${workspaceId} and id = ${id}`);
  return rows[0];
}

/** What becomes of a delivery. `attempt` is null when none was made (the channel is disabled). */
export interface Settlement {
  readonly delivery: ClaimedDelivery;
  readonly attempt: Try | null;
  readonly isInterruption: boolean;
  readonly status: "pending" | "sent" | "failed";
  readonly reason: string;
  readonly dueAt: Date | null;
  readonly dueReason: string | null;
  readonly finishedAt: Date | null;
  /** Set when the receiver is gone for good: why the channel is disabled. */
  readonly disableChannelFor: string | null;
}

/** How long a receiver may fail before its channel is disabled. */
export interface Patience {
  /** So many tries in a row, over all deliveries of the channel. */
  readonly failuresMax: number;
  /** Or so long without a success, however few the tries. */
  readonly hoursMax: number;
}

// A busy channel makes 50 tries within a minute's outage; that alone is no death. Ten minutes is
// longer than a restart or a deployment takes.
const outageSeconds = 600;

/**
 * Records tries and outcomes, counts failures in a row, and disables channels whose receiver is
 * gone or has failed for too long: in one statement. Answers which deliveries still carried the
 * lease.
 */
export async function settleIfLeased(
  tx: Tx,
  settlements: readonly Settlement[],
  patience: Patience,
): Promise<Set<string>> {
  const rows = await tx.rows<{ id: string }>({
    name: "deliveries_settle_if_leased",
    text: settleText,
    values: [
      JSON.stringify(settlements.map(toSettleRow)),
      patience.failuresMax,
      patience.hoursMax,
      outageSeconds,
    ],
  });
  return new Set(rows.map(({ id }) => id));
}

function toSettleRow(settlement: Settlement) {
  const { delivery, attempt } = settlement;
  return {
    id: delivery.id,
    node_id: delivery.nodeId,
    attempts_before: delivery.attemptCount,
    status: settlement.status,
    reason: settlement.reason,
    due_at: settlement.dueAt,
    finished_at: settlement.finishedAt,
    interruption: settlement.isInterruption ? 1 : 0,
    channel_id: delivery.channel?.id ?? null,
    disable_for: settlement.disableChannelFor,
    number: attempt ? delivery.attemptCount + 1 : null,
    verdict: attempt?.verdict,
    a_reason: attempt?.reason,
    started_at: attempt?.startedAt,
    latency_ms: attempt?.latencyMs,
    dns_ms: attempt?.phases?.dnsMs,
    connect_ms: attempt?.phases?.connectMs,
    tls_ms: attempt?.phases?.tlsMs,
    first_byte_ms: attempt?.phases?.firstByteMs,
    body_ms: attempt?.phases?.bodyMs,
    request: attempt?.request,
    response: attempt?.response,
    error_class: attempt?.errorClass,
    error_message: attempt?.errorMessage,
    next_attempt_reason: settlement.dueReason,
  };
}

// The guard is `node_id` and `attempt_count`, as for executions.
const settleText = `
  with o as (
    select * from json_to_recordset($1::json) as o(
      id text, node_id text, attempts_before integer, status text, reason text,
      due_at timestamptz, finished_at timestamptz, interruption integer, channel_id text,
      disable_for text, number integer, verdict text, a_reason text, started_at timestamptz,
      latency_ms real, dns_ms real, connect_ms real, tls_ms real, first_byte_ms real,
      body_ms real, request jsonb, response jsonb, error_class text, error_message text,
      next_attempt_reason text)
  ),
  settled as (
    update deliveries d set
      status = o.status,
      node_id = null,
      due_at = o.due_at,
      finished_at = o.finished_at,
      attempt_count = d.attempt_count + (o.number is not null)::integer,
      interruptions = d.interruptions + o.interruption,
      reason = o.reason
    from o
    where d.id = o.id and d.node_id = o.node_id and d.attempt_count = o.attempts_before
    returning d.id, d.workspace_id
  ),
  recorded as (
    insert into delivery_attempts (delivery_id, number, workspace_id, verdict, reason, started_at,
      latency_ms, dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms, request, response,
      error_class, error_message, next_attempt_at, next_attempt_reason)
    select o.id, o.number, s.workspace_id, o.verdict, o.a_reason, o.started_at, o.latency_ms,
      o.dns_ms, o.connect_ms, o.tls_ms, o.first_byte_ms, o.body_ms, o.request, o.response,
      o.error_class, o.error_message, o.due_at, o.next_attempt_reason
    from settled s join o on o.id = s.id
    where o.number is not null
  ),
  tried as (
    select o.channel_id, bool_or(o.verdict = 'sent') as is_alive, count(*) as failures,
      min(o.started_at) as began_at, max(o.started_at) as ended_at, max(o.a_reason) as last_reason,
      max(o.disable_for) as gone_reason
    from settled s join o on o.id = s.id
    where o.number is not null and o.interruption = 0 and o.channel_id is not null
    group by o.channel_id
  ),
  streaks as (
    select t.*, c.failures_in_row + t.failures as in_row,
      coalesce(c.failing_since, t.began_at) as since
    from tried t join channels c on c.id = t.channel_id
    where not t.is_alive or c.failing_since is not null
  ),
  judged as (
    select *, case
      when gone_reason is not null then gone_reason
      when is_alive then null
      when (in_row >= $2 and ended_at - since >= $4 * interval '1 second')
        or ended_at - since >= $3 * interval '1 hour'
      then format('%s tries in a row have failed since %s; the last one: %s', in_row,
        to_char(since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), last_reason)
    end as death
    from streaks
  ),
  marked as (
    update channels c set
      failures_in_row = case when j.is_alive then 0 else j.in_row end,
      failing_since = case when j.is_alive then null else j.since end,
      disabled_at = case when j.death is null then c.disabled_at
        else coalesce(c.disabled_at, j.ended_at) end,
      disabled_reason = case when j.death is null then c.disabled_reason
        else coalesce(c.disabled_reason, j.death) end
    from judged j where c.id = j.channel_id
  )
  select id from settled`;
