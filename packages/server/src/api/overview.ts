// The overview: one answer from a handful of bounded reads. It writes nothing.
import { overviewSpans } from "@trigrun/contract";
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

export const overviewHandlers: Pick<ApiHandlers, "getOverview"> = {
  async getOverview({ query }, { tx, workspaceId, now }) {
    const span = toSpan(query.hours, now);
    // One after the other: a page that is opened must not take all connections of the pool.
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
  },
};

/** Whole buckets, of which the last is the one that is going on. */
export function toSpan(hours: keyof typeof overviewSpans, now: Date): Span {
  const bucketMs = overviewSpans[hours] * 1_000;
  const bucketCount = (Number(hours) * 3_600_000) / bucketMs;
  const current = Math.floor(now.getTime() / bucketMs) * bucketMs;
  return { from: new Date(current - (bucketCount - 1) * bucketMs), bucketMs, bucketCount };
}
