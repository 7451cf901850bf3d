// Instants and lengths as people write and read them. Now and the time zone are parameters.
// Answers meant for programs never pass here: they keep the instants of the API.

const secondMs = 1000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const unitsMs: Readonly<Record<string, number>> = {
  s: secondMs,
  m: minuteMs,
  h: hourMs,
  d: dayMs,
};

/** "120 ms", "4.2 s", "3 min 5 s", "2 h 10 min", "5 d 3 h". */
export function toLength(ms: number): string {
  if (ms < secondMs) return `${Math.round(ms)} ms`;
  if (ms < minuteMs) return `${trimZero((Math.floor(ms / 100) / 10).toFixed(1))} s`;
  if (ms < hourMs) return inTwoUnits(ms, minuteMs, "min", secondMs, "s");
  if (ms < dayMs) return inTwoUnits(ms, hourMs, "h", minuteMs, "min");
  return inTwoUnits(ms, dayMs, "d", hourMs, "h");
}

function trimZero(text: string): string {
  return text.replace(/\.0$/, "");
}

function inTwoUnits(ms: number, big: number, bigName: string, small: number, smallName: string) {
  const rest = Math.floor((ms % big) / small);
  return `${Math.floor(ms / big)} ${bigName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/** "3 min ago", "in 2 h". Further away than 30 days it is the date. */
export function toRelative(instant: string, now: Date, timeZone: string): string {
  const differenceMs = new Date(instant).getTime() - now.getTime();
  const distanceMs = Math.abs(differenceMs);
  if (Number.isNaN(differenceMs)) return instant;
  if (distanceMs < secondMs) return "now";
  // 30 days: beyond that people think in dates.
  if (distanceMs >= 30 * dayMs) return toLocal(instant, timeZone).slice(0, 10);
  const length = toRoundLength(distanceMs);
  return differenceMs < 0 ? `${length} ago` : `in ${length}`;
}

function toRoundLength(ms: number): string {
  if (ms < minuteMs) return `${Math.floor(ms / secondMs)} s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min`;
  if (ms < 2 * dayMs) return `${Math.floor(ms / hourMs)} h`;
  return `${Math.floor(ms / dayMs)} days`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** "2026-11-24 11:03:12 Europe/Berlin". */
export function toLocal(instant: string, timeZone: string): string {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return instant;
  return `${toLocalClock(date, timeZone)} ${timeZone}`;
}

function toLocalClock(date: Date, timeZone: string): string {
  let format = formats.get(timeZone);
  if (format === undefined) {
    // Swedish dates are ISO 8601 dates.
    format = new Intl.DateTimeFormat("sv-SE", {
      timeZone,
      dateStyle: "short",
      timeStyle: "medium",
    });
    formats.set(timeZone, format);
  }
  return format.format(date);
}

/** "2026-11-24 11:03:12 Europe/Berlin (3 min ago)". */
export function toExact(instant: string, now: Date, timeZone: string): string {
  const relative = toRelative(instant, now, timeZone);
  const local = toLocal(instant, timeZone);
  return local.startsWith(relative) ? local : `${local} (${relative})`;
}

const lengthPattern = /^([+-]?)(\d{1,6})([smhd])$/;
// Date, time, zone; the last two may be missing.
const instantPattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i;

/**
 * An instant as typed, in the API's form: ISO 8601, a local date or date and time, or a length from
 * now. A length without a sign means `direction`; undefined when the text is none of these.
 *
 *     2026-11-24T10:00:00Z   2026-11-24   "2026-11-24 10:00"   2h   -30m   +10m
 */
export function parseInstant(
  text: string,
  now: Date,
  direction: "past" | "future",
): string | undefined {
  const length = lengthPattern.exec(text);
  if (length) {
    const [, sign, count, unit = ""] = length;
    const isPast = sign === "" ? direction === "past" : sign === "-";
    const ms = Number(count) * (unitsMs[unit] ?? 0);
    return new Date(now.getTime() + (isPast ? -ms : ms)).toISOString();
  }
  const parts = instantPattern.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, time = "00:00", zone = ""] = parts;
  // JavaScript turns 31 February into 3 March; a typed date that does not exist is a mistake.
  const lastDay = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const date = new Date(`${year}-${month}-${day}T${time}${zone}`);
  return Number(day) > lastDay || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
