// From an instant to what a clock in a zone shows, and back: for inputs of date and time, which
// know no zone. Pure. A zone that this browser lacks reads as UTC, as it is shown (time.ts).

const minuteMs = 60_000;

export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

/** What the clock in the zone shows, to the second, as if it were UTC. */
function toWallMs(atMs: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-CA", {
    ...{ year: "numeric", month: "2-digit", day: "2-digit", hourCycle: "h23" },
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
    timeZone: isZone(zone) ? zone : "UTC",
  }).formatToParts(atMs);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  // A year before 1000 comes with as many digits as it has, and a date has four.
  const date = `${of("year").padStart(4, "0")}-${of("month")}-${of("day")}`;
  return Date.parse(`${date}T${of("hour")}:${of("minute")}:${of("second")}Z`);
}

/** "2026-11-24T18:00" of an instant, as `datetime-local` has it; empty for what is none. */
export function toLocal(instant: string, zone: string): string {
  const atMs = Date.parse(instant);
  const wallMs = Number.isNaN(atMs) ? atMs : toWallMs(atMs, zone);
  return Number.isNaN(wallMs) ? "" : new Date(wallMs).toISOString().slice(0, 16);
}

// Nothing is planned or recorded before it. Whoever types 2026 passes the years 2, 20 and 202.
const firstYear = 1970;
const localPattern = /^(\d{4})-\d\d-\d\dT\d\d:\d\d$/;

/** What a form says of a date from which `toInstant` makes nothing. */
export const wrongDate = `must be a date from ${firstYear} to 9999, its year in four digits`;

/**
 * The instant at which the clock of the zone shows `local`; empty for what is no date or too long
 * ago. Of a time that a clock change doubles it is the first; one that is skipped moves on by as
 * much as was skipped.
 */
export function toInstant(local: string, zone: string): string {
  const wallMs = Date.parse(`${local}Z`);
  const year = Number(localPattern.exec(local)?.[1]);
  if (Number.isNaN(wallMs) || Number.isNaN(year) || year < firstYear) return "";
  const offsetAt = (atMs: number) => toWallMs(atMs, zone) - atMs;
  // A day to each side: no zone changes its clock twice within that.
  const dayMs = 1_440 * minuteMs;
  const before = wallMs - offsetAt(wallMs - dayMs);
  const after = wallMs - offsetAt(wallMs + dayMs);
  const shows = (atMs: number) => atMs + offsetAt(atMs) === wallMs;
  return new Date([before, after].find(shows) ?? before).toISOString();
}
