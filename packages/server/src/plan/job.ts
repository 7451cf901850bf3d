// A job and what may become of it: its states, and what each request of a client makes of it.
// Pure: it decides, and the store writes down what was decided.
//
//     draft ──activate──> active ──pause──> paused
//                         │  ▲ ◄──resume──── │
//           only run ends │  │ new schedule  │ only run ends
//                         ▼  │               ▼
//                        completed ◄─────────┘
//
// `pause` of a paused job and `resume` of an active one change nothing and are no error. Every
// other request that a state does not know is refused as a conflict. `run-now` works in any state.
import assert from "node:assert/strict";
import {
  ApiError,
  type JobInput,
  type JobKind,
  type JobPatch,
  type JobRequest,
  type JobState,
  type RetryPolicy,
} from "@trigrun/contract";
import { nextRunAt, type Schedule } from "./schedule.ts";
import { invalid, isSameSchedule, readSchedule, requireNextRun } from "./schedule-input.ts";
import { checkTimezone } from "./zone.ts";

export interface Job {
  readonly name: string;
  readonly state: JobState;
  readonly schedule: Schedule;
  readonly request: JobRequest;
  readonly retryPolicy: RetryPolicy;
  /** The next slot to plan; null in every state but `active`, and when the schedule is over. */
  readonly nextRunAt: Date | null;
}

const transitions: Readonly<Record<JobState, readonly JobState[]>> = {
  draft: ["active"],
  active: ["paused", "completed"],
  paused: ["active", "completed"],
  completed: ["active"],
};

/** Whether a job may go from one state to the other. Staying is always allowed. */
export function canTurn(from: JobState, to: JobState): boolean {
  return from === to || transitions[from].includes(to);
}

function turn(job: Job, state: JobState, next: Date | null): Job {
  assert(canTurn(job.state, state), `a job may not go from ${job.state} to ${state}`);
  return { ...job, state, nextRunAt: next };
}

/** The job that a client asks for. A `recurring` one counts its minutes from now. */
export function toNewJob(input: JobInput, now: Date): Job {
  const schedule = readSchedule(input.kind, input.schedule ?? {}, now);
  const next = requireNextRun(schedule, now);
  requireSendable(input.request);
  return {
    name: input.name,
    state: input.state,
    schedule,
    request: input.request,
    retryPolicy: input.retry_policy,
    nextRunAt: input.state === "active" ? next : null,
  };
}

/**
 * The job with the changes of a client. Its `schedule` is the very same object when the patch
 * leaves it as it was; then `nextRunAt` stays too, however often the same patch is sent.
 */
export function changeJob(job: Job, patch: JobPatch, now: Date): Job {
  const request = mergeGiven<JobRequest>(job.request, patch.request ?? {});
  requireSendable(request);
  const changed = {
    ...job,
    name: patch.name ?? job.name,
    request,
    retryPolicy: mergeGiven<RetryPolicy>(job.retryPolicy, patch.retry_policy ?? {}),
  };
  const schedule = readPatchedSchedule(job, patch, now);
  if (schedule === job.schedule) return changed;
  const next = requireNextRun(schedule, now);
  switch (job.state) {
    case "draft":
    case "paused":
      return { ...changed, schedule };
    case "active":
    case "completed":
      return turn({ ...changed, schedule }, "active", next);
  }
}

/** Paused, unless it is so already. What runs already goes on. */
export function pauseJob(job: Job): Job {
  switch (job.state) {
    case "paused":
      return job;
    case "active":
      if (job.schedule.kind !== "one_time") return turn(job, "paused", null);
      throw conflict(
        "The job is one_time: it was queued at once and has no later slot to hold back. " +
          "Cancel its execution instead.",
      );
    case "draft":
      throw conflict("The job is a draft: it does not run before it is activated.");
    case "completed":
      throw conflict("The job is completed: it does not run any more.");
  }
}

/** Active again, unless it is so already. Slots of the pause are not made up for. */
export function resumeJob(job: Job, now: Date): Job {
  switch (job.state) {
    case "active":
      return job;
    case "paused":
      return turn(job, "active", requireLaterRun(job.schedule, now));
    case "draft":
      throw conflict("The job is a draft: activate it.");
    case "completed":
      throw conflict("The job is completed: give it a new schedule, and it is active again.");
  }
}

/** A draft that begins to count: the minutes of a `recurring` one are counted from now. */
export function activateJob(job: Job, now: Date): Job {
  if (job.state !== "draft") {
    throw conflict(`The job is ${job.state}: only a draft can be activated.`);
  }
  const schedule: Schedule =
    job.schedule.kind === "recurring" ? { ...job.schedule, anchorAt: now } : job.schedule;
  const next = schedule.kind === "one_time" ? null : requireLaterRun(schedule, now);
  return turn({ ...job, schedule }, "active", next);
}

/** The next run of a schedule that passed its checks once, but may have run out since. */
function requireLaterRun(schedule: Schedule, now: Date): Date {
  // Zones leave the tz database, and a node may be older than the one that took the job.
  const fault = schedule.kind === "cron" ? checkTimezone(schedule.timezone) : undefined;
  if (fault !== undefined) {
    const message = `Its schedule cannot be read here: ${fault}. Change the job's schedule first.`;
    throw new ApiError("unprocessable", message);
  }
  const next = nextRunAt(schedule, now);
  if (next !== null) return next;
  const which =
    schedule.kind === "scheduled"
      ? `Its run_at, ${schedule.runAt.toISOString()}, has passed.`
      : "Its schedule has no further run.";
  throw new ApiError("unprocessable", `${which} Change the job's schedule first.`);
}

function readPatchedSchedule(job: Job, patch: JobPatch, now: Date): Schedule {
  const before = job.schedule;
  const kind: JobKind = patch.kind ?? before.kind;
  if (kind === before.kind && patch.schedule === undefined) return before;
  if (kind === "one_time" && before.kind !== "one_time") {
    throw new ApiError(
      "unprocessable",
      "A job with a schedule cannot become one_time. Create a new one_time job, or use run-now.",
    );
  }
  if (patch.schedule === undefined) {
    throw invalid("schedule", `is required when kind changes to ${kind}`);
  }
  const schedule = readSchedule(kind, withKept(before, kind, patch.schedule), now);
  if (isSameSchedule(schedule, before)) return before;
  if (before.kind === "one_time" && job.state === "completed") {
    throw new ApiError(
      "unprocessable",
      "A completed one_time job cannot get a schedule. Create a new job.",
    );
  }
  return schedule;
}

/** A job that stays `cron` keeps what the patch leaves out: a new hour is no new time zone. */
function withKept(
  before: Schedule,
  kind: JobKind,
  given: NonNullable<JobPatch["schedule"]>,
): NonNullable<JobPatch["schedule"]> {
  if (kind !== "cron" || before.kind !== "cron") return given;
  return { ...given, cron: given.cron ?? before.cron, timezone: given.timezone ?? before.timezone };
}

// A body with GET or HEAD has no meaning (RFC 9110, 9.3.1); proxies drop it or refuse the request.
export function requireSendable(request: JobRequest): void {
  if (request.body === null || request.body === undefined) return;
  if (request.method !== "GET" && request.method !== "HEAD") return;
  throw invalid(
    "request.body",
    "cannot be sent: GET and HEAD requests carry no body. Send null, or choose another method",
  );
}

/** `base` with the fields that `changes` gives. */
function mergeGiven<T extends object>(
  base: T,
  changes: { readonly [K in keyof T]?: T[K] | undefined },
): T {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  return { ...base, ...Object.fromEntries(given) };
}

function conflict(message: string): ApiError {
  return new ApiError("conflict", message);
}
