// How single jobs went: the strip of their newest executions, and one job's counts and durations
// over time. Every read walks down the index of one job and is bounded by a number of rows.
import type { ExecutionStatus, JobStatistics, RecentExecution } from "@trigrun/contract";
import { sql, type Tx } from "./db.ts";
import { idFloor } from "./id-bound.ts";
import { bucketStart, type Span } from "./overview.ts";

interface RecentRow {
  id: string;
  job_id: string;
  status: ExecutionStatus;
  scheduled_for: Date;
  duration_ms: number | null;
}

/** The newest of each job, newest first, in one statement. The jobs are the caller's to check. */
export async function findRecentExecutions(
  tx: Tx,
  jobIds: readonly string[],
  limit: number,
): Promise<ReadonlyMap<string, RecentExecution[]>> {
  const rows = await tx.rows<RecentRow>(sql`
    select e.id, wanted.job_id, e.status, e.scheduled_for,
      -- A runner claims up to a second ahead: what is cancelled in it ends before its start.
      case when e.finished_at is not null and e.started_at is not null then
        greatest(0, round(extract(epoch from e.finished_at - e.started_at) * 1000))::float8
      end as duration_ms
    from unnest(${jobIds}::text[]) as wanted (job_id) cross join lateral (
      select id, status, scheduled_for, started_at, finished_at from executions
      where job_id = wanted.job_id order by id desc limit ${limit}
    ) e order by e.id desc`);
  const found = new Map<string, RecentExecution[]>();
  for (const { job_id: jobId, scheduled_for: scheduledFor, ...row } of rows) {
    const recent = found.get(jobId) ?? [];
    recent.push({ ...row, scheduled_for: scheduledFor.toISOString() });
    found.set(jobId, recent);
  }
  return found;
}

// One a minute makes 43,200 in 30 days; what is more often is run by hand.
const rowsMax = 50_000;
// Enough for percentiles that one odd run does not move, and a short walk.
const usualLookedAt = 200;
// A tenth of fewer than five is a guess.
const usualMin = 5;
const streakMax = 500;

export async function readJobStatistics(
  tx: Tx,
  jobId: string,
  span: Span,
  now: Date,
): Promise<JobStatistics> {
  const rows = await countByBucket(tx, jobId, span);
  const whole = rows.find(({ place }) => place === null);
  const byPlace = new Map(rows.map((row) => [row.place, row]));
  const { succeeded = 0, failed = 0, cancelled = 0 } = whole ?? {};
  const judged = succeeded + failed;
  return {
    job_id: jobId,
    from: span.from.toISOString(),
    to: now.toISOString(),
    bucket_seconds: span.bucketMs / 1_000,
    ...{ succeeded, failed, cancelled },
    success_rate: judged === 0 ? null : succeeded / judged,
    duration_p50_ms: whole?.p50 ?? null,
    duration_p95_ms: whole?.p95 ?? null,
    usual_duration: await findUsual(tx, jobId),
    streak: await findStreak(tx, jobId),
    buckets: Array.from({ length: span.bucketCount }, (_, place) => {
      const row = byPlace.get(place);
      return {
        from: bucketStart(span, place).toISOString(),
        succeeded: row?.succeeded ?? 0,
        failed: row?.failed ?? 0,
        cancelled: row?.cancelled ?? 0,
        waiting: row?.waiting ?? 0,
        duration_p50_ms: row?.p50 ?? null,
        duration_p95_ms: row?.p95 ?? null,
      };
    }),
  };
}

interface BucketRow {
  /** Null for the row of the whole span. */
  place: number | null;
  succeeded: number;
  failed: number;
  cancelled: number;
  waiting: number;
  p50: number | null;
  p95: number | null;
}

async function countByBucket(tx: Tx, jobId: string, span: Span): Promise<BucketRow[]> {
  const starts = Array.from({ length: span.bucketCount }, (_, place) =>
    idFloor("execution", bucketStart(span, place)),
  );
  // `width_bucket` finds the bucket by the ids where the buckets begin.
  return await tx.rows<BucketRow>(sql`
    select place,
      count(*) filter (where status = 'succeeded') as succeeded,
      count(*) filter (where status = 'failed') as failed,
      count(*) filter (where status = 'cancelled') as cancelled,
      count(*) filter (where status in ('queued', 'running')) as waiting,
      round(percentile_cont(0.5) within group (order by ms))::float8 as p50,
      round(percentile_cont(0.95) within group (order by ms))::float8 as p95
    from (
      select status, width_bucket(id, ${starts}::text[]) - 1 as place,
        case when status in ('succeeded', 'failed')
          then extract(epoch from finished_at - started_at)::float8 * 1000 end as ms
      from (
        select id, status, started_at, finished_at from executions
        where job_id = ${jobId} and id >= ${idFloor("execution", span.from)}
        order by id desc limit ${rowsMax}
      ) newest
    ) placed group by grouping sets ((place), ())`);
}

async function findUsual(tx: Tx, jobId: string): Promise<JobStatistics["usual_duration"]> {
  const [row] = await tx.rows<{ count: number; low: number | null; high: number | null }>(sql`
    select count(*) as count,
      round(percentile_cont(0.1) within group (order by ms))::float8 as low,
      round(percentile_cont(0.9) within group (order by ms))::float8 as high
    from (
      select extract(epoch from finished_at - started_at)::float8 * 1000 as ms from (
        select status, started_at, finished_at from executions
        where job_id = ${jobId} order by id desc limit ${usualLookedAt}
      ) newest where status = 'succeeded'
    ) lengths`);
  if (row === undefined || row.low === null || row.high === null) return null;
  return row.count < usualMin ? null : { from_ms: row.low, to_ms: row.high };
}

interface StreakRow {
  status: "succeeded" | "failed";
  count: number;
  since: Date;
}

async function findStreak(tx: Tx, jobId: string): Promise<JobStatistics["streak"]> {
  const [row] = await tx.rows<StreakRow>(sql`
    select status, count(*) as count, min(finished_at) as since from (
      select status, finished_at,
        bool_or(status <> latest) over (order by id desc) as is_over
      from (
        select id, status, finished_at, first_value(status) over (order by id desc) as latest
        from (
          select id, status, finished_at from executions
          where job_id = ${jobId} order by id desc limit ${streakMax}
        ) newest where status in ('succeeded', 'failed')
      ) judged
    ) marked where not is_over group by status`);
  if (row === undefined) return null;
  return { status: row.status, count: row.count, since: row.since.toISOString() };
}
