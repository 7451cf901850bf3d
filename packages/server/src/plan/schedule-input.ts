// From the schedule that a client sent to the one that is planned: refuses, with the path and a
// sentence, what could never run. It must never read the time; `anchorAt` and `now` are parameters.
import { ApiError, type JobKind } from "@trigrun/contract";
import { checkCron, checkTimezone } from "./cron.ts";
import { nextRunAt, type Schedule } from "./schedule.ts";

/** The fields of every kind; the contract or `readSchedule` sees to it that they fit the kind. */
export interface ScheduleInput {
  readonly every_n_minutes?: number | undefined;
  readonly cron?: string | undefined;
  readonly timezone?: string | undefined;
  readonly run_at?: Date | undefined;
}

type ScheduleField = keyof ScheduleInput;

const fieldsOfKind: Readonly<Record<JobKind, readonly ScheduleField[]>> = {
  recurring: ["every_n_minutes"],
  cron: ["cron", "timezone"],
  scheduled: ["run_at"],
  one_time: [],
};

/** A field of the request that is wrong: `path` as in `schedule.cron`. */
export function invalid(path: string, message: string): ApiError {
  return new ApiError("validation_failed", `${path}: ${message}.`, {
    details: [{ path, message }],
  });
}

/** The schedule of a kind. `anchorAt` is what the minutes of a `recurring` one are counted from. */
export function readSchedule(kind: JobKind, input: ScheduleInput, anchorAt: Date): Schedule {
  refuseForeignFields(kind, input);
  switch (kind) {
    case "recurring":
      return { kind, everyNMinutes: requireField(kind, "every_n_minutes", input), anchorAt };
    case "cron":
      return readCron(requireField(kind, "cron", input), input.timezone ?? "UTC");
    case "scheduled":
      return { kind, runAt: requireField(kind, "run_at", input) };
    case "one_time":
      return { kind };
  }
}

function readCron(cron: string, timezone: string): Schedule {
  const problem = checkCron(cron);
  if (problem !== undefined) {
    const where = problem.field === null ? "" : ` (${problem.field})`;
    throw invalid("schedule.cron", `is not valid${where}: ${problem.message}`);
  }
  const zoneProblem = checkTimezone(timezone);
  if (zoneProblem !== undefined) throw invalid("schedule.timezone", `is not valid: ${zoneProblem}`);
  return { kind: "cron", cron, timezone };
}

/** The first run after `now`; refuses a schedule that has none. `one_time` has no times at all. */
export function requireNextRun(schedule: Schedule, now: Date): Date | null {
  if (schedule.kind === "one_time") return null;
  const next = nextRunAt(schedule, now);
  if (next !== null) return next;
  if (schedule.kind === "scheduled") {
    throw invalid("schedule.run_at", `must lie in the future: it is ${now.toISOString()} now`);
  }
  throw invalid("schedule.cron", "never fires before the year 10000");
}

/** True when both are due at the same moments. The anchor is ours, so a client cannot change it. */
export function isSameSchedule(one: Schedule, other: Schedule): boolean {
  switch (one.kind) {
    case "recurring":
      return other.kind === one.kind && other.everyNMinutes === one.everyNMinutes;
    case "cron":
      return other.kind === one.kind && other.cron === one.cron && other.timezone === one.timezone;
    case "scheduled":
      return other.kind === one.kind && other.runAt.getTime() === one.runAt.getTime();
    case "one_time":
      return other.kind === one.kind;
  }
}

function refuseForeignFields(kind: JobKind, input: ScheduleInput): void {
  const allowed: readonly string[] = fieldsOfKind[kind];
  for (const [field, value] of Object.entries(input)) {
    if (value === undefined || allowed.includes(field)) continue;
    const takes = allowed.length === 0 ? "no fields" : allowed.join(" and ");
    throw invalid(`schedule.${field}`, `is not a field of kind ${kind}, which takes ${takes}`);
  }
}

function requireField<F extends ScheduleField>(
  kind: JobKind,
  field: F,
  input: ScheduleInput,
): NonNullable<ScheduleInput[F]> {
  const value = input[field];
  if (value === undefined || value === null) {
    throw invalid(`schedule.${field}`, `is required with kind ${kind}`);
  }
  return value;
}
