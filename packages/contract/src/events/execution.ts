// What is told when an execution ends: the names of the events and the body that carries them.
// This is the wire format of webhooks; a field may be added, never changed or removed.
import { z } from "zod";
import { id, instant } from "../api/fields.ts";

export const events = ["on_success", "on_failure", "on_completion"] as const;
export type Event = (typeof events)[number];
export const event = z.enum(events);

/** How an execution can end. */
export const endStatuses = ["succeeded", "failed", "cancelled"] as const;
export type EndStatus = (typeof endStatuses)[number];

/**
 * The events that an end fires, the specific one first.
 *
 *     succeeded -> on_success, on_completion
 *     failed    -> on_failure, on_completion
 *     cancelled -> on_completion
 */
export function eventsOf(status: EndStatus): readonly Event[] {
  switch (status) {
    case "succeeded":
      return ["on_success", "on_completion"];
    case "failed":
      return ["on_failure", "on_completion"];
    case "cancelled":
      return ["on_completion"];
  }
}

export const attemptStatuses = ["SUCCESS", "TIMEOUT", "CONNECTION_ERROR", "HTTP_ERROR"] as const;
export type AttemptStatus = (typeof attemptStatuses)[number];

export const jobKinds = ["recurring", "cron", "scheduled", "one_time"] as const;
export type JobKind = (typeof jobKinds)[number];

export const triggers = ["schedule", "manual", "replay", "creation"] as const;
export type Trigger = (typeof triggers)[number];

/** What every event of an execution holds, whichever rule it is told for. */
export const executionFacts = z.object({
  job: z.object({ id: id("job"), name: z.string(), kind: z.enum(jobKinds) }),
  execution: z.object({
    id: id("execution"),
    status: z.enum(endStatuses),
    trigger: z.enum(triggers),
    scheduled_for: instant,
    started_at: instant.nullable(),
    finished_at: instant,
    duration_ms: z.number().int().nullable(),
    attempts: z.number().int(),
    max_attempts: z.number().int().nullable().default(null).meta({
      description: "What the retry policy allows. Null for executions from before it was told.",
    }),
    usual_duration_ms: z.number().int().nullable().default(null).meta({
      description: "Median of the job's last 20 succeeded executions; null where none is known.",
    }),
    reason: z.string().nullable().default(null).meta({
      description: "Why it ended so, in a sentence; null for a success.",
    }),
  }),
  last_attempt: z
    .object({
      number: z.number().int(),
      status: z.enum(attemptStatuses),
      status_code: z.number().int().nullable(),
      latency_ms: z.number().nullable(),
      error_class: z.string().nullable(),
      error_message: z.string().nullable(),
    })
    .nullable(),
  next_run_at: instant.nullable(),
  url: z.string(),
});
/** As rows hold it: those of older versions lack what was added later. */
export type ExecutionFacts = z.input<typeof executionFacts>;

export const executionEventTypes = [
  "execution.succeeded",
  "execution.failed",
  "execution.cancelled",
] as const;

/** The body of a webhook, and what every other channel renders from. */
export const executionEvent = z
  .object({
    type: z.enum(executionEventTypes),
    timestamp: instant,
    data: z.object({ event, ...executionFacts.shape }),
  })
  .meta({ id: "ExecutionEvent" });
export type ExecutionEvent = z.output<typeof executionEvent>;

/** The event as told for one rule. `timestamp` is when the execution ended, on every try. */
export function toExecutionEvent(event: Event, facts: ExecutionFacts): ExecutionEvent {
  const { max_attempts = null, usual_duration_ms = null, reason = null } = facts.execution;
  const added = { max_attempts, usual_duration_ms, reason };
  return {
    type: `execution.${facts.execution.status}`,
    timestamp: facts.execution.finished_at,
    data: { event, ...facts, execution: { ...facts.execution, ...added } },
  };
}
