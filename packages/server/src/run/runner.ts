// Runs executions that are due. It must never hold an execution whose end is not recorded.
//
// For each execution:
//   1. claim   lease it up to a second ahead (worker.ts waits for the due moment in memory)
//   2. call    make the job's HTTP request through the door
//   3. judge   compare the answer with the job's success statuses (attempt.ts)
//   4. decide  ended, or tried again when (retry.ts)
//   5. settle  record attempt, outcome and deliveries in one statement (settler.ts)
import type { Clock } from "../clock.ts";
import { faultPoint } from "../fault-point.ts";
import type { Log } from "../log.ts";
import { createSettler, type Settler } from "../settler.ts";
import { type Database, DatabaseUnavailable } from "../store/db.ts";
import {
  claimDue,
  findLeased,
  nextDueAt,
  releaseAllBut,
  type Settlement,
  settleIfLeased,
} from "../store/execution-queue.ts";
import type { HttpCall, HttpOutcome } from "../wire/http-call.ts";
import { createWorker, type Worker, withSettler } from "../worker.ts";
import { type Attempt, toAttempt, toInterruptedAttempt, withoutContents } from "./attempt.ts";
import { type Execution, toEnd } from "./execution.ts";
import { toCall } from "./request.ts";
import { decide } from "./retry.ts";

export interface RunnerOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly call: (call: HttpCall) => Promise<HttpOutcome>;
  readonly log: Log;
  readonly nodeId: string;
  /** False while the leases of this node may have run out. */
  readonly hasLeases: () => boolean;
  readonly concurrency: number;
  readonly publicUrl: string;
  /** Told when a settle made deliveries, so that they leave at once. */
  readonly onDeliveries: () => void;
}

export type Runner = Worker<Execution>;

// One second ahead, so that requests start from memory at their due moment.
const aheadMs = 1_000;

export function createRunner(options: RunnerOptions): Runner {
  const { db, clock, random, log, nodeId, publicUrl } = options;
  const settler = createExecutionSettler(options, () => worker.wake());

  function toSettlement(execution: Execution, attempt: Attempt): Settlement {
    const now = clock.now();
    const { retryPolicy: policy } = execution.job;
    const { interruptions } = execution;
    const beganAt = execution.startedAt ?? attempt.startedAt;
    const decision = decide({ policy, attempt, interruptions, beganAt, now, random });
    if (decision.next === "retry") {
      return { execution, attempt, reason: decision.reason, outcome: { dueAt: decision.dueAt } };
    }
    const outcome = toEnd(execution, decision.next, attempt, now, publicUrl);
    return { execution, attempt, reason: decision.reason, outcome };
  }

  async function run(execution: Execution, signal: AbortSignal): Promise<void> {
    const number = execution.attemptCount + 1;
    faultPoint("runner.claimed");
    const call = options.call({ ...toCall(execution, number), signal });
    faultPoint("runner.called");
    const outcome = await call;
    faultPoint("runner.answered");
    const attempt = toAttempt(outcome, number, execution.job.request.success_statuses);
    // Aborted by `cancel`: the canceller has settled it, so this changes nothing. Aborted by the
    // end of the drain: it is recorded as interrupted and made again by the next node.
    const judged =
      outcome.kind === "cancelled" ? toInterruptedAttempt(number, outcome.startedAt) : attempt;
    await settler.settle(toSettlement(execution, judged));
    logAttempt(log, execution, judged);
    faultPoint("runner.settled");
  }

  async function settleInterrupted(execution: Execution): Promise<void> {
    const attempt = toInterruptedAttempt(execution.attemptCount + 1, execution.dueAt);
    await settler.settle(toSettlement(execution, attempt));
    logAttempt(log, execution, attempt);
  }

  const worker = createWorker<Execution>({
    name: "runner",
    clock,
    log,
    concurrency: options.concurrency,
    aheadMs,
    hasLeases: options.hasLeases,
    async claim(dueBy, limit) {
      return { items: await claimDue(db, { nodeId, dueBy, limit }), isHeldBack: false };
    },
    nextDueAt: () => nextDueAt(db),
    releaseAllBut: (ids) => releaseAllBut(db, nodeId, ids),
    findLeased: (ids) => findLeased(db, nodeId, ids),
    work: run,
    settleInterrupted,
  });
  return withSettler(worker, settler);
}

function createExecutionSettler(
  { db, log, onDeliveries }: RunnerOptions,
  onRetry: () => void,
): Settler<Settlement> {
  return createSettler<Settlement>({
    name: "executions",
    log,
    idOf: ({ execution }) => execution.id,
    isOutage: (error) => error instanceof DatabaseUnavailable,
    reduce: (settlement) => ({
      ...settlement,
      attempt: settlement.attempt && withoutContents(settlement.attempt),
    }),
    async commit(batch) {
      const { settled, deliveries } = await settleIfLeased(db, batch);
      for (const { execution } of batch) {
        if (!settled.has(execution.id)) {
          log.info({ execution_id: execution.id }, "the lease was lost; nothing was changed");
        }
      }
      if (deliveries > 0) onDeliveries();
      if (batch.some(({ outcome }) => "dueAt" in outcome)) onRetry();
    },
  });
}

function logAttempt(log: Log, execution: Execution, attempt: Attempt): void {
  log.debug(
    {
      execution_id: execution.id,
      job_id: execution.job.id,
      attempt: attempt.number,
      status: attempt.status,
      status_code: attempt.statusCode,
      latency_ms: attempt.latencyMs,
      error_class: attempt.errorClass,
    },
    "attempt",
  );
}
