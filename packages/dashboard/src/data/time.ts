// Instants and durations in words. Pure: the moment is an argument.

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

// From which length on a unit is used. Under 45 seconds the number changes faster than it is read.
const units: readonly (readonly [number, number, Intl.RelativeTimeFormatUnit])[] = [
  [320 * day, 365 * day, "year"],
  [26 * day, 30 * day, "month"],
  [22 * hour, day, "day"],
  [45 * minute, hour, "hour"],
  [45 * second, minute, "minute"],
];

const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "in 5 minutes", "yesterday", "now". */
export function toRelative(at: Date, now: Date): string {
  const distance = at.getTime() - now.getTime();
  const length = Math.abs(distance);
  const found = units.find(([from]) => length >= from);
  if (found === undefined) {
    if (length < 3 * second) return "now";
    return words.format(Math.round(distance / second), "second");
  }
  const [, size, unit] = found;
  // "in 1 day" is exact where "tomorrow" may be wrong by the hours of the zone.
  const rounded = Math.round(distance / size);
  const plain = new Intl.RelativeTimeFormat("en", { numeric: "always" });
  return plain.format(rounded, unit);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    ...{ weekday: "short", day: "numeric", month: "short", year: "numeric" },
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: zone },
  });
  formats.set(zone, made);
  return made;
}

/** "Tue, 24 Nov 2026, 18:00:05 Europe/Berlin". A zone that this browser lacks becomes UTC. */
export function toExact(at: Date, zone: string): string {
  try {
    return `${formatOf(zone).format(at)} ${zone}`;
  } catch {
    return `${formatOf("UTC").format(at)} UTC`;
  }
}

/** "400 ms", "1.2 s", "12 s", "3 min 5 s". What is rounded up to a unit is told in that unit. */
export function toDuration(milliseconds: number): string {
  const wholeMs = Math.round(milliseconds);
  if (wholeMs < second) return `${wholeMs} ms`;
  const tenths = Math.round(wholeMs / 100) / 10;
  if (tenths < 10) return `${tenths.toFixed(1)} s`;
  const all = Math.round(wholeMs / second);
  if (all < 60) return `${all} s`;
  const [minutes, seconds] = [Math.floor(all / 60), all % 60];
  return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
}

const spanFormats = new Map<string, Intl.DateTimeFormat>();

function spanFormatOf(zone: string): Intl.DateTimeFormat {
  const known = spanFormats.get(zone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    ...{ weekday: "short", day: "numeric", month: "short" },
    ...{ hour: "2-digit", minute: "2-digit", timeZone: zone },
  });
  spanFormats.set(zone, made);
  return made;
}

/** "Tue 24 Nov, 18:00 – 19:00 Europe/Berlin". A zone that this browser lacks becomes UTC. */
export function toSpan(from: Date, seconds: number, zone: string): string {
  const to = new Date(from.getTime() + seconds * second);
  try {
    return `${spanFormatOf(zone).formatRange(from, to)} ${zone}`;
  } catch {
    return `${spanFormatOf("UTC").formatRange(from, to)} UTC`;
  }
}
