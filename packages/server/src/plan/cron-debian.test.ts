// Two second opinions on every answer: a simulation of Debian's cron daemon that walks through
// clock changes minute by minute, and croner where it follows the same rules. The simulation shares
// nothing with the code under test: neither the reading of the fields nor that of the zone.
import { Cron } from "croner";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkCron, nextCronRun } from "./cron.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function listRuns(cron: string, zone: string, fromMs: number, untilMs: number): number[] {
  const runs: number[] = [];
  let next = nextCronRun(cron, zone, new Date(fromMs));
  while (next !== null && next.getTime() <= untilMs) {
    runs.push(next.getTime());
    next = nextCronRun(cron, zone, next);
  }
  return runs;
}

// The minute that passes anyway comes on top of the three hours.
const JUMP_MINUTES = 3 * 60 + 1;
const NAMES = "SUN MON TUE WED THU FRI SAT".split(" ");

/** The values that a field names, each asked for one by one. */
function listNamed(field: string, min: number, max: number): boolean[] {
  const read = (text: string) => (/\d/.test(text) ? Number(text) : NAMES.indexOf(text));
  return Array.from({ length: max + 1 }, (_, value) =>
    field.split(",").some((entry) => {
      const [span = "", step = "1"] = entry.split("/");
      const [first = "", last = first] = span === "*" ? [`${min}`, `${max}`] : span.split("-");
      const isInside = value >= read(first) && value <= read(last);
      return isInside && (value - read(first)) % Number(step) === 0;
    }),
  );
}

function matcherOf(cron: string): (wall: Date) => boolean {
  const [minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = ""] = cron.split(" ");
  const minutes = listNamed(minute, 0, 59);
  const hours = listNamed(hour, 0, 23);
  const daysOfMonth = listNamed(dayOfMonth, 1, 31);
  const months = listNamed(month, 1, 12);
  const daysOfWeek = listNamed(dayOfWeek, 0, 7);
  const isStarDay = dayOfMonth.startsWith("*") || dayOfWeek.startsWith("*");
  return (wall) => {
    if (!minutes[wall.getUTCMinutes()] || !hours[wall.getUTCHours()]) return false;
    const isDayOfMonth = daysOfMonth[wall.getUTCDate()] ?? false;
    const isSunday = wall.getUTCDay() === 0 && daysOfWeek[7];
    const isDayOfWeek = isSunday || (daysOfWeek[wall.getUTCDay()] ?? false);
    const isDay = isStarDay ? isDayOfMonth && isDayOfWeek : isDayOfMonth || isDayOfWeek;
    return isDay && (months[wall.getUTCMonth() + 1] ?? false);
  };
}

/** Minute by minute what the clocks on the wall show, counted in minutes. */
function readWallMinutes(timeZone: string, fromMs: number, untilMs: number): number[] {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  });
  const minutes: number[] = [];
  for (let atMs = fromMs; atMs <= untilMs; atMs += MINUTE_MS) {
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0] =
      format.format(atMs).match(/\d+/g)?.map(Number) ?? [];
    minutes.push(Date.UTC(year, month - 1, day, hour, minute) / MINUTE_MS);
  }
  return minutes;
}

/**
 * Debian's cron keeps a "virtual" minute that the clock should be at. A normal minute runs both
 * sorts of jobs; a jump forward runs wildcard jobs for the present minute and fixed ones for each
 * minute jumped over; while the clock is behind, only wildcard jobs run, until it has caught up; a
 * jump of more than three hours is taken as it is. Runs at one instant count as one run, and a jump
 * of just three hours counts as small, which Debian's cron does not (Casey had such jumps).
 */
function simulateDebianCron(cron: string, fromMs: number, wallMinutes: readonly number[]) {
  const isWildcardJob = cron.startsWith("*") || (cron.split(" ")[1] ?? "").startsWith("*");
  const isMatch = matcherOf(cron);
  const isDue = (minute: number) => isMatch(new Date(minute * MINUTE_MS));
  const runs: number[] = [];
  let [virtual = 0] = wallMinutes;
  wallMinutes.slice(1).forEach((clock, index) => {
    const ahead = clock - virtual;
    const isJump = Math.abs(ahead) > JUMP_MINUTES;
    let isRun = isDue(clock) && (isWildcardJob || ahead === 1 || isJump);
    if (ahead > 1 && !isJump && !isWildcardJob) {
      for (let minute = virtual + 1; minute <= clock; minute += 1) isRun ||= isDue(minute);
    }
    if (isRun) runs.push(fromMs + (index + 1) * MINUTE_MS);
    if (ahead > 0 || isJump) virtual = clock;
  });
  return runs;
}

// Each a day and a half before a change, in UTC.
const WINDOWS = [
  ["America/New_York", "2026-03-06T19:00Z"],
  ["America/New_York", "2026-10-30T18:00Z"],
  ["Europe/London", "2026-03-27T13:00Z"],
  ["Europe/London", "2026-10-23T13:00Z"],
  ["Australia/Lord_Howe", "2026-10-02T03:00Z"],
  ["Australia/Lord_Howe", "2026-04-03T03:00Z"],
  ["Pacific/Apia", "2011-12-28T22:00Z"],
  ["Pacific/Apia", "2012-03-30T02:00Z"],
  ["America/Sao_Paulo", "2018-11-02T15:00Z"],
  ["America/Sao_Paulo", "2018-02-16T14:00Z"],
  ["America/Nuuk", "2027-03-26T13:00Z"],
  ["America/Nuuk", "2027-10-29T13:00Z"],
  ["America/Havana", "2026-03-06T17:00Z"],
  ["America/Santiago", "2026-09-04T16:00Z"],
  ["Antarctica/Troll", "2026-03-27T13:00Z"],
  ["Antarctica/Troll", "2026-10-23T13:00Z"],
  ["Antarctica/Casey", "2009-10-16T06:00Z"],
  ["Antarctica/Casey", "2010-03-03T03:00Z"],
  ["Africa/Cairo", "2026-04-22T10:00Z"],
  ["Africa/Casablanca", "2026-02-13T14:00Z"],
  ["Africa/Casablanca", "2026-03-20T14:00Z"],
  ["Asia/Kathmandu", "1985-12-30T06:00Z"],
  ["Pacific/Chatham", "2026-09-25T02:00Z"],
  ["Pacific/Chatham", "2026-04-03T02:00Z"],
  ["Asia/Tokyo", "2026-12-30T03:00Z"],
] as const;

const windows = WINDOWS.map(([zone, from]) => {
  const fromMs = Date.parse(from);
  const untilMs = fromMs + 3 * DAY_MS;
  return { zone, fromMs, untilMs, wallMinutes: readWallMinutes(zone, fromMs, untilMs) };
});

const entryOf = (min: number, max: number) => {
  const value = fc.integer({ min, max });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: max - min });
  return fc.oneof(
    value.map(String),
    range,
    fc.tuple(range, step).map(([span, every]) => `${span}/${every}`),
  );
};

const fieldOf = (min: number, max: number, stars: number) =>
  fc.oneof(
    { weight: stars, arbitrary: fc.constant("*") },
    { weight: 1, arbitrary: fc.integer({ min: 2, max: max - min }).map((step) => `*/${step}`) },
    {
      weight: 6,
      arbitrary: fc.array(entryOf(min, max), { minLength: 1, maxLength: 3 }).map(String),
    },
  );

// Few stars among minutes and hours, where they decide; many among days, or hardly anything fires.
const anyCron = fc
  .tuple(
    fieldOf(0, 59, 1),
    fieldOf(0, 23, 1),
    fieldOf(1, 31, 9),
    fc.constant("*"),
    fieldOf(0, 7, 9),
  )
  .map((fields) => fields.join(" "));

describe("against a simulation of Debian's cron", () => {
  it("runs every job at the same instants through every sort of clock change", () => {
    fc.assert(
      fc.property(fc.constantFrom(...windows), anyCron, (window, cron) => {
        const { zone, fromMs, untilMs, wallMinutes } = window;
        const expected = simulateDebianCron(cron, fromMs, wallMinutes);
        expect(listRuns(cron, zone, fromMs, untilMs)).toEqual(expected);
      }),
      { numRuns: 800 },
    );
  });

  it("answers the same from every instant, not only from run to run", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...windows),
        anyCron,
        fc.integer({ min: 0, max: 3 * DAY_MS }),
        (window, cron, sinceMs) => {
          const { zone, fromMs, untilMs, wallMinutes } = window;
          const afterMs = fromMs + sinceMs;
          const expected = simulateDebianCron(cron, fromMs, wallMinutes).find(
            (runMs) => runMs > afterMs,
          );
          const next = nextCronRun(cron, zone, new Date(afterMs))?.getTime();
          expect(next !== undefined && next <= untilMs ? next : undefined).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("against croner", () => {
  // Where both follow the same rules: no ranged steps in minute and hour (croner takes them for
  // wildcards), no stepped stars for days (croner joins them with OR), no gap that ends on the next
  // day (croner drops it, see America/Nuuk above).
  const plain = (min: number, max: number) =>
    fc.oneof(
      fc.constant("*"),
      fc.integer({ min, max }).map(String),
      fc.uniqueArray(fc.integer({ min, max }), { minLength: 2, maxLength: 4 }).map(String),
    );
  const anyPlainCron = fc
    .tuple(
      fc.oneof(plain(0, 59), fc.constantFrom("*/5", "*/7", "*/30")),
      fc.oneof(plain(0, 23), fc.constantFrom("*/2", "*/5")),
      plain(1, 31),
      plain(1, 12),
      plain(0, 6),
    )
    .map((fields) => fields.join(" "))
    .filter((cron) => checkCron(cron) === undefined);
  const zones = WINDOWS.map(([zone]) => zone).filter((zone) => zone !== "America/Nuuk");

  it("agrees on the next runs from any instant of half a century", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        anyPlainCron,
        fc.date({ min: new Date("1990-01-01"), max: new Date("2040-01-01"), noInvalidDate: true }),
        (timezone, cron, from) => {
          const croner = new Cron(cron, {
            mode: "5-part",
            timezone,
            paused: true,
            fixedTimeRule: "no-wildcard",
          });
          let after = from;
          for (let run = 0; run < 4; run += 1) {
            const next = nextCronRun(cron, timezone, after);
            expect(next).toEqual(croner.nextRun(after));
            if (next === null) break;
            after = next;
          }
        },
      ),
      { numRuns: 800 },
    );
  });
});
