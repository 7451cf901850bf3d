// How the deliveries of each channel went: counts, latencies, and the failures in a row.
import type { Answer, TrigRunApi } from "@trigrun/contract";
import { sql, type Tx } from "./db.ts";
import { idBoundBefore } from "./id-bound.ts";

type ChannelStatistics = Answer<TrigRunApi["listChannelStatistics"]>["items"][number];

interface StatisticsRow {
  channel_id: string;
  channel_name: string;
  sent: number;
  failed: number;
  waiting: number;
  latency_p50_ms: number | null;
  latency_p95_ms: number | null;
  last_sent_at: Date | null;
  failures_in_row: number;
  failing_since: Date | null;
}

/** Of all channels of a workspace, over the deliveries made at or after `from`. */
export async function readChannelStatistics(
  tx: Tx,
  workspaceId: string,
  from: Date,
): Promise<ChannelStatistics[]> {
  const rows = await tx.rows<StatisticsRow>(sql`
    select c.id as channel_id, c.name as channel_name, c.failures_in_row, c.failing_since,
      coalesce(s.sent, 0) as sent, coalesce(s.failed, 0) as failed,
      coalesce(s.waiting, 0) as waiting, s.latency_p50_ms, s.latency_p95_ms, s.last_sent_at
    from channels c
    left join (
      select d.channel_id,
        count(*) filter (where d.status = 'sent') as sent,
        count(*) filter (where d.status = 'failed') as failed,
        count(*) filter (where d.status in ('pending', 'processing')) as waiting,
        percentile_cont(0.5) within group (order by a.latency_ms) as latency_p50_ms,
        percentile_cont(0.95) within group (order by a.latency_ms) as latency_p95_ms,
        max(d.finished_at) filter (where d.status = 'sent') as last_sent_at
      from deliveries d
      left join delivery_attempts a on a.delivery_id = d.id and a.number = d.attempt_count
        and a.verdict = 'sent'
      where d.workspace_id = ${workspaceId} and d.created_at >= ${from}
        and d.id >= ${idBoundBefore("delivery", from)}
      group by d.channel_id
    ) s on s.channel_id = c.id
    where c.workspace_id = ${workspaceId}
    order by c.id desc`);
  return rows.map((row) => ({
    ...row,
    last_sent_at: row.last_sent_at?.toISOString() ?? null,
    failing_since: row.failing_since?.toISOString() ?? null,
  }));
}
