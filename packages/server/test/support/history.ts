// History of some years, for tests of its partitions: jobs and executions, each with an attempt and
// a delivery that has one as well, made by SQL with ids of their time.
import { raw, sql, type Tx } from "../../src/store/db.ts";

export interface Past {
  readonly workspaceId: string;
  readonly jobId: string;
  readonly channelId: string;
  readonly from: Date;
  readonly to: Date;
  readonly count: number;
}

/** Evenly from one instant to another; all succeeded, and were sent. */
export async function insertPast(tx: Tx, past: Past): Promise<void> {
  const { workspaceId, jobId, channelId, from, to, count } = past;
  await tx.run(sql`
    create temporary table past as
    select substr(id_at('', at), 2) || lpad(to_hex(n), 4, '0')
        || substr(replace(gen_random_uuid()::text, '-', ''), 1, 16) as tail, at
    from (
      select n, (${from}::timestamptz + n * (${to}::timestamptz - ${from}::timestamptz)
        / ${count})::timestamptz(3) as at
      from generate_series(0, ${count}::integer - 1) as n
    ) moments`);
  await tx.run(sql`
    insert into executions (id, workspace_id, job_id, status, trigger, scheduled_for, started_at,
      finished_at, attempt_count, created_at)
    select 'exec_' || tail, ${workspaceId}, ${jobId}, 'succeeded', 'schedule', at, at, at, 1, at
    from past`);
  await tx.run(sql`
    insert into attempts (execution_id, number, workspace_id, status, status_code, started_at)
    select 'exec_' || tail, 1, ${workspaceId}, 'SUCCESS', 200, at from past`);
  await tx.run(sql`
    insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
      destination_id, job_id, execution_id, event, facts, status, attempt_count, created_at,
      finished_at)
    select 'dlv_' || tail, ${workspaceId}, ${channelId}, 'ops', 'webhook',
      replace(${channelId}::text, 'chan_', 'dest_'), ${jobId}, 'exec_' || tail, 'on_success', '{}',
      'sent', 1, at, at
    from past`);
  await tx.run(sql`
    insert into delivery_attempts (delivery_id, number, workspace_id, verdict, reason, started_at)
    select 'dlv_' || tail, 1, ${workspaceId}, 'sent', 'answered 200', at from past`);
  await tx.run(raw("drop table past"));
}

/** How many rows of each table there are. */
export async function countHistory(tx: Tx, workspaceId: string): Promise<number[]> {
  const [row] = await tx.rows<{ counts: number[] }>(sql`
    select array[
      (select count(*) from executions where workspace_id = ${workspaceId}),
      (select count(*) from attempts where workspace_id = ${workspaceId}),
      (select count(*) from deliveries where workspace_id = ${workspaceId}),
      (select count(*) from delivery_attempts where workspace_id = ${workspaceId})
    ]::integer[] as counts`);
  return row?.counts ?? [];
}

/** The partitions of a table, the newest last. */
export async function listPartitions(tx: Tx, table: string): Promise<string[]> {
  const rows = await tx.rows<{ name: string }>(sql`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = ${table}::regclass order by c.relname`);
  return rows.map(({ name }) => name.slice(table.length + 1)).sort();
}
