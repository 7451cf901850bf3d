// One event to one channel, and what follows each try to hand it over. Pure.
//
//   pending ──claim──> processing ──settle──> sent | failed
//      ▲                   ├─ retry ──> pending, due later
//      │                   └─ its channel is disabled ──> pending, parked
//      └── retry by hand of failed (or resend of sent): a fresh round of tries
import type { Verdict } from "@trigrun/contract";
import {
  formatLength,
  type RetryRules,
  rulesAfterDeath,
  schedule,
  spread,
  toNextTry,
} from "../retry.ts";
import type { Told } from "./notice.ts";

export type Delivery = Told & Course;

/** Where it stands. */
interface Course {
  readonly id: string;
  readonly workspaceId: string;
  /** Null for what tells of no single job. */
  readonly jobId: string | null;
  /** Null for what tells of no single execution. */
  readonly executionId: string | null;
  readonly output: string | null;
  readonly dueAt: Date;
  readonly attemptCount: number;
  /** `attemptCount` when the current round began. */
  readonly roundStart: number;
  /** When the first try of the current round was made; null before it. */
  readonly roundBeganAt: Date | null;
  /** Tries of this round that a dying node cut; they use up none. */
  readonly interruptions: number;
  readonly nodeId: string | null;
}

/** For lines of the log. */
export function idsOf({ id, executionId, jobId, workspaceId }: Course) {
  const about = { execution_id: executionId, job_id: jobId, workspace_id: workspaceId };
  return { delivery_id: id, ...about };
}

// The product's specification: 10 tries, each so long after the one before, ±20 %.
const hour = 3_600;
export const scheduleSeconds: readonly number[] = [
  ...[5, 30, 120, 600, 1_800],
  ...[hour, 3 * hour, 6 * hour, 12 * hour],
];

/** How many tries a round has. `retrySchedule` is the channel's own; null for the product's. */
export function attemptsMaxOf(retrySchedule: readonly number[] | null): number {
  return (retrySchedule ?? scheduleSeconds).length + 1;
}

// A receiver may ask for patience, but not for ever: the longest step of our own schedule.
const askedMsMax = 12 * hour * 1_000;
// A channel's own schedule may take three days, ±20 %. News that is four days old is history, which
// can be read.
const ageMsMax = 96 * hour * 1_000;

function rulesOf(retrySchedule: readonly number[] | null): RetryRules {
  const stepsMs = (retrySchedule ?? scheduleSeconds).map((seconds) => seconds * 1_000);
  return { stepMs: schedule(stepsMs), jitter: spread, askedMsMax, ageMsMax };
}

export type Next =
  | { readonly status: "sent"; readonly reason: string }
  | { readonly status: "failed"; readonly reason: string }
  | {
      readonly status: "pending";
      readonly reason: string;
      readonly dueAt: Date;
      /** Why then. */
      readonly dueReason: string;
      /** Waits for its channel to be enabled, whenever it is due. */
      readonly isParked?: boolean;
    };

/** When and by what chance: what no noun may know by itself. */
export interface Chance {
  readonly now: Date;
  readonly random: () => number;
}

/** What follows a try with this verdict. `retrySchedule` is the channel's own, if it has one. */
export function decide(
  delivery: Delivery,
  verdict: Verdict,
  { now, random, retrySchedule }: Chance & { readonly retrySchedule: readonly number[] | null },
): Next {
  const { reason } = verdict;
  if (verdict.verdict === "sent") return { status: "sent", reason };
  if (verdict.verdict === "permanent") return { status: "failed", reason };
  const count = delivery.attemptCount + 1 - delivery.roundStart - delivery.interruptions;
  const askedMs = (verdict.retryAfterSeconds ?? 0) * 1_000;
  const tries = { count, beganAt: delivery.roundBeganAt ?? now };
  const next = toNextTry(rulesOf(retrySchedule), tries, { askedMs, now, random });
  if (next.kind === "over") {
    const bound =
      next.bound === "count"
        ? `All ${count} tries are used up.`
        : `The first try was made more than ${formatLength(ageMsMax)} ago.`;
    return { status: "failed", reason: `${bound} The last one: ${reason}` };
  }
  const attemptsMax = attemptsMaxOf(retrySchedule);
  const dueReason =
    next.by === "asked"
      ? toAskedReason(askedMs)
      : `Step ${count} of the schedule: ${formatLength(next.stepMs)} after the last try, ±20 %; ` +
        `${attemptsMax - count} of ${attemptsMax} tries are left.`;
  return { status: "pending", reason, dueAt: next.at, dueReason };
}

function toAskedReason(askedMs: number): string {
  const most = askedMs > askedMsMax ? `, of which ${formatLength(askedMsMax)} are granted` : "";
  return `The receiver asked to wait ${formatLength(askedMs)}${most}.`;
}

/** What follows when the node died in the middle of a try. */
export function decideInterrupted(
  delivery: Delivery,
  reason: string,
  { now, random }: Chance,
): Next {
  const count = delivery.interruptions + 1;
  const next = toNextTry(rulesAfterDeath, { count, beganAt: now }, { now, random });
  if (next.kind === "over") {
    const often = `That happened ${count} times, so it is not tried again.`;
    return { status: "failed", reason: `${reason} ${often}` };
  }
  const { stepMs, at } = next;
  const when = stepMs === 0 ? "at once" : `after a wait of up to ${formatLength(stepMs)}`;
  const dueReason = `An interrupted try is repeated ${when} and uses up none.`;
  return { status: "pending", reason, dueAt: at, dueReason };
}

/** A disabled channel burns no tries: its deliveries wait, parked, and say why. */
export function parkForChannel(delivery: Delivery, disabledReason: string): Next {
  return {
    status: "pending",
    reason: `The channel is disabled: ${disabledReason} Enable it to send what waits.`,
    dueAt: delivery.dueAt,
    dueReason: "It waits until the channel is enabled.",
    isParked: true,
  };
}
