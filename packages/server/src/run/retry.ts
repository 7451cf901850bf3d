// Decides whether an execution is tried again, and when. Pure: time and chance are arguments.
import type { RetryPolicy } from "@trigrun/contract";
import {
  exponential,
  formatLength,
  fullJitter,
  type NextTry,
  readRetryAfter,
  rulesAfterDeath,
  toNextTry,
} from "../retry.ts";
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
  /** When the first attempt began. */
  readonly beganAt: Date;
  readonly now: Date;
  readonly random: () => number;
}

// The product's specification: 250 ms × 2^(attempt-1), capped at 15 minutes; Retry-After too.
const backoffMs = 250;
const backoffMsMax = 15 * 60_000;
// Twenty attempts at the longest backoff take five hours. What is a day old, because no node was
// up in between, nobody waits for any more.
const ageMsMax = 24 * 3_600_000;

/** The target's way to say that a repeat is of no use: `X-Cron-Service-Retry: no`. */
export const stopHeader = "x-cron-service-retry";

/**
 * What follows an attempt.
 *
 *     success                          -> succeeded
 *     refused by the address guard     -> failed: it would be refused again
 *     status outside retry_on_statuses -> failed
 *     told not to retry                -> failed
 *     max_attempts used up             -> failed
 *     a day since the first attempt    -> failed
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
  if (attempt.responseHeaders?.[stopHeader]?.trim().toLowerCase() === "no") {
    return { next: "failed", reason: `${what} The target asked for no retry.` };
  }
  return decideRetry(facts, attempt.number - interruptions, what);
}

function decideRetry(facts: Facts, count: number, what: string): Decision {
  const { policy, attempt, beganAt, now, random } = facts;
  const askedMs = readRetryAfter(attempt.responseHeaders?.["retry-after"], now);
  const next = toNextTry(
    {
      stepMs: exponential(backoffMs, { capMs: backoffMsMax, triesMax: policy.max_attempts }),
      jitter: fullJitter,
      askedMsMax: backoffMsMax,
      ageMsMax,
    },
    { count, beganAt },
    { askedMs, now, random },
  );
  return toDecision(next, {
    what,
    exhausted:
      count === 1 ? "The only attempt failed: " : `All ${count} attempts failed; the last one: `,
    asked: `The target asked to wait ${formatLength(askedMs ?? 0)} (Retry-After).`,
  });
}

function toDecision(
  next: NextTry,
  words: { what: string; exhausted: string; asked: string },
): Decision {
  const { what } = words;
  if (next.kind === "over") {
    const tooOld = `The first attempt was made more than ${formatLength(ageMsMax)} ago; `;
    const reason =
      next.bound === "count" ? `${words.exhausted}${what}` : `${tooOld}the last one: ${what}`;
    return { next: "failed", reason };
  }
  const step = `Next attempt after a backoff of up to ${formatLength(next.stepMs)}.`;
  const why = next.by === "asked" ? words.asked : step;
  return { next: "retry", dueAt: next.at, reason: `${what} ${why}` };
}

function decideInterrupted({ attempt, interruptions, beganAt, now, random }: Facts): Decision {
  const what = attempt.errorMessage ?? "";
  // This attempt is one more interruption than those before it.
  const deaths = interruptions + 1;
  const next = toNextTry(rulesAfterDeath, { count: deaths, beganAt }, { now, random });
  if (next.kind === "over") {
    const reason = `${what} That happened ${deaths} times, so it is not tried again.`;
    return { next: "failed", reason };
  }
  const { stepMs } = next;
  const when = stepMs === 0 ? "at once" : `after a wait of up to ${formatLength(stepMs)}`;
  return { next: "retry", dueAt: next.at, reason: `${what} It is tried again ${when}.` };
}
