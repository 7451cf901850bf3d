// Runs executions that are due. It must never hold an execution whose end is not recorded.
//
// For each execution:
//   1. claim   lease it up to a second ahead (worker.ts waits for the due moment in memory)
//   2. call    fill in the secrets and make the job's HTTP request through the door
//   3. judge   compare the answer with the job's success statuses (attempt.ts)
//   4. decide  ended, or tried again when (retry.ts)
//   5. settle  record attempt, outcome and deliveries in one statement (settler.ts)
import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import { faultPoint } from "../fault-point.ts";
import type { Log } from "../log.ts";
import { createScrubber } from "../scrub.ts";
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
import {
  type Attempt,
  toAttempt,
  toInterruptedAttempt,
  toUnsentAttempt,
  withoutContents,
} from "./attempt.ts";
import { type Execution, idsOf, toEnd } from "./execution.ts";
import { toCall } from "./request.ts";
import { decide } from "./retry.ts";
import { fillSecrets, findSecretNames, noSecrets, type OpenedSecrets } from "./secret.ts";

export interface RunnerOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: () => number;
  readonly call: (call: HttpCall) => Promise<HttpOutcome>;
  /** Opens secrets of the job's workspace. */
  readonly openSecrets: (jobId: string, names: readonly string[]) => Promise<OpenedSecrets>;
  readonly log: Log;
  readonly nodeId: string;
  /** False while the leases of this node may have run out. */
  readonly hasLeases: () => boolean;
  readonly concurrency: number;
  readonly publicUrl: string;
  /** Told when a settle made deliveries, so that they leave at once. */
  readonly onDeliveries: () => void;
  /** Told after each commit what was in it, and whose lease still stood. */
  readonly onSettled?: (batch: readonly Settlement[], settled: ReadonlySet<string>) => void;
}

export type Runner = Worker<Execution>;

/** An attempt, and what was odd about it. */
interface Made {
  readonly attempt: Attempt;
  readonly warnings: readonly string[];
}

// One second ahead, so that requests start from memory at their due moment.
const aheadMs = 1_000;

export function createRunner(options: RunnerOptions): Runner {
  const { db, clock, random, log, nodeId, publicUrl } = options;
  const settler = createExecutionSettler(options, () => worker.wake());

  function toSettlement(execution: Execution, { attempt, warnings }: Made): Settlement {
    const now = clock.now();
    const { retryPolicy: policy } = execution.job;
    const { interruptions } = execution;
    const beganAt = execution.startedAt ?? attempt.startedAt;
    const decision = decide({ policy, attempt, interruptions, beganAt, now, random });
    if (decision.next === "retry") {
      const outcome = { dueAt: decision.dueAt };
      return { execution, attempt, warnings, reason: decision.reason, outcome };
    }
    const { next: status, reason } = decision;
    const ending = { status, lastAttempt: attempt, reason, finishedAt: now, publicUrl };
    return { execution, attempt, warnings, reason, outcome: toEnd(execution, ending) };
  }

  async function run(execution: Execution, signal: AbortSignal): Promise<void> {
    faultPoint("runner.claimed");
    const made = await attempt(execution, signal);
    await settler.settle(toSettlement(execution, made));
    logAttempt(log, execution, made.attempt);
    faultPoint("runner.settled");
  }

  async function attempt(execution: Execution, signal: AbortSignal): Promise<Made> {
    const number = execution.attemptCount + 1;
    const { request: written } = execution.job;
    const opened = await openSecretsOf(options, execution, signal);
    if (opened === undefined) {
      return { attempt: toInterruptedAttempt(number, clock.now()), warnings: [] };
    }
    const filled = fillSecrets(written, opened);
    const { warnings } = filled;
    if (filled.kind === "unsendable") {
      return { attempt: toUnsentAttempt(number, clock.now(), filled), warnings };
    }
    const request = toCall(execution, number, filled.request, filled.secretHeaders);
    const call = options.call({ ...request, signal });
    faultPoint("runner.called");
    const outcome = await call;
    faultPoint("runner.answered");
    // Aborted by `cancel`: the canceller has settled it, so this changes nothing. Aborted by the
    // end of the drain: it is recorded as interrupted and made again by the next node.
    if (outcome.kind === "cancelled") {
      return { attempt: toInterruptedAttempt(number, outcome.startedAt), warnings };
    }
    const scrub = createScrubber(filled.masks);
    return { attempt: toAttempt(outcome, number, written.success_statuses, scrub), warnings };
  }

  async function settleInterrupted(execution: Execution): Promise<void> {
    const attempt = toInterruptedAttempt(execution.attemptCount + 1, execution.dueAt);
    await settler.settle(toSettlement(execution, { attempt, warnings: [] }));
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
    idsOf,
    settleInterrupted,
  });
  return withSettler(worker, settler);
}

// The pause of the settler, which meets the same outage.
const awayPauseMs = 250;

/**
 * Read for this attempt alone, and only by one that names any. While the database is away it waits,
 * as a request with its references left in would be a wrong one. Undefined when it is aborted.
 */
async function openSecretsOf(
  { openSecrets, log }: RunnerOptions,
  execution: Execution,
  signal: AbortSignal,
): Promise<OpenedSecrets | undefined> {
  const { job } = execution;
  const names = findSecretNames(job.request);
  if (names.length === 0) return noSecrets;
  while (!signal.aborted) {
    try {
      return await openSecrets(job.id, names);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable)) throw error;
      const fields = { ...idsOf(execution), err: error };
      log.warn(fields, "the secrets of an attempt cannot be read yet");
      await delay(awayPauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

function createExecutionSettler(
  { db, log, onDeliveries, onSettled }: RunnerOptions,
  onRetry: () => void,
): Settler<Settlement> {
  return createSettler<Settlement>({
    name: "executions",
    log,
    idsOf: ({ execution }) => idsOf(execution),
    isOutage: (error) => error instanceof DatabaseUnavailable,
    reduce: (settlement) => ({
      ...settlement,
      attempt: settlement.attempt && withoutContents(settlement.attempt),
    }),
    async commit(batch) {
      const { settled, deliveries } = await settleIfLeased(db, batch);
      for (const { execution } of batch) {
        if (!settled.has(execution.id)) {
          log.info(idsOf(execution), "the lease was lost; nothing was changed");
        }
      }
      onSettled?.(batch, settled);
      if (deliveries > 0) onDeliveries();
      if (batch.some(({ outcome }) => "dueAt" in outcome)) onRetry();
    },
  });
}

function logAttempt(log: Log, execution: Execution, attempt: Attempt): void {
  log.debug(
    {
      ...idsOf(execution),
      attempt: attempt.number,
      status: attempt.status,
      status_code: attempt.statusCode,
      latency_ms: attempt.latencyMs,
      error_class: attempt.errorClass,
    },
    "attempt",
  );
}
