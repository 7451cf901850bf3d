// The overview: one answer from a handful of bounded reads. It writes nothing.
import { type Overview, overviewSpans } from "@trigrun/contract";
import type { Tx } from "../store/db.ts";
import {
  countDeliveries,
  countExecutions,
  countLate,
  findDisabledChannels,
  findFailing,
  findNext,
  findSlowest,
  type Span,
} from "../store/overview.ts";
import type { ApiHandlers } from "./context.ts";

// With 10,000 jobs and a million executions the day takes some 0.5 s and the month a second or
// two: however many pages are open, that is paid once in this time.
const keptMs = { "24": 5_000, "168": 30_000, "720": 60_000 } as const;
// Some 20 kB each.
const keptMax = 500;

export function createOverviewHandlers(): Pick<ApiHandlers, "getOverview"> {
  const kept = new Map<string, { readonly overview: Promise<Overview>; readonly at: number }>();
  return {
    async getOverview({ query: { hours } }, { services, workspaceId, now }) {
      const key = `${workspaceId} ${hours}`;
      const last = kept.get(key);
      const age = now.getTime() - (last?.at ?? 0);
      // A clock that was set back must not prolong a memory.
      if (last !== undefined && age >= 0 && age < keptMs[hours]) return await last.overview;
      const overview = read(services.db, workspaceId, { hours, now });
      kept.delete(key);
      kept.set(key, { overview, at: now.getTime() });
      const [oldest] = kept.keys();
      if (kept.size > keptMax && oldest !== undefined) kept.delete(oldest);
      try {
        return await overview;
      } catch (error) {
        kept.delete(key);
        throw error;
      }
    },
  };
}

/** One after the other: a page that is opened must not take all connections of the pool. */
async function read(
  tx: Tx,
  workspaceId: string,
  { hours, now }: { readonly hours: keyof typeof overviewSpans; readonly now: Date },
): Promise<Overview> {
  const span = toSpan(hours, now);
  return {
    from: span.from.toISOString(),
    to: now.toISOString(),
    bucket_seconds: span.bucketMs / 1_000,
    failing: await findFailing(tx, workspaceId, span),
    late: await countLate(tx, workspaceId, now),
    next: await findNext(tx, workspaceId),
    executions: await countExecutions(tx, workspaceId, span),
    deliveries: await countDeliveries(tx, workspaceId, span),
    slowest: await findSlowest(tx, workspaceId, span),
    disabled_channels: await findDisabledChannels(tx, workspaceId),
  };
}

/** Whole buckets, of which the last is the one that is going on. */
export function toSpan(hours: keyof typeof overviewSpans, now: Date): Span {
  const bucketMs = overviewSpans[hours] * 1_000;
  const bucketCount = (Number(hours) * 3_600_000) / bucketMs;
  const current = Math.floor(now.getTime() / bucketMs) * bucketMs;
  return { from: new Date(current - (bucketCount - 1) * bucketMs), bucketMs, bucketCount };
}
