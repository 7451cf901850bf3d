// The end of a try: recorded with all that follows from it, in one statement. It changes only rows
// that still carry the lease that the try was made under.
import { showPhases } from "../answer.ts";
import type { Try } from "../send/try.ts";
import { warned } from "./channel-warning.ts";
import type { Tx } from "./db.ts";
import type { ClaimedDelivery } from "./delivery-queue.ts";
import { phaseColumns } from "./phases.ts";
import { createRecordset, type RecordOf } from "./recordset.ts";

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
  /** Waits for its channel to be enabled, whenever it is due. */
  readonly isParked: boolean;
  /** Set when the receiver asked for a pause from everybody who calls it. */
  readonly pause: { readonly until: Date; readonly reason: string } | null;
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
 * Records tries and outcomes, counts failures in a row, disables channels whose receiver is gone or
 * has failed for too long and warns another one of it, pauses destinations that asked for it, and
 * ends what a digest told. Answers which deliveries still carried the lease.
 */
export async function settleIfLeased(
  tx: Tx,
  settlements: readonly Settlement[],
  { patience, publicUrl }: { patience: Patience; publicUrl: string },
): Promise<Set<string>> {
  const executionIds = settlements.flatMap(({ delivery }) => delivery.executionId ?? []).sort();
  const rows = await tx.rows<{ id: string }>({
    name: "deliveries_settle_if_leased",
    text: settleText,
    values: [
      patience.failuresMax,
      patience.hoursMax,
      outageSeconds,
      publicUrl,
      executionIds[0] ?? "",
      executionIds.at(-1) ?? "",
      ...settleRows.toValues(settlements.map(toSettleRow)),
    ],
  });
  return new Set(rows.map(({ id }) => id));
}

const settleColumns = {
  id: "text",
  node_id: "text",
  attempts_before: "integer",
  status: "text",
  reason: "text",
  due_at: "timestamptz",
  finished_at: "timestamptz",
  interruption: "integer",
  channel_id: "text",
  disable_for: "text",
  is_parked: "boolean",
  pause_until: "timestamptz",
  pause_reason: "text",
  number: "integer",
  verdict: "text",
  a_reason: "text",
  started_at: "timestamptz",
  latency_ms: "real",
  ...phaseColumns,
  request: "text",
  response: "text",
  error_class: "text",
  error_message: "text",
  next_attempt_reason: "text",
} as const;

// After the six parameters of the statement that are no rows.
const settleRows = createRecordset("o", settleColumns, 7);

function toSettleRow(settlement: Settlement): RecordOf<typeof settleColumns> {
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
    is_parked: settlement.isParked,
    pause_until: settlement.pause?.until,
    pause_reason: settlement.pause?.reason,
    number: attempt ? delivery.attemptCount + 1 : null,
    verdict: attempt?.verdict,
    a_reason: attempt?.reason,
    started_at: attempt?.startedAt,
    latency_ms: attempt?.latencyMs,
    ...showPhases(attempt?.phases),
    request: attempt?.request && JSON.stringify(attempt.request),
    response: attempt?.response && JSON.stringify(attempt.response),
    error_class: attempt?.errorClass,
    error_message: attempt?.errorMessage,
    next_attempt_reason: settlement.dueReason,
  };
}

// The guard is `node_id` and `attempt_count`, as for executions. $5 and $6 lead to the partitions
// that hold the rows, as their times do there; those that tell of no execution are in the default.
const settleText = `
  with o as (
    select * from ${settleRows.text}
  ),
  -- Whoever enables the channel at this moment goes first or finds what is parked here.
  closed as (
    select id from channels
    where id in (select channel_id from o where is_parked) and disabled_at is not null
    for share
  ),
  settled as (
    update deliveries d set
      status = o.status,
      node_id = null,
      due_at = o.due_at,
      finished_at = o.finished_at,
      attempt_count = d.attempt_count + (o.number is not null)::integer,
      interruptions = d.interruptions + o.interruption,
      round_began_at = coalesce(d.round_began_at, o.started_at),
      reason = o.reason,
      parked_for = case
        when o.is_parked and d.channel_id in (select id from closed) then 'channel' end,
      -- The channel may lead elsewhere since this was claimed.
      destination_id = case when o.status <> 'pending' then d.destination_id
        else coalesce((select destination_id from channels where id = d.channel_id),
          d.destination_id) end
    from o
    where d.id = o.id and d.node_id = o.node_id and d.attempt_count = o.attempts_before
      and (d.execution_id between $5 and $6 or d.execution_id is null)
    returning d.id, d.workspace_id, d.destination_id, d.event
  ),
  recorded as (
    insert into delivery_attempts (delivery_id, number, workspace_id, verdict, reason, started_at,
      latency_ms, dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms, request, response,
      error_class, error_message, next_attempt_at, next_attempt_reason)
    select o.id, o.number, s.workspace_id, o.verdict, o.a_reason, o.started_at, o.latency_ms,
      o.dns_ms, o.connect_ms, o.tls_ms, o.first_byte_ms, o.body_ms, o.request::jsonb,
      o.response::jsonb, o.error_class, o.error_message, o.due_at, o.next_attempt_reason
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
      when (in_row >= $1 and ended_at - since >= $3 * interval '1 second')
        or ended_at - since >= $2 * interval '1 hour'
      then format('%s tries in a row have failed since %s; the last one: %s', in_row,
        to_char(since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), last_reason)
    end as death
    from streaks
  ),
  marked as (
    update channels c set
      failures_in_row = case when j.is_alive then 0 else j.in_row end,
      failing_since = case when j.is_alive then null else j.since end
    from judged j where c.id = j.channel_id and j.death is null
  ),
  -- Of two settles at once the second one finds it disabled, and warns nobody again.
  died as (
    update channels c set
      failures_in_row = j.in_row, failing_since = j.since,
      disabled_at = j.ended_at, disabled_reason = j.death
    from judged j where c.id = j.channel_id and j.death is not null and c.disabled_at is null
    returning c.*
  ),
  ${warned("$4")},
  paused as (
    update destinations t set resumes_at = p.until, resumes_reason = p.reason
    from (
      select s.destination_id, max(o.pause_until) as until,
        (array_agg(o.pause_reason order by o.pause_until desc nulls last))[1] as reason
      from settled s join o on o.id = s.id
      where o.pause_until is not null group by s.destination_id
    ) p
    where t.id = p.destination_id and (t.resumes_at is null or t.resumes_at < p.until)
  ),
  unfolded as (
    update deliveries m set
      status = o.status, parked_for = null, due_at = null, finished_at = o.finished_at,
      reason = case o.status
        when 'sent' then 'Told in the digest ' || s.id || ', which was sent.'
        else 'The digest ' || s.id || ' that told this failed: ' || o.reason end
    from settled s join o on o.id = s.id
    where s.event = 'digest' and o.status in ('sent', 'failed')
      and m.digest_id = s.id and m.parked_for = 'digest'
  )
  select id from settled`;
