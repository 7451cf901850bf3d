// Cancels executions in the caller's transaction, with the deliveries that their end asks for.
// What has ended already stays as it is.
import type { Tx } from "../store/db.ts";
import { lockUnended, settleIfLeased } from "../store/execution-queue.ts";
import { announceCancel } from "../store/wake.ts";
import { toEnd } from "./execution.ts";

export interface Cancel {
  readonly executionIds: readonly string[];
  /** A sentence that says why, for the person who looks later. */
  readonly reason: string;
  readonly now: Date;
  readonly publicUrl: string;
}

/** Answers the ids that were cancelled; the caller has checked that they may be. */
export async function cancelExecutions(tx: Tx, cancel: Cancel): Promise<string[]> {
  const { executionIds, reason, now, publicUrl } = cancel;
  // The lock wins against a settle of the runner: whichever comes second changes nothing.
  const unended = await lockUnended(tx, executionIds);
  const settlements = unended.map(({ execution, lastAttempt }) => ({
    execution,
    attempt: null,
    reason,
    outcome: toEnd(execution, {
      status: "cancelled",
      ...{ lastAttempt, reason, finishedAt: now, publicUrl },
    }),
  }));
  const { settled } = await settleIfLeased(tx, settlements);
  for (const { execution } of unended) {
    if (execution.nodeId !== null) await announceCancel(tx, execution.id);
  }
  return [...settled];
}
