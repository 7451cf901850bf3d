// Ten thousand jobs that are due within one second, on two nodes: each runs once, and each end is
// told once.
import { expect, it } from "vitest";
import { raw, sql } from "../../src/store/db.ts";
import { openCluster } from "./cluster.ts";

const nodes = 2;
const jobs = 10_000;
// Giving all of them their moment takes a second or two.
const aheadSeconds = 8;

it("ten thousand jobs due in one second all run once and are all told", async (test) => {
  const cluster = await openCluster(41);
  test.onTestFinished(() => cluster.close());
  const { client, farEnds, installation } = cluster;
  await cluster.startNodes(nodes);
  await client.createChannel("steady", farEnds.receiver("steady", 200));
  const schedule = { run_at: new Date(Date.now() + 3_600_000).toISOString() };
  await client.createJob({ kind: "scheduled", schedule, target: farEnds.target(200) });
  const db = await installation.connect();
  test.onTestFinished(() => db.close());
  await db.run(sql`
    insert into jobs
    select (jsonb_populate_record(j, jsonb_build_object(
      'id', new_id('job'), 'name', 'copy ' || n, 'next_run_at', null))).*
    from jobs j cross join generate_series(1, ${jobs}::integer) n`);
  await db.run(raw("delete from rules"));
  await db.run(raw("delete from jobs where name not like 'copy %'"));
  await db.run(sql`
    insert into rules (id, workspace_id, job_id, channel_id, event)
    select new_id('rule'), j.workspace_id, j.id, c.id, 'on_success' from jobs j, channels c`);
  const [due] = await db.rows<{ at: Date }>(sql`
    with due as (select date_trunc('second', now()) + ${aheadSeconds} * interval '1 second' as at),
    made as (
      update jobs set run_at = m.at, next_run_at = m.at
      from (
        select id, due.at + (row_number() over () % 1000) * interval '1 millisecond' as at
        from jobs, due
      ) m
      where jobs.id = m.id
    )
    select at from due`);
  const dueMs = due?.at.getTime() ?? 0;
  const copies = await db.rows<{ id: string; name: string }>(raw("select id, name from jobs"));
  client.adopt(copies);
  await cluster.untilFinished();
  const endedMs = Date.now() - dueMs;
  const calledMs = Math.max(...farEnds.targetCalls.map(({ atMs }) => atMs)) - dueMs;
  expect(farEnds.targetCalls).toHaveLength(jobs);
  expect(farEnds.webhookCalls).toHaveLength(jobs);
  const what =
    `${jobs.toLocaleString("en-US")} jobs due in one second on ${nodes} nodes: the last one was ` +
    `called after ${(calledMs / 1_000).toFixed(1)} s, all was told after ` +
    `${(endedMs / 1_000).toFixed(1)} s`;
  expect(await cluster.prove(what)).toEqual([]);
});
