// The load of the benchmarks: jobs that are made through the API, and executions of them that come
// due all at once. These are written as rows, since to make them is the planner's work and not
// what is measured.
import { setTimeout as delay } from "node:timers/promises";
import type { Client, TrigRunApi } from "@trigrun/contract";
import type pg from "pg";

/** Some 500 bytes as JSON, like the call of a usual webhook. */
export const bodyOfJob = { event: "tick", note: "x".repeat(470) };

/** What a request of a job carries beside its body, for the sake of equal sizes. */
export const headersOfJob = {
  "content-type": "application/json",
  "user-agent": "TrigRun/0.1 (+https://docs.trigrun.com)",
  "x-cron-service-job-id": "job_0000000000000000000000000000",
  "x-cron-service-execution-id": "exec_0000000000000000000000000000",
  "x-cron-service-attempt": "1",
};

/** Jobs that only run when the benchmark says so. */
export function makeJobs(
  client: Client<TrigRunApi>,
  targetUrl: string,
  count: number,
): Promise<string[]> {
  return inTens(count, async (index) => {
    const job = await client.createJob({
      body: {
        name: `job ${index}`,
        kind: "cron",
        // Once in four years.
        schedule: { cron: "0 0 29 2 *" },
        request: { method: "POST", url: targetUrl, body: bodyOfJob },
      },
    });
    return job.id;
  });
}

/** Ten at a time, so that no queue of connections builds up. */
export async function inTens<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  while (made.length < count) {
    const tens = Math.min(10, count - made.length);
    made.push(
      ...(await Promise.all(Array.from({ length: tens }, (_, i) => make(made.length + i)))),
    );
  }
  return made;
}

/** Jobs like one that is there, each due once: the first at `firstAt`, the next `everyMs` later. */
export async function scheduleJobs(
  db: pg.Client,
  like: string,
  { count, firstAt, everyMs }: { count: number; firstAt: Date; everyMs: number },
): Promise<void> {
  await db.query(
    `insert into jobs (id, workspace_id, name, kind, state, run_at, next_run_at, request,
       retry_policy)
     select new_id('job'), workspace_id, 'once ' || n, 'scheduled', 'active', at, at, request,
       retry_policy
     from jobs, generate_series(0, $2::integer - 1) n,
       lateral (select $3::timestamptz + n * $4::float8 * interval '1 ms' as at) moment
     where id = $1`,
    [like, count, firstAt, everyMs],
  );
  await db.query("select pg_notify('trigrun_wake', 'planner')");
}

/**
 * Lets `count` executions of all jobs in turn come due at this moment, and answers with the seconds
 * until the last of them, and of the deliveries that they made, has ended durably.
 */
export async function drain(db: pg.Client, count: number, signal: AbortSignal): Promise<number> {
  await queue(db, count);
  return await runQueued(db, signal);
}

/** Writes the executions, which nobody sees before `runQueued`. */
export async function queue(db: pg.Client, count: number): Promise<void> {
  await db.query("begin");
  await db.query(
    `insert into executions (id, workspace_id, job_id, trigger, scheduled_for, status, due_at)
     select new_id('exec'), j.workspace_id, j.id, 'manual', now(), 'queued', now()
     from generate_series(0, $1 - 1) n
     join (select *, row_number() over (order by id) - 1 as place, count(*) over () as all_jobs
           from jobs) j on j.place = n % j.all_jobs`,
    [count],
  );
  await db.query("select pg_notify('trigrun_wake', 'runner')");
}

/** Lets what was written last come due; the seconds until all of it has ended. */
export async function runQueued(db: pg.Client, signal: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  await db.query("commit");
  await untilDrained(db, signal);
  return (performance.now() - startedAt) / 1_000;
}

// So often it is asked whether anything is left: by less than a hundredth of what a round takes.
const lookMs = 10;

export async function untilDrained(db: pg.Client, signal: AbortSignal): Promise<void> {
  for (;;) {
    // Asked of the smallest indexes there are: of what waits, is leased, or is to be planned.
    const { rows } = await db.query<{ left: boolean }>(
      `select exists (select from executions where node_id is null and due_at is not null)
         or exists (select from executions where node_id is not null)
         or exists (select from jobs where next_run_at <= now())
         or exists (select from deliveries where status = 'pending')
         or exists (select from deliveries where node_id is not null) as left`,
    );
    if (rows[0]?.left !== true) return;
    await delay(lookMs, undefined, { signal });
  }
}
