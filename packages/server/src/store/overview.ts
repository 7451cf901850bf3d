// What the overview is made of. Each statement is bounded: by a span of an index, by a number of
// rows for each job, or by a limit. The executions of a span are counted from indexes; nothing here
// reads the rows of all of them.
import type { ChannelTypeName, Overview } from "@trigrun/contract";
import { raw, type Sql, sql, type Tx } from "./db.ts";
import { idFloor } from "./id-bound.ts";

export interface Span {
  readonly from: Date;
  readonly bucketMs: number;
  readonly bucketCount: number;
}

// A person reads ten lines, and twenty of what is wrong.
const shownMax = 10;
const failingShownMax = 20;
// Queued, cancelled and running ones stand before the newest that was judged: seldom so many.
const newestLookedAt = 50;
// A streak beyond it says nothing more; 20 shown jobs cost 10,000 rows at worst.
const streakMax = 500;
// A worker starts what is due within a second; what waits ten is waiting for something.
const lateMs = 10_000;
const countedMax = 10_000;
// The newest pending ones are looked at for whom they wait: some 50 ms at worst.
const pendingLookedAt = 50_000;
// 100 rows for each of 200 jobs, which take 100 ms; beyond 4,000 jobs it is 5 for each of them.
const sampleMax = 20_000;

interface FailingRow {
  id: string;
  name: string;
  execution_id: string;
  finished_at: Date;
  reason: string | null;
  failing_since: Date;
  failures_in_row: number;
  count: number;
}

export async function findFailing(
  tx: Tx,
  workspaceId: string,
  { from }: Span,
): Promise<Overview["failing"]> {
  // A job that has ended for good is news only as long as its end is in the span. That end stands
  // in its own row, too, so that nobody looks into the executions of all that ever ended.
  const rows = await tx.rows<FailingRow>(sql`
    with shown as (
      select j.id, j.name, newest.id as execution_id, newest.finished_at, newest.reason,
        count(*) over () as count
      from jobs j cross join lateral (
        select e.* from (
          select id, status, finished_at, reason from executions
          where job_id = j.id order by id desc limit ${newestLookedAt}
        ) e where e.status in ('succeeded', 'failed') order by e.id desc limit 1
      ) newest
      where j.workspace_id = ${workspaceId} and j.deleted_at is null and newest.status = 'failed'
        and ${isCurrent("j", from)} and j.state <> 'paused'
        and (j.state = 'active' or
          (j.state = 'completed' and newest.id >= ${idFloor("execution", from)}))
      order by newest.id desc limit ${failingShownMax}
    )
    select shown.*, streak.* from shown cross join lateral (
      select count(*) as failures_in_row, min(finished_at) as failing_since from (
        select finished_at, bool_or(status = 'succeeded') over (order by id desc) as is_over
        from (
          select id, status, finished_at from executions
          where job_id = shown.id order by id desc limit ${streakMax}
        ) latest where status in ('succeeded', 'failed')
      ) judged where not is_over
    ) streak order by shown.execution_id desc`);
  return {
    count: rows[0]?.count ?? 0,
    items: rows.map((row) => ({
      job_id: row.id,
      job_name: row.name,
      execution_id: row.execution_id,
      failed_at: row.finished_at.toISOString(),
      failing_since: row.failing_since.toISOString(),
      failures_in_row: row.failures_in_row,
      reason: row.reason,
    })),
  };
}

export async function countLate(tx: Tx, workspaceId: string, now: Date): Promise<Overview["late"]> {
  const by = new Date(now.getTime() - lateMs);
  const waiting = (status: "queued" | "running") => sql`(
    select due_at from executions
    where workspace_id = ${workspaceId} and status = ${raw(`'${status}'`)}
      and node_id is null and due_at <= ${by}
    order by id limit ${countedMax})`;
  const [row] = await tx.rows<{ count: number; oldest: Date | null; unplanned: number }>(sql`
    select count(*) as count, min(due_at) as oldest, (
        select count(*) from jobs
        where workspace_id = ${workspaceId} and deleted_at is null and next_run_at <= ${by}
      ) as unplanned
    from (${waiting("queued")} union all ${waiting("running")}) late`);
  return {
    count: Math.min(row?.count ?? 0, countedMax),
    oldest_due_at: row?.oldest?.toISOString() ?? null,
    unplanned_jobs: row?.unplanned ?? 0,
  };
}

export async function findNext(tx: Tx, workspaceId: string): Promise<Overview["next"]> {
  const rows = await tx.rows<{ id: string; name: string; next_run_at: Date }>(sql`
    select id, name, next_run_at from jobs
    where workspace_id = ${workspaceId} and deleted_at is null and next_run_at is not null
    order by next_run_at, id limit ${shownMax}`);
  return rows.map((row) => ({
    job_id: row.id,
    job_name: row.name,
    run_at: row.next_run_at.toISOString(),
  }));
}

interface ExecutionCounts {
  made: number;
  failed: number;
  cancelled: number;
  waiting: number;
}

export async function countExecutions(
  tx: Tx,
  workspaceId: string,
  span: Span,
): Promise<Overview["executions"]> {
  const counted = (condition: Sql) => sql`(
    select count(*) from executions e
    where e.workspace_id = ${workspaceId} and ${condition} and e.id >= b.low and e.id < b.high)`;
  // What succeeded is what is left: the index of states does without them, and all of this is
  // read from indexes alone.
  const rows = await tx.rows<ExecutionCounts>(sql`
    select ${counted(sql`true`)} as made, ${counted(sql`e.status = 'failed'`)} as failed,
      ${counted(sql`e.status = 'cancelled'`)} as cancelled,
      ${counted(sql`e.status = 'queued'`)} + ${counted(sql`e.status = 'running'`)} as waiting
    from ${bucketsOf("execution", span)} order by b.place`);
  return rows.map(({ made, failed, cancelled, waiting }, place) => {
    const succeeded = made - failed - cancelled - waiting;
    return { from: bucketStart(span, place).toISOString(), succeeded, failed, cancelled, waiting };
  });
}

export async function countDeliveries(
  tx: Tx,
  workspaceId: string,
  span: Span,
): Promise<Overview["deliveries"]> {
  const counted = (condition: Sql) => sql`(
    select count(*) from deliveries d
    where d.workspace_id = ${workspaceId} and ${condition} and d.id >= b.low and d.id < b.high)`;
  const rows = await tx.rows<{ made: number; failed: number; pending: number }>(sql`
    select ${counted(sql`true`)} as made, ${counted(sql`d.status = 'failed'`)} as failed,
      ${counted(sql`d.status = 'pending'`)} + ${counted(sql`d.status = 'processing'`)} as pending
    from ${bucketsOf("delivery", span)} order by b.place`);
  return rows.map(({ made, failed, pending }, place) => {
    const from = bucketStart(span, place).toISOString();
    return { from, sent: made - failed - pending, failed, pending };
  });
}

export function bucketStart({ from, bucketMs }: Span, place: number): Date {
  return new Date(from.getTime() + place * bucketMs);
}

/** The buckets as spans of ids, which carry the time of their making. */
function bucketsOf(kind: "execution" | "delivery", span: Span): Sql {
  const bounds = Array.from({ length: span.bucketCount + 1 }, (_, place) =>
    idFloor(kind, bucketStart(span, place)),
  );
  return sql`unnest(${bounds.slice(0, -1)}::text[], ${bounds.slice(1)}::text[])
    with ordinality as b (low, high, place)`;
}

/** Whatever has not ended for good before the span. */
function isCurrent(job: "j" | "c", from: Date): Sql {
  return sql`(${raw(job)}.state <> 'completed' or ${raw(job)}.updated_at >= ${from})`;
}

interface SlowRow {
  id: string;
  name: string;
  p50: number;
  p95: number;
  count: number;
}

export async function findSlowest(
  tx: Tx,
  workspaceId: string,
  { from }: Span,
): Promise<Overview["slowest"]> {
  const rows = await tx.rows<SlowRow>(sql`
    select j.id, j.name, count(*) as count,
      percentile_cont(0.5) within group (order by e.ms) as p50,
      percentile_cont(0.95) within group (order by e.ms) as p95
    from jobs j cross join lateral (
      select greatest(0, extract(epoch from finished_at - started_at) * 1000)::float8 as ms from (
        select status, started_at, finished_at from executions
        where job_id = j.id and id >= ${idFloor("execution", from)}
        order by id desc limit (
          select greatest(5, least(100, ${sampleMax}::int / greatest(1, count(*)))) from jobs c
          where c.workspace_id = ${workspaceId} and c.deleted_at is null and ${isCurrent("c", from)}
        )
      ) newest where status in ('succeeded', 'failed')
    ) e
    where j.workspace_id = ${workspaceId} and j.deleted_at is null and ${isCurrent("j", from)}
    group by j.id order by p95 desc, j.id limit ${shownMax}`);
  return rows.map((row) => ({
    job_id: row.id,
    job_name: row.name,
    duration_p50_ms: Math.round(row.p50),
    duration_p95_ms: Math.round(row.p95),
    sample_count: row.count,
  }));
}

interface DisabledRow {
  channel_id: string;
  channel_name: string;
  channel_type: ChannelTypeName;
  disabled_at: Date;
  disabled_reason: string;
  waiting: number;
}

export async function findDisabledChannels(
  tx: Tx,
  workspaceId: string,
): Promise<Overview["disabled_channels"]> {
  const rows = await tx.rows<DisabledRow>(sql`
    with parked as (
      select channel_id, count(*) as waiting from (
        select channel_id, parked_for from deliveries
        where workspace_id = ${workspaceId} and status = 'pending'
        order by id desc limit ${pendingLookedAt}
      ) pending where parked_for = 'channel' group by channel_id
    )
    select c.id as channel_id, c.name as channel_name, c.type as channel_type, c.disabled_at,
      c.disabled_reason, least(coalesce(p.waiting, 0), ${countedMax}) as waiting
    from channels c left join parked p on p.channel_id = c.id
    where c.workspace_id = ${workspaceId} and c.disabled_at is not null
    order by waiting desc, c.name, c.id limit ${failingShownMax}`);
  return rows.map((row) => ({ ...row, disabled_at: row.disabled_at.toISOString() }));
}
