// From an instant to what a clock in a zone shows, and back: for inputs of date and time, which
// know no zone. Pure.

/** What the clock in the zone shows, as if it were UTC. A zone that is not known reads as UTC. */
function toWallMs(atMs: number, zone: string): number {
  try {
    const text = new Intl.DateTimeFormat("sv-SE", {
      ...{ timeZone: zone, hourCycle: "h23", dateStyle: "short", timeStyle: "medium" },
    }).format(atMs);
    return Date.parse(`${text.replace(" ", "T")}Z`);
  } catch {
    return atMs;
  }
}

/** "2026-11-24T18:00" of an instant; empty for what is none. */
export function toLocal(instant: string, zone: string): string {
  const atMs = Date.parse(instant);
  if (Number.isNaN(atMs)) return "";
  return new Date(toWallMs(atMs, zone)).toISOString().slice(0, 16);
}

/** The instant when the clock of the zone shows it; empty for what is no date. */
export function toInstant(local: string, zone: string): string {
  const wallMs = Date.parse(`${local}Z`);
  if (Number.isNaN(wallMs)) return "";
  const offsetAt = (atMs: number) => toWallMs(atMs, zone) - Math.floor(atMs / 1_000) * 1_000;
  // The offset of the first guess may be that of the other side of a change of the clock.
  const guess = wallMs - offsetAt(wallMs);
  return new Date(wallMs - offsetAt(guess)).toISOString();
}
