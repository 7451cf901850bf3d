// The wall clock of a zone and the instants it stands for. Pure: nothing here asks for the time.

const minuteMs = 60_000;

function readClock(at: Date, zone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    ...{ year: "numeric", month: "2-digit", day: "2-digit", timeZone: zone },
    ...{ hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  }).formatToParts(at);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  return `${of("year")}-${of("month")}-${of("day")}T${of("hour")}:${of("minute")}`;
}

export function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

/** "2026-11-24T18:00", as `datetime-local` has it. */
export function toWallClock(at: Date, zone: string): string {
  return readClock(at, isZone(zone) ? zone : "UTC");
}

/**
 * The instant at which the clock of the zone shows `local`; null where that is no time at all. Of a
 * time that a clock change doubles the first, one that it skips moves on by what was skipped.
 */
export function toInstant(local: string, zone: string): Date | null {
  const asUtc = Date.parse(`${local}Z`);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(local) || Number.isNaN(asUtc) || !isZone(zone)) {
    return null;
  }
  const offsetAt = (time: number) => {
    const shown = Date.parse(`${readClock(new Date(time), zone)}Z`);
    return shown - Math.floor(time / minuteMs) * minuteMs;
  };
  // A day to each side: no zone changes its clock twice within that.
  const day = 1_440 * minuteMs;
  const before = asUtc - offsetAt(asUtc - day);
  const after = asUtc - offsetAt(asUtc + day);
  const shows = (time: number) => time + offsetAt(time) === asUtc;
  return new Date([before, after].find(shows) ?? before);
}
