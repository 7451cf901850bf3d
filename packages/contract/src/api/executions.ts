// Executions and their attempts: what ran, how it went, and why it ended as it did.
import { z } from "zod";
import { attemptStatuses, triggers } from "../events/index.ts";
import { delivery } from "./deliveries.ts";
import { id, instant, instantInput, page, pageQuery, pathId, text } from "./fields.ts";
import { phases } from "./phases.ts";
import { route } from "./route.ts";

export const executionStatuses = ["queued", "running", "succeeded", "failed", "cancelled"] as const;
export type ExecutionStatus = (typeof executionStatuses)[number];

export const attempt = z
  .object({
    number: z.number().int(),
    status: z.enum(attemptStatuses),
    status_code: z.number().int().nullable(),
    latency_ms: z.number().nullable(),
    body_preview: z.string().nullable().meta({ description: "The first 64 KB, as text." }),
    body_truncated: z.boolean(),
    response_headers: z.record(z.string(), z.string()).nullable(),
    error_class: z.string().nullable(),
    error_message: z.string().nullable(),
    started_at: instant,
    phases,
  })
  .meta({ id: "Attempt" });
export type Attempt = z.output<typeof attempt>;

const executionFields = {
  id: id("execution"),
  job_id: id("job"),
  job_name: z.string(),
  status: z.enum(executionStatuses),
  trigger: z.enum(triggers),
  scheduled_for: instant,
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
  duration_ms: z.number().int().nullable(),
  attempt_count: z.number().int(),
  next_attempt_at: instant.nullable().meta({
    description: "When the next attempt is due; null while one is being made, and at the end.",
  }),
  reason: z
    .string()
    .nullable()
    .meta({ description: "Why it ended as it did, or what it waits for." }),
  warnings: z.array(z.string()).meta({
    description: "What was odd though it stopped nothing: a `secret://name` that is no secret.",
  }),
  replay_of: id("execution").nullable(),
};

export const execution = z.object(executionFields).meta({ id: "Execution" });
export type Execution = z.output<typeof execution>;

export const executionWithAttempts = z
  .object({ ...executionFields, attempts: z.array(attempt) })
  .meta({ id: "ExecutionWithAttempts" });

const tag = "Executions";
const params = z.object({ id: pathId });

export const executionRoutes = {
  listExecutions: route({
    method: "GET",
    path: "/v1/executions",
    tag,
    role: "member",
    resource: "executions",
    summary: "List executions",
    query: z.strictObject({
      status: z.enum(executionStatuses).optional(),
      job_id: pathId.optional(),
      job_name: text(1, 200).optional(),
      from: instantInput.optional().meta({ description: "`scheduled_for` at or after this." }),
      to: instantInput.optional().meta({ description: "`scheduled_for` before this." }),
      ...pageQuery,
    }),
    response: page(execution),
    status: 200,
  }),
  getExecution: route({
    method: "GET",
    path: "/v1/executions/:id",
    tag,
    role: "member",
    resource: "executions",
    summary: "Read an execution with its attempts",
    params,
    response: executionWithAttempts,
    status: 200,
  }),
  replayExecution: route({
    method: "POST",
    path: "/v1/executions/:id/replay",
    tag,
    role: "admin",
    resource: "executions",
    summary: "Run the job of an ended execution again",
    description: "Makes a new execution with the job's request as it is now.",
    params,
    response: execution,
    status: 202,
    errors: ["unprocessable"],
  }),
  cancelExecution: route({
    method: "POST",
    path: "/v1/executions/:id/cancel",
    tag,
    role: "admin",
    resource: "executions",
    summary: "Cancel an execution that has not ended",
    description: "A request in flight is aborted; the target may have received it.",
    params,
    response: execution,
    status: 200,
    errors: ["conflict"],
  }),
  listExecutionNotifications: route({
    method: "GET",
    path: "/v1/executions/:id/notifications",
    tag,
    role: "member",
    resource: "executions",
    summary: "List the deliveries of an execution",
    params,
    query: z.strictObject({ ...pageQuery }),
    response: page(delivery),
    status: 200,
  }),
};
