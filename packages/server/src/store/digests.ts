// Digests as rows: which destinations overflow, and folding what waits for them.
import type { DigestFacts, Event, ExecutionFacts } from "@trigrun/contract";
import { newId } from "../id.ts";
import type { Member } from "../send/digest.ts";
import { sql, type Tx } from "./db.ts";
import { visited, visitsMax } from "./delivery-queue.ts";

export interface Overflowing {
  readonly destinationIds: string[];
  /** Where the next look goes on: the walk ended before the destinations did. "" after the last. */
  readonly cursor: string;
}

/**
 * Destinations that fold, and where more is due than leaves within `patienceMs` at their pace,
 * whatever they may take at once. Looks at a thousand, from `cursor` on.
 */
export async function listOverflowing(
  tx: Tx,
  { now, patienceMs, cursor }: { now: Date; patienceMs: number; cursor: string },
): Promise<Overflowing> {
  const rows = await tx.rows<{ id: string | null; visits: number; last_visited: string | null }>({
    name: "digests_list_overflowing",
    text: `
      with recursive ${visited("$3", "null")},
      overflowing as (
        select t.id from visited v
        join destinations t on t.id = v.id and t.overflow = 'digest' and t.interval_ms is not null
        cross join lateral (
          select greatest(0, t.burst
            - extract(epoch from greatest(t.paid_until, $1) - $1) * 1000 / t.interval_ms) as calls
        ) bucket
        cross join lateral (
          select count(*) as due from (
            select from deliveries d
            where d.destination_id = t.id and d.status = 'pending' and d.parked_for is null
              and d.due_at <= $1
            limit 1 + ceil(bucket.calls + $2::float8 / t.interval_ms)
          ) waiting
        ) backlog
        where backlog.due > bucket.calls + $2::float8 / t.interval_ms
      )
      select overflowing.id, walked.*
      from (select count(*)::integer as visits, max(id) as last_visited from visited) walked
      left join overflowing on true`,
    values: [now, patienceMs, cursor],
  });
  const [walk] = rows;
  return {
    destinationIds: rows.flatMap(({ id }) => (id === null ? [] : [id])),
    cursor: walk?.visits === visitsMax ? (walk.last_visited ?? "") : "",
  };
}

/** What is due for one channel of a destination that overflows. */
export interface Overflow {
  readonly channel: {
    readonly id: string;
    readonly workspaceId: string;
    readonly name: string;
    readonly type: string;
    readonly destinationId: string;
  };
  readonly members: readonly Member[];
}

interface MemberRow {
  id: string;
  workspace_id: string;
  destination_id: string;
  channel_id: string;
  channel_name: string;
  channel_type: string;
  event: Event;
  facts: ExecutionFacts;
}

/** Locks what is due there, the oldest first; empty when another node is at it. */
export async function lockOverflow(
  tx: Tx,
  { destinationId, now, limit }: { destinationId: string; now: Date; limit: number },
): Promise<Overflow[]> {
  const locked = await tx.rows(sql`
    select id from destinations where id = ${destinationId} for update skip locked`);
  if (locked.length === 0) return [];
  // A channel that is disabled takes nothing: what waits for it waits one by one.
  const rows = await tx.rows<MemberRow>(sql`
    select d.id, d.workspace_id, d.destination_id, d.channel_id, d.channel_name, d.channel_type,
      d.event, d.facts
    from deliveries d
    join channels c on c.id = d.channel_id and c.disabled_at is null
    where d.destination_id = ${destinationId} and d.status = 'pending' and d.parked_for is null
      and d.due_at <= ${now} and d.execution_id is not null
    order by d.id limit ${limit}
    for update of d skip locked`);
  const overflows = new Map<string, Overflow & { members: MemberRow[] }>();
  for (const row of rows) {
    const known = overflows.get(row.channel_id);
    if (known !== undefined) known.members.push(row);
    else overflows.set(row.channel_id, { channel: toChannel(row), members: [row] });
  }
  return [...overflows.values()];
}

function toChannel(row: MemberRow): Overflow["channel"] {
  return {
    id: row.channel_id,
    workspaceId: row.workspace_id,
    name: row.channel_name,
    type: row.channel_type,
    destinationId: row.destination_id,
  };
}

/** A digest of the channel that nobody has been told yet. */
export interface OpenDigest {
  readonly id: string;
  readonly facts: DigestFacts;
}

/** Locks the digest of the channel that waits for its first try. */
export async function lockOpenDigest(
  tx: Tx,
  { id: channelId, destinationId }: Overflow["channel"],
): Promise<OpenDigest | undefined> {
  // By destination, as the index of what is due is.
  const [row] = await tx.rows<OpenDigest>(sql`
    select id, facts from deliveries
    where destination_id = ${destinationId} and status = 'pending' and parked_for is null
      and channel_id = ${channelId} and event = 'digest' and attempt_count = 0
    order by due_at limit 1 for update skip locked`);
  return row;
}

export interface Fold extends Overflow {
  readonly facts: DigestFacts;
  readonly now: Date;
}

/** Makes a digest that is due at once. Answers its id. */
export async function insertDigest(tx: Tx, { channel, facts, now }: Fold): Promise<string> {
  const id = newId("delivery", now);
  await tx.run(sql`
    insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
      destination_id, event, facts, due_at, created_at)
    values (${id}, ${channel.workspaceId}, ${channel.id}, ${channel.name}, ${channel.type},
      ${channel.destinationId}, 'digest', ${JSON.stringify(facts)}, ${now}, ${now})`);
  return id;
}

/** Lets a digest that was not tried yet tell more. */
export async function extendDigest(tx: Tx, id: string, facts: DigestFacts): Promise<void> {
  await tx.run(sql`update deliveries set facts = ${JSON.stringify(facts)} where id = ${id}`);
}

/** Parks what the digest tells until it has ended. */
export async function fold(tx: Tx, digestId: string, members: readonly Member[]): Promise<void> {
  const reason = `It came faster than the channel takes messages; the digest ${digestId} tells it.`;
  await tx.run(sql`
    update deliveries set parked_for = 'digest', digest_id = ${digestId}, reason = ${reason}
    where id = any(${members.map((member) => member.id)})`);
}
