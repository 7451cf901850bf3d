// One event to one channel, and what follows each try to hand it over. Pure.
//
//   pending ──claim──> processing ──settle──> sent | failed
//      ▲                   └─ retry ──> pending, due later
//      └── retry by hand of failed (or resend of sent): a fresh round of tries
import type { Event, ExecutionFacts, Verdict } from "@trigrun/contract";
import { deathStep, formatLength, fullJitter, spread } from "../backoff.ts";

export interface Delivery {
  readonly id: string;
  readonly event: Event;
  readonly facts: ExecutionFacts;
  readonly output: string | null;
  readonly dueAt: Date;
  readonly attemptCount: number;
  /** `attemptCount` when the current round began. */
  readonly roundStart: number;
  /** Tries of this round that a dying node cut; they use up none. */
  readonly interruptions: number;
  readonly nodeId: string | null;
}

// The product's specification: 10 tries, each so long after the one before, ±20 %.
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const delaysMs = [
  5 * second,
  30 * second,
  2 * minute,
  10 * minute,
  30 * minute,
  hour,
  3 * hour,
  6 * hour,
  12 * hour,
] as const;
export const attemptsMax = delaysMs.length + 1;

// A receiver may ask for patience, but not for ever: the longest step of our own schedule.
const askedMsMax = 12 * hour;
// As for executions: ten deaths of the sending node are no accident.
const interruptionsMax = 10;

export type Next =
  | { readonly status: "sent"; readonly reason: string }
  | { readonly status: "failed"; readonly reason: string }
  | {
      readonly status: "pending";
      readonly reason: string;
      readonly dueAt: Date;
      /** Why then. */
      readonly dueReason: string;
    };

/** What follows a try with this verdict. */
export function decide(
  delivery: Delivery,
  verdict: Verdict,
  now: Date,
  random: () => number,
): Next {
  const { reason } = verdict;
  if (verdict.verdict === "sent") return { status: "sent", reason };
  if (verdict.verdict === "permanent") return { status: "failed", reason };
  const tries = delivery.attemptCount + 1 - delivery.roundStart - delivery.interruptions;
  const stepMs = delaysMs[tries - 1];
  if (stepMs === undefined) {
    return { status: "failed", reason: `All ${tries} tries are used up. The last one: ${reason}` };
  }
  const ownMs = spread(stepMs, random);
  const askedMs = (verdict.retryAfterSeconds ?? 0) * second;
  if (askedMs > ownMs) {
    const waitMs = Math.min(askedMs, askedMsMax);
    const dueReason = `The receiver asked to wait ${formatLength(askedMs)}.`;
    return { status: "pending", reason, dueAt: after(now, waitMs), dueReason };
  }
  const dueReason =
    `Step ${tries} of the schedule: ${formatLength(stepMs)} after the try before, ±20 %; ` +
    `${attemptsMax - tries} of ${attemptsMax} tries are left.`;
  return { status: "pending", reason, dueAt: after(now, ownMs), dueReason };
}

/** What follows when the node died in the middle of a try. */
export function decideInterrupted(
  delivery: Delivery,
  reason: string,
  now: Date,
  random: () => number,
): Next {
  const deaths = delivery.interruptions + 1;
  if (deaths >= interruptionsMax) {
    const often = `That happened ${interruptionsMax} times, so it is not tried again.`;
    return { status: "failed", reason: `${reason} ${often}` };
  }
  const stepMs = deathStep(deaths);
  const when = stepMs === 0 ? "at once" : `after a wait of up to ${formatLength(stepMs)}`;
  const dueReason = `An interrupted try is repeated ${when} and uses up none.`;
  return { status: "pending", reason, dueAt: after(now, fullJitter(stepMs, random)), dueReason };
}

// How long a delivery rests when its channel is disabled, before it looks again.
const disabledRestMs = hour;

/** A disabled channel burns no tries: its deliveries wait and say why. */
export function waitForChannel(disabledReason: string, now: Date): Next {
  return {
    status: "pending",
    reason: `The channel is disabled: ${disabledReason} Enable it to send what waits.`,
    dueAt: after(now, disabledRestMs),
    dueReason: "Looks every hour whether the channel is enabled again.",
  };
}

function after(now: Date, milliseconds: number): Date {
  return new Date(now.getTime() + milliseconds);
}
