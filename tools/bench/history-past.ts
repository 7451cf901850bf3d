// A past for the history benchmark: months of executions with their attempts, one in ten of them
// told, made by SQL. Months are filled first and attached with their indexes afterwards.
import { type Database, raw } from "../../packages/server/src/store/db.ts";
import {
  type HistoryTable,
  historyTables,
  startOfMonth,
  toPartition,
} from "../../packages/server/src/store/history-months.ts";

export interface Past {
  readonly workspaceId: string;
  readonly channelId: string;
  /** Each has its share. */
  readonly jobIds: readonly string[];
  readonly executions: number;
  readonly months: number;
}

// As a user's target answers: a few headers, a short body.
const rowsOf: Readonly<Record<string, string>> = {
  executions: `(id, workspace_id, job_id, status, trigger, scheduled_for, started_at, finished_at,
      attempt_count, reason, created_at)
    select 'exec_' || tail, workspace_id, job_id,
      case when n % 20 = 0 then 'failed' else 'succeeded' end, 'schedule', at, at,
      at + interval '120 ms', 1, case when n % 20 = 0 then 'answered 503' end, at from moments`,
  attempts: `(execution_id, number, workspace_id, status, status_code, started_at, latency_ms,
      dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms, body_preview, response_headers)
    select 'exec_' || tail, 1, workspace_id,
      case when n % 20 = 0 then 'HTTP_ERROR' else 'SUCCESS' end,
      case when n % 20 = 0 then 503 else 200 end, at, 120, 1, 2, 3, 110, 4, '{"ok":true}',
      '{"content-type":"application/json","content-length":"11"}' from moments`,
  deliveries: `(id, workspace_id, channel_id, channel_name, channel_type, destination_id, job_id,
      execution_id, event, facts, status, attempt_count, reason, created_at, finished_at)
    select 'dlv_' || tail, workspace_id, channel_id, 'ops', 'webhook',
      replace(channel_id, 'chan_', 'dest_'), job_id, 'exec_' || tail, 'on_completion',
      jsonb_build_object('job', jsonb_build_object('id', job_id, 'name', 'job'), 'execution',
        jsonb_build_object('id', 'exec_' || tail, 'status', 'succeeded', 'attempts', 1)),
      case when n % 200 = 0 then 'failed' else 'sent' end, 1, 'answered 200', at, at
    from moments where n % 10 = 0`,
  delivery_attempts: `(delivery_id, number, workspace_id, verdict, reason, started_at, latency_ms,
      request, response)
    select 'dlv_' || tail, 1, workspace_id,
      case when n % 200 = 0 then 'permanent' else 'sent' end, 'answered 200', at, 40,
      '{"method":"POST","url":"https://ops.example.com/","headers":{},"body":"{}"}',
      '{"status_code":200,"headers":{},"body":"ok","body_truncated":false}'
    from moments where n % 10 = 0`,
};

/** Answers how long it took, in seconds. */
export async function fillPast(db: Database, past: Past, now: Date): Promise<number> {
  const startedAt = performance.now();
  // A month takes minutes where ten million are spread over few.
  const limit = { statementTimeoutMs: 3_600_000 };
  for (let back = past.months - 1; back >= 0; back -= 1) {
    const from = startOfMonth(now, -back);
    await db.reserve(async (tx) => {
      for (const table of historyTables) {
        for (const text of toStatements(table, past, from, now)) await tx.run(raw(text));
      }
    }, limit);
  }
  await db.reserve((tx) => tx.run(raw("vacuum analyze")), limit);
  return (performance.now() - startedAt) / 1_000;
}

function toStatements(table: HistoryTable, past: Past, from: Date, now: Date): string[] {
  const { name, hasLocalKey } = table;
  const partition = toPartition(name, from);
  const next = startOfMonth(from, 1);
  // What is still to come in the current month is not past; and ids of the last two hours of a
  // month go with the next one.
  const end = new Date(Math.min(next.getTime() - 7_200_000, now.getTime() - 3_600_000));
  const count = Math.floor(past.executions / past.months);
  const stepMs = (end.getTime() - from.getTime()) / Math.max(count, 1);
  const moments = `with moments as (
    select n, at, '${past.workspaceId}'::text as workspace_id,
      '${past.channelId}'::text as channel_id,
      (array['${past.jobIds.join("','")}'])[1 + n % ${past.jobIds.length}] as job_id,
      substr(id_at('', at), 2) || lpad(to_hex(n % 65536), 4, '0')
        || substr(md5(n::text), 1, 16) as tail
    from (
      select n, ('${from.toISOString()}'::timestamptz
        + n * ${stepMs}::float8 * interval '1 ms')::timestamptz(3) as at
      from generate_series(0, ${count - 1}) as n
    ) spread
  )`;
  const [columns = "", select = ""] = (rowsOf[name] ?? "").split(/(?<=\))\n\s+(?=select)/);
  return [
    `create table ${partition} (like ${name} including defaults including constraints)
      with (fillfactor = ${hasLocalKey ? 85 : 100})`,
    `insert into ${partition} ${columns} ${moments} ${select}`,
    ...(hasLocalKey ? [`alter table ${partition} add primary key (id)`] : []),
    `alter table ${name} attach partition ${partition}
      for values from ('${table.toBound(from)}') to ('${table.toBound(next)}')`,
  ];
}
