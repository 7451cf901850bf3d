// Turns what the stages settle into figures: the one place that knows both. It only counts; it is
// called after a commit and must never throw into it.
import type { Metrics } from "./metrics.ts";
import type { OverdueSlot } from "./plan/overdue.ts";
import type { Settlement as DeliverySettlement } from "./store/delivery-settlement.ts";
import type { Settlement as ExecutionSettlement } from "./store/execution-queue.ts";

export function createObservers(metrics: Metrics) {
  return {
    onExecutions(batch: readonly ExecutionSettlement[], settled: ReadonlySet<string>): void {
      metrics.settled("executions", { settled: settled.size, lost: batch.length - settled.size });
      for (const { execution, attempt, outcome } of batch) {
        if (!settled.has(execution.id)) continue;
        if (attempt) metrics.attempt(attempt.status, toFirst(execution, attempt));
        if ("status" in outcome) metrics.executionEnded(outcome.status);
      }
    },
    onTries(batch: readonly DeliverySettlement[], settled: ReadonlySet<string>): void {
      metrics.settled("deliveries", { settled: settled.size, lost: batch.length - settled.size });
      for (const { delivery, attempt, status } of batch) {
        if (!settled.has(delivery.id)) continue;
        const type = delivery.channel?.type ?? "deleted";
        if (attempt) metrics.deliveryTry(type, attempt.verdict);
        if (status !== "pending") metrics.deliveryEnded(type, status);
      }
    },
    onSlots(slots: readonly OverdueSlot[]): void {
      const missed = slots.filter(({ missedReason }) => missedReason !== null).length;
      metrics.slots({ run: slots.length - missed, missed });
    },
  };
}

/** Lateness is that of first requests: a later one waits on purpose. */
function toFirst(
  { attemptCount, trigger, dueAt }: ExecutionSettlement["execution"],
  attempt: NonNullable<ExecutionSettlement["attempt"]>,
) {
  // Without a latency nothing left this node, as after a death before the request.
  if (attemptCount > 0 || attempt.latencyMs === null) return undefined;
  return { trigger, lateMs: Math.max(0, attempt.startedAt.getTime() - dueAt.getTime()) };
}
