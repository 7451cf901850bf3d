// What a test message tells: a past execution, or one that is made up so that nobody takes it for
// a real one. Pure.
import {
  type EndStatus,
  type Event,
  type ExecutionFacts,
  eventsOf,
  idPrefixes,
} from "@trigrun/contract";
import { cut } from "../text.ts";

export interface TestNotice {
  readonly event: Event;
  readonly facts: ExecutionFacts;
  readonly output: string | null;
}

export interface TestWish {
  readonly event: Event;
  /** A past execution, in place of a made-up one. */
  readonly past:
    | {
        readonly status: EndStatus;
        readonly facts: ExecutionFacts;
        readonly output: string | null;
      }
    | undefined;
  readonly now: Date;
  readonly publicUrl: string;
}

// As many characters as a real notification carries.
const outputLengthMax = 2_000;

/**
 * A past execution is told as it went: where it did not fire the event that was asked for, the
 * message is about the event that it did fire.
 */
export function chooseNotice({ event, past, now, publicUrl }: TestWish): TestNotice {
  if (past === undefined) return makeUpNotice(event, now, publicUrl);
  const [specific, ...others] = eventsOf(past.status);
  const isFired = event === specific || others.includes(event);
  return {
    event: isFired || specific === undefined ? event : specific,
    facts: past.facts,
    output: past.output === null ? null : cut(past.output, outputLengthMax),
  };
}

const durationMs = 4_210;
const latencyMs = 120;
// No id is ever all zeros, since each begins with the time it was made.
const noId = "0".repeat(32);

function makeUpNotice(event: Event, now: Date, publicUrl: string): TestNotice {
  const isFailure = event === "on_failure";
  const startedAt = new Date(now.getTime() - durationMs).toISOString();
  const executionId = `${idPrefixes.execution}_${noId}`;
  return {
    event,
    facts: {
      job: { id: `${idPrefixes.job}_${noId}`, name: "example-job", kind: "cron" },
      execution: {
        id: executionId,
        status: isFailure ? "failed" : "succeeded",
        trigger: "schedule",
        scheduled_for: startedAt,
        started_at: startedAt,
        finished_at: now.toISOString(),
        duration_ms: durationMs,
        attempts: isFailure ? 3 : 1,
        max_attempts: 3,
      },
      last_attempt: {
        number: isFailure ? 3 : 1,
        status: isFailure ? "HTTP_ERROR" : "SUCCESS",
        status_code: isFailure ? 503 : 200,
        latency_ms: latencyMs,
        error_class: isFailure ? "status_not_successful" : null,
        error_message: isFailure
          ? "The target answered 503; success is 200, 201, 202 or 204."
          : null,
      },
      next_run_at: null,
      url: `${publicUrl}/executions/${executionId}`,
    },
    output: isFailure ? "Service Unavailable" : "OK",
  };
}
