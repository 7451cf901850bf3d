// Decides whether an execution is tried again, and when. Pure: time and chance are arguments.
import type { RetryPolicy } from "@trigrun/contract";
import { deathStep, formatLength, fullJitter, readRetryAfter } from "../backoff.ts";
import type { Attempt } from "./attempt.ts";

export type Decision =
  | { readonly next: "succeeded"; readonly reason: null }
  | { readonly next: "failed"; readonly reason: string }
  | { readonly next: "retry"; readonly dueAt: Date; readonly reason: string };

export interface Facts {
  readonly policy: RetryPolicy;
  readonly attempt: Attempt;
  /** How many attempts before this one were cut by a dying node; they use up no try. */
  readonly interruptions: number;
  readonly now: Date;
  readonly random: () => number;
}

// The product's specification: 250 ms × 2^(attempt-1), capped at 15 minutes; Retry-After too.
const backoffMs = 250;
const backoffMsMax = 15 * 60_000;
// A request that kills its node each time would come back for ever; ten deaths are no accident.
export const interruptionsMax = 10;

/**
 * What follows an attempt.
 *
 *     success                          -> succeeded
 *     refused by the address guard     -> failed: it would be refused again
 *     status outside retry_on_statuses -> failed
 *     max_attempts used up             -> failed
 *     anything else                    -> retry at jittered backoff, or when Retry-After says
 */
export function decide(facts: Facts): Decision {
  const { attempt, policy, interruptions } = facts;
  if (attempt.status === "SUCCESS") return { next: "succeeded", reason: null };
  if (attempt.errorClass === "interrupted") return decideInterrupted(facts);
  const what = attempt.errorMessage ?? "The attempt failed.";
  if (attempt.errorClass === "target_not_allowed") return { next: "failed", reason: what };
  if (
    attempt.status === "HTTP_ERROR" &&
    !policy.retry_on_statuses.includes(attempt.statusCode ?? 0)
  ) {
    const reason = `${what} Status ${attempt.statusCode} is not in retry_on_statuses.`;
    return { next: "failed", reason };
  }
  const tries = attempt.number - interruptions;
  if (tries >= policy.max_attempts) {
    const all = tries === 1 ? "The only attempt failed" : `All ${tries} attempts failed`;
    return { next: "failed", reason: `${all}; the last one: ${what}` };
  }
  return decideRetry(facts, tries, what);
}

function decideRetry(facts: Facts, tries: number, what: string): Decision {
  const { attempt, now, random } = facts;
  const stepMs = Math.min(backoffMs * 2 ** (tries - 1), backoffMsMax);
  const jitteredMs = fullJitter(stepMs, random);
  const askedMs = readRetryAfter(attempt.responseHeaders?.["retry-after"], now);
  if (askedMs !== undefined && askedMs > jitteredMs) {
    const waitMs = Math.min(askedMs, backoffMsMax);
    const asked = `The target asked to wait ${formatLength(askedMs)} (Retry-After).`;
    return { next: "retry", dueAt: after(now, waitMs), reason: `${what} ${asked}` };
  }
  const reason = `${what} Next attempt after a backoff of up to ${formatLength(stepMs)}.`;
  return { next: "retry", dueAt: after(now, jitteredMs), reason };
}

function decideInterrupted({ attempt, interruptions, now, random }: Facts): Decision {
  const what = attempt.errorMessage ?? "";
  // This attempt is one more interruption than those before it.
  const deaths = interruptions + 1;
  if (deaths >= interruptionsMax) {
    return {
      next: "failed",
      reason: `${what} That happened ${interruptionsMax} times, so it is not tried again.`,
    };
  }
  const stepMs = deathStep(deaths);
  const when = stepMs === 0 ? "at once" : `after a wait of up to ${formatLength(stepMs)}`;
  const dueAt = after(now, fullJitter(stepMs, random));
  return { next: "retry", dueAt, reason: `${what} It is tried again ${when}.` };
}

function after(now: Date, milliseconds: number): Date {
  return new Date(now.getTime() + milliseconds);
}
