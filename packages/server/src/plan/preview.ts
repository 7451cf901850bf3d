// The next runs of a schedule as a person wants to see them: with the wall time of the job's zone,
// and a sentence wherever a change of the clocks moved, skipped or doubled a run. It only explains
// what cron.ts decides, and must never decide a time itself.

import { fieldsOf, GAP_MAX_MS, nextWallMatch } from "./cron.ts";
import type { CronFields } from "./cron-fields.ts";
import { nextRunAt, type Schedule } from "./schedule.ts";
import { type ClockChange, findNextChange, locateWall, offsetAt } from "./zone.ts";

export interface PreviewedRun {
  readonly run_at: Date;
  /** ISO 8601 with the offset of the job's zone at that moment; UTC for kinds without a zone. */
  readonly local_time: string;
  readonly note: string | null;
}

const MINUTE_MS = 60_000;

/** The first `count` runs strictly after `from`; fewer when the schedule ends before. */
export function previewRuns(schedule: Schedule, from: Date, count: number): PreviewedRun[] {
  const timezone = schedule.kind === "cron" ? schedule.timezone : "UTC";
  const fields = schedule.kind === "cron" ? fieldsOf(schedule.cron) : undefined;
  const runs: PreviewedRun[] = [];
  let previousAt = from;
  while (runs.length < count) {
    const runAt = nextRunAt(schedule, previousAt);
    if (runAt === null) break;
    const note = fields && explainRun(fields, timezone, previousAt.getTime(), runAt.getTime());
    runs.push({ run_at: runAt, local_time: writeLocalTime(timezone, runAt), note: note ?? null });
    previousAt = runAt;
  }
  return runs;
}

function explainRun(
  fields: CronFields,
  timezone: string,
  previousMs: number,
  runMs: number,
): string | undefined {
  const sentences: string[] = [];
  const runWallMs = runMs + offsetAt(timezone, runMs);
  let change = findNextChange(timezone, previousMs, runMs);
  while (change !== undefined) {
    const sentence = explainGap(fields, change, runWallMs);
    if (sentence !== undefined) sentences.push(sentence);
    change = findNextChange(timezone, change.atMs, runMs);
  }
  const fold = explainFold(fields, timezone, runMs);
  if (fold !== undefined) sentences.push(fold);
  return sentences.length > 0 ? sentences.join(". ") : undefined;
}

/** What became of the runs whose wall time the clocks jumped over; nothing if there were none. */
function explainGap(
  fields: CronFields,
  change: ClockChange,
  runWallMs: number,
): string | undefined {
  const missing = listMissingWalls(fields, change);
  const [first] = missing;
  if (first === undefined) return undefined;
  const isOnDay = dateOf(first) === dateOf(runWallMs);
  const day = isOnDay ? "on this day" : `on ${dateOf(first)}`;
  const isOne = missing.length === 1;
  const verb = isOne ? "does" : "do";
  const opening = `${writeTimes(missing)} ${verb} not exist ${day}: clocks go forward`;
  const gapMs = change.offsetAfterMs - change.offsetBeforeMs;
  if (!fields.isFixedTime || gapMs > GAP_MAX_MS) {
    return `${opening}; ${isOne ? "this run is" : `these ${missing.length} runs are`} skipped`;
  }
  const time = isOnDay ? timeOf(runWallMs) : `${timeOf(runWallMs)} on ${dateOf(runWallMs)}`;
  // The run right after the gap may be one that the expression names anyway.
  if (nextWallMatch(fields, runWallMs - 1) === runWallMs) {
    return `${opening}; the run at ${time} stands for ${isOne ? "it" : "them"}`;
  }
  return `${opening}; runs ${isOne ? "" : "once, "}at ${time} instead`;
}

function listMissingWalls(fields: CronFields, change: ClockChange): number[] {
  const untilMs = change.atMs + change.offsetAfterMs;
  const missing: number[] = [];
  let wallMs = nextWallMatch(fields, change.atMs + change.offsetBeforeMs - 1);
  while (wallMs !== undefined && wallMs < untilMs) {
    missing.push(wallMs);
    wallMs = nextWallMatch(fields, wallMs);
  }
  return missing;
}

function explainFold(fields: CronFields, timezone: string, runMs: number): string | undefined {
  const wallMs = runMs + offsetAt(timezone, runMs);
  const moment = locateWall(timezone, wallMs);
  if (moment.kind !== "twice") return undefined;
  if (fields.isFixedTime) {
    return `${timeOf(wallMs)} comes twice on this day: runs the first time only`;
  }
  return runMs === moment.againMs ? `${timeOf(wallMs)} again: clocks went back` : undefined;
}

/** "02:00", "02:00 and 02:30", "02:00 to 02:45". */
function writeTimes(walls: readonly number[]): string {
  const [first = 0] = walls;
  const last = walls.at(-1) ?? first;
  if (walls.length === 1) return timeOf(first);
  return `${timeOf(first)} ${walls.length === 2 ? "and" : "to"} ${timeOf(last)}`;
}

function timeOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(11, 16);
}

function dateOf(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 10);
}

/** "2026-03-08T03:00:00.000-04:00": the wall time as if it were UTC, then its real offset. */
function writeLocalTime(timezone: string, at: Date): string {
  const offsetMs = offsetAt(timezone, at.getTime());
  const wall = new Date(at.getTime() + offsetMs).toISOString().slice(0, -1);
  // Rounded to minutes, which is all that ISO 8601 can say: of the offsets since 1970 only
  // Monrovia's had seconds, until 1972.
  const minutes = Math.round(Math.abs(offsetMs) / MINUTE_MS);
  const hours = String(Math.floor(minutes / 60)).padStart(2, "0");
  return `${wall}${offsetMs < 0 ? "-" : "+"}${hours}:${String(minutes % 60).padStart(2, "0")}`;
}
