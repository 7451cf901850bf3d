// Deliveries as a queue: claim, release, and take over what a dead node held. Settling them is
// delivery-settlement.ts.
import type { Delivery } from "../send/delivery.ts";
import type { Told } from "../send/notice.ts";
import type { SealedChannel } from "./channels.ts";
import { sql, type Tx } from "./db.ts";

type ClaimedRow = Told & {
  id: string;
  workspace_id: string;
  job_id: string | null;
  execution_id: string | null;
  output: string | null;
  due_at: Date;
  attempt_count: number;
  round_start: number;
  round_began_at: Date | null;
  interruptions: number;
  node_id: string;
  destination_id: string;
  channel_id: string;
  channel_type: string | null;
  config: Record<string, unknown>;
  secrets: Buffer;
  disabled_reason: string | null;
  retry_schedule: number[] | null;
};

export interface ClaimedChannel extends SealedChannel {
  readonly disabledReason: string | null;
  /** Seconds between tries; null for the product's own schedule. */
  readonly retrySchedule: readonly number[] | null;
}

export type ClaimedDelivery = Delivery & {
  readonly destinationId: string;
  readonly channelId: string;
  /** Null when the channel was deleted while its delivery was being made. */
  readonly channel: ClaimedChannel | null;
};

function toDelivery(row: ClaimedRow): ClaimedDelivery {
  // The two belong together in the row; taken apart, they would be any event with any facts.
  const told = { event: row.event, facts: row.facts } as Told;
  return {
    ...told,
    id: row.id,
    workspaceId: row.workspace_id,
    jobId: row.job_id,
    executionId: row.execution_id,
    output: row.output,
    dueAt: row.due_at,
    attemptCount: row.attempt_count,
    roundStart: row.round_start,
    roundBeganAt: row.round_began_at,
    interruptions: row.interruptions,
    nodeId: row.node_id,
    destinationId: row.destination_id,
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
            retrySchedule: row.retry_schedule,
          },
  };
}

const withChannel = `
  select d.id, d.workspace_id, d.job_id, d.execution_id, d.event, d.facts, d.output, d.due_at,
    d.attempt_count, d.round_start, d.round_began_at, d.interruptions, d.node_id,
    d.destination_id, d.channel_id, c.type as channel_type, c.config, c.secrets,
    c.disabled_reason, c.retry_schedule
  from claimed d left join channels c on c.id = d.channel_id`;

/** Which destinations a statement visits: those after one id, up to another one, in order. */
export interface Stretch {
  readonly after: string;
  /** Null: to the end. */
  readonly upTo: string | null;
}

/**
 * Destinations that a statement visits at most: a probe each of the index of every month that is
 * kept. Some 20 ms together where there was one table; not measured over many months.
 */
export const visitsMax = 1_000;

/**
 * A CTE `visited(id)`: a walk along the index from one destination with pending deliveries to the
 * next. Its cost is in destinations, however many deliveries wait for each.
 */
export const visited = (after: string, upTo: string) => `
  walk(id) as (
    (select destination_id from deliveries
     where status = 'pending' and parked_for is null
       and destination_id > ${after} and (${upTo}::text is null or destination_id <= ${upTo})
     order by destination_id limit 1)
    union all
    select (
      select destination_id from deliveries
      where status = 'pending' and parked_for is null
        and destination_id > walk.id and (${upTo}::text is null or destination_id <= ${upTo})
      order by destination_id limit 1
    ) from walk where walk.id is not null
  ),
  visited as (select id from walk where id is not null limit ${visitsMax})`;

// `offset 0` and the laterals keep the walk's order, which the next claim goes on from.
// The claimed ones by arrays and bounds, for the sake of the months: see execution-queue.ts.
// The bucket holds `burst` calls and gains one every `interval_ms`; `paid_until` says how many it
// lacks. A destination of a pace is locked, so that two nodes never spend the same call; the second
// one looks past it.
const claimText = `
  with recursive ${visited("$4", "$5")},
  lanes as (
    select v.id, least(
      coalesce((select room from unnest($8::text[], $9::integer[]) as h(id, room)
        where h.id = v.id), $6),
      coalesce(paced.calls, $6)
    ) as room
    from visited v
    cross join lateral (
      select interval_ms from destinations
      where id = v.id and (resumes_at is null or resumes_at <= $7) offset 0
    ) t
    left join lateral (
      select floor(0.000001
        + burst - extract(epoch from greatest(paid_until, $7) - $7) * 1000 / interval_ms
      )::integer as calls
      from destinations where id = v.id and interval_ms is not null
      for update skip locked
    ) paced on true
    where t.interval_ms is null or paced.calls is not null
  ),
  due as (
    select d.id, d.execution_id
    from lanes cross join lateral (
      select id, execution_id from deliveries
      where destination_id = lanes.id and status = 'pending' and parked_for is null
        and due_at <= $2
      order by due_at limit greatest(lanes.room, 0)
      for update skip locked
    ) d
    limit $3
  ),
  claimed as (
    update deliveries d set node_id = $1, status = 'processing'
    where d.id = any(array(select id from due))
      and (d.execution_id between (select min(execution_id) from due)
          and (select max(execution_id) from due)
        or d.execution_id is null)
    returning d.*
  ),
  spent as (
    update destinations t set
      paid_until = greatest(t.paid_until, $7) + n.calls * t.interval_ms * interval '1 millisecond'
    from (
      -- What a disabled channel would send is parked and calls nobody.
      select d.destination_id, count(*) as calls
      from claimed d join channels c on c.id = d.channel_id and c.disabled_at is null
      group by d.destination_id
    ) n
    where t.id = n.destination_id and t.interval_ms is not null
  )
  select walked.*, claim.*
  from (select count(*)::integer as visits, max(id) as last_visited from visited) walked
  left join (${withChannel}) claim on true`;

export interface ClaimInput {
  readonly nodeId: string;
  readonly now: Date;
  readonly dueBy: Date;
  readonly limit: number;
  readonly stretch: Stretch;
  /** How many may be claimed for one destination. */
  readonly width: number;
  /** How many for those that have deliveries in work already, or that answer fast. */
  readonly rooms: ReadonlyMap<string, number>;
}

export interface ClaimResult {
  readonly deliveries: ClaimedDelivery[];
  /** The last destination of the walk, when it ended before the stretch did. */
  readonly cutAt: string | null;
}

type ClaimRow = { visits: number; last_visited: string | null } & (ClaimedRow | { id: null });

/** Leases what is due by `dueBy` to the node: each destination its room and what its pace lets. */
export async function claimDue(tx: Tx, input: ClaimInput): Promise<ClaimResult> {
  // Two nodes claim the same row: SKIP LOCKED makes the second one look past it.
  const rows = await tx.rows<ClaimRow>({
    name: "deliveries_claim_due",
    text: claimText,
    values: [
      input.nodeId,
      input.dueBy,
      input.limit,
      input.stretch.after,
      input.stretch.upTo,
      input.width,
      input.now,
      [...input.rooms.keys()],
      [...input.rooms.values()],
    ],
  });
  const [walk] = rows;
  const isCut = walk !== undefined && walk.visits === visitsMax;
  return {
    deliveries: rows.flatMap((row) => (row.id === null ? [] : [toDelivery(row)])).sort(byDueAt),
    cutAt: isCut ? walk.last_visited : null,
  };
}

// The rows of an UPDATE come back in no order.
function byDueAt(one: ClaimedDelivery, other: ClaimedDelivery): number {
  return one.dueAt.getTime() - other.dueAt.getTime();
}

/**
 * When the next pending delivery may leave: it is due, and its destination takes it. Only a
 * thousand destinations are asked; what is due elsewhere is found by the next pass, a second later.
 */
export async function nextDueAt(tx: Tx): Promise<Date | undefined> {
  const [row] = await tx.rows<{ due_at: Date | null }>({
    name: "deliveries_next_due",
    text: `
      with recursive ${visited("''", "null")}
      select min(greatest(
        d.due_at,
        t.resumes_at,
        t.paid_until - (t.burst - 1) * t.interval_ms * interval '1 millisecond'
      )) as due_at
      from visited v join destinations t on t.id = v.id
      cross join lateral (
        select due_at from deliveries
        where destination_id = v.id and status = 'pending' and parked_for is null
        order by due_at limit 1
      ) d`,
    values: [],
  });
  return row?.due_at ?? undefined;
}

/** Gives back what the node has leased, but for the rows that it works on. */
export async function releaseAllBut(tx: Tx, nodeId: string, ids: readonly string[]): Promise<void> {
  await tx.run(sql`
    update deliveries set node_id = null, status = 'pending'
    where node_id = ${nodeId} and id <> all(${ids})`);
}

/** Which of these deliveries are leased to the node. */
export async function findLeased(
  tx: Tx,
  nodeId: string,
  ids: readonly string[],
): Promise<string[]> {
  const rows = await tx.rows<{ id: string }>(
    sql`select id from deliveries where id = any(${ids}) and node_id = ${nodeId}`,
  );
  return rows.map(({ id }) => id);
}

/** Moves leases of nodes that no longer beat to this node, which settles them as interrupted. */
export async function takeOverDead(
  tx: Tx,
  input: { nodeId: string; limit: number },
): Promise<ClaimedDelivery[]> {
  // Two rescuers see the same dead node: SKIP LOCKED gives each row to one of them. What this node
  // itself holds is in its hands, even when its beat was late.
  const rows = await tx.rows<ClaimedRow>({
    text: `
      with dead as (
        select d.id from deliveries d
        where d.node_id is not null and d.node_id <> $1
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
