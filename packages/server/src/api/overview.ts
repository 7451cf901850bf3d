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

interface Kept {
  readonly overview: Promise<Overview>;
  /** While it is being read, however long that takes, all share the one read. */
  settledAt: Date | undefined;
}

export function createOverviewHandlers(): Pick<ApiHandlers, "getOverview"> {
  const kept = new Map<string, Kept>();
  return {
    async getOverview({ query: { hours } }, { services, workspaceId, now }) {
      const key = `${workspaceId} ${hours}`;
      const last = kept.get(key);
      if (last !== undefined && isFresh(last, services.clock.now(), keptMs[hours])) {
        return await last.overview;
      }
      const overview = read(services.db, workspaceId, { hours, now });
      const entry: Kept = { overview, settledAt: undefined };
      kept.delete(key);
      kept.set(key, entry);
      const [oldest] = kept.keys();
      if (kept.size > keptMax && oldest !== undefined) kept.delete(oldest);
      try {
        const answer = await overview;
        entry.settledAt = services.clock.now();
        return answer;
      } catch (error) {
        // Another may stand there by now.
        if (kept.get(key) === entry) kept.delete(key);
        throw error;
      }
    },
  };
}

function isFresh({ settledAt }: Kept, now: Date, maxMs: number): boolean {
  if (settledAt === undefined) return true;
  // A clock that was set back must not prolong a memory.
  const age = now.getTime() - settledAt.getTime();
  return age >= 0 && age < maxMs;
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
