// When to try again: jittered backoff and what `Retry-After` asks for. Pure: time and chance are
// arguments, so that every bound can be tested.

/** Full jitter: anything from 0 to the exponential step, so that many do not come back at once. */
export function fullJitter(stepMs: number, random: () => number): number {
  return Math.floor(random() * stepMs);
}

/** A step of a fixed schedule, ±20 %: near what the documentation says, yet spread. */
export function spread(stepMs: number, random: () => number): number {
  return Math.round(stepMs * (0.8 + random() * 0.4));
}

// So long that nine waits span minutes: ten deaths are then no accident of one bad moment.
const deathStepMs = 1_000;

/**
 * The step to wait, with full jitter, before what a death of its node cut is done again. The first
 * time none. Then apart from all else that the same death cut, as any of it may be what kills.
 */
export function deathStep(deaths: number): number {
  return deaths <= 1 ? 0 : deathStepMs * 2 ** (deaths - 2);
}

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
