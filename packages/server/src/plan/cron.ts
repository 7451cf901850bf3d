// When a cron expression fires in a time zone, with the clock changes of Debian's cron: a fixed
// time in a gap fires once, right after it; in a fold the first time only; a job whose minute or
// hour begins with `*` follows the wall clock through both. It must never look at the present time.
//
// Written here rather than taken from croner, which is the second opinion in the tests: croner
// skips fixed times in a gap that ends on the next day (America/Nuuk, every March), takes a ranged
// step for a wildcard, and needs 81 kB and 45 µs where this needs 1 kB and 1 to 3 µs.

import { CRON_LENGTH_MAX, type CronFields, type CronProblem, parseCron } from "./cron-fields.ts";
import { remember } from "./remember.ts";
import { findNextChange, locateWall, offsetAt } from "./zone.ts";

export type { CronProblem } from "./cron-fields.ts";
export { checkTimezone } from "./zone.ts";

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const DAY_MS = DAY_MINUTES * MINUTE_MS;

/**
 * A longer gap is a correction of the calendar rather than summer time (Apia left out 30 December
 * 2011), and what lies in it does not fire: Debian's cron draws its line at three hours too.
 */
export const GAP_MAX_MS = 3 * 3_600_000;

// Some 1 kB each, so 2 MB at most. An installation has far fewer different expressions than jobs.
const PATTERNS_MAX = 2_000;

// The rarest expression, 29 February on one day of the week, comes again after 40 years at most.
const SEARCH_DAYS = 41 * 366;

// Instants before 1970 have no use here, and four digits of year are what the wire format can say.
const FIRST_MS = 0;
const LAST_YEAR = 9999;

const parseRemembered = remember(PATTERNS_MAX, parseCron);

/** Says what is wrong with the expression and what to write instead, or nothing. */
export function checkCron(expression: string): CronProblem | undefined {
  const parsed = parse(expression);
  return parsed.ok ? undefined : parsed.problem;
}

/**
 * The first run strictly after `after` (and not before 1970); null when there is none before the
 * year 10000. The expression and the zone must have passed their checks.
 */
export function nextCronRun(expression: string, timezone: string, after: Date): Date | null {
  const fields = fieldsOf(expression);
  if (after.getUTCFullYear() > LAST_YEAR) return null;
  const afterMs = Math.max(after.getTime(), FIRST_MS - 1);
  const atMs = fields.isFixedTime
    ? nextFixedRun(fields, timezone, afterMs)
    : nextWildcardRun(fields, timezone, afterMs);
  return atMs === undefined ? null : new Date(atMs);
}

/** The fields of an expression that passed `checkCron`; another one is a bug of the caller. */
export function fieldsOf(expression: string): CronFields {
  const parsed = parse(expression);
  if (!parsed.ok) throw new Error(`unchecked cron expression: ${parsed.problem.message}`);
  return parsed.fields;
}

function parse(expression: string) {
  // What is too long is refused, and must not be kept as a key either.
  return expression.length > CRON_LENGTH_MAX ? parseCron(expression) : parseRemembered(expression);
}

/** Walks over the matching wall times; a later one never lands earlier, so the first one wins. */
function nextFixedRun(fields: CronFields, timezone: string, afterMs: number): number | undefined {
  let wallMs = nextWallMatch(fields, afterMs + offsetAt(timezone, afterMs));
  while (wallMs !== undefined) {
    const moment = locateWall(timezone, wallMs);
    const atMs = moment.kind === "never" ? landAfterGap(moment.change) : moment.atMs;
    if (atMs !== undefined && atMs > afterMs) return atMs;
    wallMs = nextWallMatch(fields, wallMs);
  }
  return undefined;
}

function landAfterGap(change: { atMs: number; offsetBeforeMs: number; offsetAfterMs: number }) {
  const gapMs = change.offsetAfterMs - change.offsetBeforeMs;
  return gapMs <= GAP_MAX_MS ? change.atMs : undefined;
}

/** Walks over the stretches between clock changes; within one, wall time is UTC plus a constant. */
function nextWildcardRun(
  fields: CronFields,
  timezone: string,
  afterMs: number,
): number | undefined {
  let offsetMs = offsetAt(timezone, afterMs);
  let changesAfterMs = afterMs;
  let runsAfterMs = afterMs;
  for (;;) {
    const wallMs = nextWallMatch(fields, runsAfterMs + offsetMs);
    if (wallMs === undefined) return undefined;
    const atMs = wallMs - offsetMs;
    const change = findNextChange(timezone, changesAfterMs, atMs);
    if (change === undefined) return atMs;
    offsetMs = change.offsetAfterMs;
    changesAfterMs = change.atMs;
    // A run may fall on the very moment of the change.
    runsAfterMs = change.atMs - 1;
  }
}

/** The first wall time strictly after `wallMs` that the fields name. */
export function nextWallMatch(fields: CronFields, wallMs: number): number | undefined {
  const firstMinute = Math.floor(wallMs / MINUTE_MS) + 1;
  let day = Math.floor(firstMinute / DAY_MINUTES);
  let fromMinute = firstMinute - day * DAY_MINUTES;
  const lastDay = day + SEARCH_DAYS;
  while (day <= lastDay) {
    const date = new Date(day * DAY_MS);
    const year = date.getUTCFullYear();
    if (year > LAST_YEAR) return undefined;
    if (!fields.months.has(date.getUTCMonth() + 1)) {
      day = Date.UTC(year, date.getUTCMonth() + 1, 1) / DAY_MS;
    } else {
      if (matchesDay(fields, date)) {
        const minute = nextMinuteOfDay(fields, fromMinute);
        if (minute !== undefined) return (day * DAY_MINUTES + minute) * MINUTE_MS;
      }
      day += 1;
    }
    fromMinute = 0;
  }
  return undefined;
}

function matchesDay(fields: CronFields, date: Date): boolean {
  const isDayOfMonth = fields.daysOfMonth.has(date.getUTCDate());
  const isDayOfWeek = fields.daysOfWeek.has(date.getUTCDay());
  return fields.dayRule === "both" ? isDayOfMonth && isDayOfWeek : isDayOfMonth || isDayOfWeek;
}

/** The first named minute of a day, counted from midnight, that is not before `fromMinute`. */
function nextMinuteOfDay(fields: CronFields, fromMinute: number): number | undefined {
  const fromHour = Math.floor(fromMinute / 60);
  for (const hour of fields.hours) {
    if (hour < fromHour) continue;
    const from = hour === fromHour ? fromMinute - hour * 60 : 0;
    const minute = fields.minutes.find((value) => value >= from);
    if (minute !== undefined) return hour * 60 + minute;
  }
  return undefined;
}
