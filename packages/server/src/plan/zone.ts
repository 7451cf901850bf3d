// What the clocks of a time zone show, and when they are put forward or back, asked from Intl once
// per zone and year and then remembered. Pure: it never knows the present time.
//
// Wall times are numbers of milliseconds too: the instant at which a clock that shows UTC would
// show the same date and time.

import { remember } from "./remember.ts";

export interface ClockChange {
  readonly atMs: number;
  /** What is added to UTC to get the wall time, before and from the change on. */
  readonly offsetBeforeMs: number;
  readonly offsetAfterMs: number;
}

/** How often a wall time is shown: on most days once; in a fold twice; in a gap never. */
export type WallMoment =
  | { readonly kind: "once"; readonly atMs: number }
  | { readonly kind: "twice"; readonly atMs: number; readonly againMs: number }
  | { readonly kind: "never"; readonly change: ClockChange };

interface ZoneYear {
  readonly offsetMs: number;
  readonly changes: readonly ClockChange[];
}

// Nothing was scheduled before, and older changes would only make a search from afar slow.
const FIRST_YEAR = 1970;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

// Two changes of one zone are never closer than 167 hours (Recife in October 2000, of all changes
// in the tz database since 1970), so no two of them fit between probes six days apart.
const PROBE_MS = 6 * DAY_MS;

// Offsets lie between -12 and +14 hours, so what a clock shows differs from UTC by less than this.
const OFFSET_BOUND_MS = 16 * HOUR_MS;

// The tz database knows some 600 zone names. A schedule needs the present year and the next, which
// makes 1,200 entries of some 300 bytes if every zone is in use.
const ZONE_YEARS_MAX = 2_000;

// One Intl formatter takes some 50 kB and is needed only to learn a year that is not yet known.
const FORMATTERS_MAX = 64;

// The three-letter names that the tz database itself defines. Intl knows more of them for old Java
// programs (IST, PST, BST, ...); they mean different zones to different people.
const THREE_LETTER_ZONES = new Set(
  "CET EET EST GMT HST MET MST PRC ROC ROK UCT UTC WET".split(" "),
);

const formatterOf = remember(
  FORMATTERS_MAX,
  (timeZone) => new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" }),
);

/** Says what is wrong with a time zone name and what to write instead, or nothing. */
export function checkTimezone(timezone: string): string | undefined {
  const example = "write an IANA name such as";
  if (timezone.trim() === "") return `the time zone is empty: ${example} Europe/Berlin or UTC`;
  const shown = JSON.stringify(timezone.slice(0, 40));
  if (/^(?:UTC|GMT)?[+-]\d/i.test(timezone)) {
    return `${shown} is an offset, which knows no summer time: ${example} Europe/Berlin`;
  }
  if (/^[a-z]{3}$/i.test(timezone) && !THREE_LETTER_ZONES.has(timezone.toUpperCase())) {
    return `${shown} is no IANA name, and abbreviations are ambiguous: ${example} Europe/Berlin`;
  }
  if (isKnownZone(timezone)) return undefined;
  const meant = findZoneOfCity(timezone) ?? "Europe/Berlin";
  return `${shown} is not a known time zone: ${example} ${meant}`;
}

function isKnownZone(timezone: string): boolean {
  // Intl also takes SystemV/..., which has left the tz database and knows no clock changes.
  if (!/^[a-z][\w+/-]*$/i.test(timezone) || /^systemv\//i.test(timezone)) return false;
  try {
    formatterOf(timezone);
    return true;
  } catch {
    return false;
  }
}

function findZoneOfCity(text: string): string | undefined {
  const city = text.trim().replaceAll(" ", "_").toLowerCase();
  return Intl.supportedValuesOf("timeZone").find((name) => name.toLowerCase().endsWith(`/${city}`));
}

/** What is added to UTC to get the wall time of the zone at that instant. */
export function offsetAt(timezone: string, atMs: number): number {
  const { offsetMs, changes } = zoneYearAt(timezone, atMs);
  let offset = offsetMs;
  for (const change of changes) {
    if (change.atMs > atMs) break;
    offset = change.offsetAfterMs;
  }
  return offset;
}

/** The first change of the clocks after `afterMs` and not after `untilMs`, none before 1970. */
export function findNextChange(
  timezone: string,
  afterMs: number,
  untilMs: number,
): ClockChange | undefined {
  const lastYear = new Date(untilMs).getUTCFullYear();
  const firstYear = Math.max(new Date(afterMs).getUTCFullYear(), FIRST_YEAR);
  for (let year = firstYear; year <= lastYear; year += 1) {
    for (const change of zoneYear(`${year} ${timezone}`).changes) {
      if (change.atMs > untilMs) return undefined;
      if (change.atMs > afterMs) return change;
    }
  }
  return undefined;
}

/** When the clocks of the zone show that wall time. */
export function locateWall(timezone: string, wallMs: number): WallMoment {
  const fromMs = wallMs - OFFSET_BOUND_MS;
  const untilMs = wallMs + OFFSET_BOUND_MS;
  const change = findNextChange(timezone, fromMs, untilMs);
  if (change === undefined) return { kind: "once", atMs: wallMs - offsetAt(timezone, wallMs) };
  const beforeMs = wallMs - change.offsetBeforeMs;
  const afterMs = wallMs - change.offsetAfterMs;
  const isShownBefore = beforeMs < change.atMs;
  const isShownAfter = afterMs >= change.atMs;
  if (isShownBefore && isShownAfter) return { kind: "twice", atMs: beforeMs, againMs: afterMs };
  if (isShownBefore) return { kind: "once", atMs: beforeMs };
  if (isShownAfter) return { kind: "once", atMs: afterMs };
  return { kind: "never", change };
}

function zoneYearAt(timezone: string, atMs: number): ZoneYear {
  return zoneYear(`${new Date(atMs).getUTCFullYear()} ${timezone}`);
}

const zoneYear = remember(ZONE_YEARS_MAX, (key): ZoneYear => {
  const space = key.indexOf(" ");
  const year = Number(key.slice(0, space));
  const formatter = formatterOf(key.slice(space + 1));
  const startMs = Date.UTC(year, 0, 1);
  const endMs = Date.UTC(year + 1, 0, 1);
  const offsetMs = readOffset(formatter, startMs - 1);
  const changes: ClockChange[] = [];
  let offsetBeforeMs = offsetMs;
  for (let probeMs = startMs; probeMs < endMs + PROBE_MS; probeMs += PROBE_MS) {
    const toMs = Math.min(probeMs, endMs - 1);
    const offsetAfterMs = readOffset(formatter, toMs);
    if (offsetAfterMs === offsetBeforeMs) continue;
    const fromMs = probeMs === startMs ? startMs - 1 : probeMs - PROBE_MS;
    const atMs = bisectChange(formatter, fromMs, toMs);
    changes.push({ atMs, offsetBeforeMs, offsetAfterMs });
    offsetBeforeMs = offsetAfterMs;
  }
  return { offsetMs, changes };
});

/** The first millisecond of the new offset: every change lies on a whole second. */
function bisectChange(formatter: Intl.DateTimeFormat, lowMs: number, highMs: number): number {
  const offsetMs = readOffset(formatter, lowMs);
  let low = Math.floor(lowMs / 1000);
  let high = Math.ceil(highMs / 1000);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (readOffset(formatter, middle * 1000) === offsetMs) low = middle;
    else high = middle;
  }
  return high * 1000;
}

/** Reads "11/24/2026, GMT-05:00"; UTC is written "GMT", and some old offsets have seconds. */
function readOffset(formatter: Intl.DateTimeFormat, atMs: number): number {
  const text = formatter.format(atMs);
  const found = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text);
  if (found === null) throw new Error(`Intl wrote an offset that cannot be read: ${text}`);
  const [, sign, hours = "0", minutes = "0", seconds = "0"] = found;
  const lengthMs = Number(hours) * HOUR_MS + Number(minutes) * 60_000 + Number(seconds) * 1000;
  return sign === "-" ? -lengthMs : lengthMs;
}
