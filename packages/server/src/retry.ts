// When to try again, for attempts and deliveries alike: steps, jitter, what the far end asked for,
// and the bounds by count and by age. Pure: time and chance are arguments, so that every bound can
// be tested.

export interface RetryRules {
  /** How long to wait after so many tries, before jitter; undefined when they are used up. */
  readonly stepMs: (tries: number) => number | undefined;
  readonly jitter: (stepMs: number, random: () => number) => number;
  /** The longest wait that the far end may ask for. */
  readonly askedMsMax: number;
  /** No try is made so long after the first one began. */
  readonly ageMsMax: number;
}

export interface Tries {
  /** Tries made, this one included; those that a dying node cut are not counted. */
  readonly count: number;
  /** When the first of them began. */
  readonly beganAt: Date;
}

export type NextTry =
  | {
      readonly kind: "retry";
      readonly at: Date;
      /** What decided: a step of the rules, or the far end. */
      readonly by: "step" | "asked";
      readonly stepMs: number;
    }
  | { readonly kind: "over"; readonly bound: "count" | "age" };

/** What follows a failed try. `askedMs` is how long the far end asked to be left alone. */
export function toNextTry(
  rules: RetryRules,
  tries: Tries,
  { askedMs = 0, now, random }: { askedMs?: number | undefined; now: Date; random: () => number },
): NextTry {
  const stepMs = rules.stepMs(tries.count);
  if (stepMs === undefined) return { kind: "over", bound: "count" };
  const ownMs = rules.jitter(stepMs, random);
  const isAsked = askedMs > ownMs;
  const at = new Date(now.getTime() + (isAsked ? Math.min(askedMs, rules.askedMsMax) : ownMs));
  if (at.getTime() > tries.beganAt.getTime() + rules.ageMsMax)
    return { kind: "over", bound: "age" };
  return { kind: "retry", at, by: isAsked ? "asked" : "step", stepMs };
}

/** `baseMs` doubled with each try, up to `capMs`, for so many tries in all. */
export function exponential(
  baseMs: number,
  { capMs, triesMax }: { capMs: number; triesMax: number },
): RetryRules["stepMs"] {
  return (tries) => (tries >= triesMax ? undefined : Math.min(baseMs * 2 ** (tries - 1), capMs));
}

/** One step after another. */
export function schedule(stepsMs: readonly number[]): RetryRules["stepMs"] {
  return (tries) => stepsMs[tries - 1];
}

/** Full jitter: anything from 0 to the step, so that many do not come back at once. */
export function fullJitter(stepMs: number, random: () => number): number {
  return Math.floor(random() * stepMs);
}

/** A step of a fixed schedule, ±20 %: near what the documentation says, yet spread. */
export function spread(stepMs: number, random: () => number): number {
  return Math.round(stepMs * (0.8 + random() * 0.4));
}

/**
 * The same for what a dying node cut. Ten deaths of the node are no accident: then it is over. The
 * first time there is no wait; then one apart from all else that the same death cut, as any of it
 * may be what kills. The steps are so long that nine of them span minutes.
 */
export const rulesAfterDeath: RetryRules = {
  stepMs: (deaths) => (deaths >= deathsMax ? undefined : deaths <= 1 ? 0 : 500 * 2 ** (deaths - 1)),
  jitter: fullJitter,
  askedMsMax: 0,
  ageMsMax: Number.POSITIVE_INFINITY,
};
export const deathsMax = 10;

/**
 * `Retry-After` in milliseconds from now: seconds or an HTTP date (RFC 9110, 10.2.3).
 * Undefined when it is missing or means nothing; never negative.
 */
export function readRetryAfter(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1_000;
  // A date has a weekday's or month's letters; `Date.parse` alone takes far too much.
  if (!/^[A-Za-z]{3,9},? .*\d{4}/.test(text) && !/GMT$/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}

/** A length for a sentence: "250 ms", "5 s", "2 min", "3 h". */
export function formatLength(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 120_000) return `${Math.round(milliseconds / 1_000)} s`;
  if (milliseconds < 7_200_000) return `${Math.round(milliseconds / 60_000)} min`;
  return `${Math.round(milliseconds / 3_600_000)} h`;
}
