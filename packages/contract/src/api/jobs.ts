// Jobs: a saved HTTP request with a schedule and a retry policy.
import { z } from "zod";
import { attemptStatuses, event, jobKinds, triggers } from "../events/index.ts";
import { execution } from "./executions.ts";
import {
  headers,
  httpUrl,
  id,
  instant,
  instantInput,
  jsonValue,
  name,
  page,
  pageQuery,
  pathId,
  queryInteger,
  text,
} from "./fields.ts";
import { recentExecution } from "./job-statistics.ts";
import { route } from "./route.ts";

export { attemptStatuses, jobKinds, triggers };

export const jobStates = ["active", "paused", "draft", "completed"] as const;
export type JobState = (typeof jobStates)[number];

export const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] as const;

const statusCode = z.number().int().min(100).max(599);
const defaultSuccessStatuses = [200, 201, 202, 204];
const defaultRetryStatuses = [429, 500, 502, 503, 504];

const request = {
  url: httpUrl.meta({ description: "What to call." }),
  method: z.enum(methods),
  headers: headers.meta({
    description: "`secret://name` in a value stands for the secret, alone or within other text.",
  }),
  body: jsonValue.meta({
    description:
      "An object or array is sent as JSON, a string as it is. `secret://name` in its strings, " +
      "not in its keys, stands for the secret.",
  }),
  timeout_seconds: z.number().int().min(1).max(300),
  success_statuses: z.array(statusCode).min(1).max(50),
  follow_redirects: z.boolean().meta({ description: "Each hop passes the address guard." }),
};

export const requestInput = z.strictObject({
  ...request,
  method: request.method.default("GET"),
  headers: request.headers.default({}),
  body: request.body.default(null),
  timeout_seconds: request.timeout_seconds.default(30),
  success_statuses: request.success_statuses.default(defaultSuccessStatuses),
  follow_redirects: request.follow_redirects.default(false),
});
export const jobRequest = z.object(request).meta({ id: "JobRequest" });
export type JobRequest = z.output<typeof jobRequest>;

const retryPolicyFields = {
  max_attempts: z.number().int().min(1).max(20).meta({ description: "The first one counts." }),
  retry_on_statuses: z.array(statusCode).max(50),
};
export const retryPolicyInput = z.strictObject({
  max_attempts: retryPolicyFields.max_attempts.default(3),
  retry_on_statuses: retryPolicyFields.retry_on_statuses.default(defaultRetryStatuses),
});
export const retryPolicy = z.object(retryPolicyFields).meta({ id: "RetryPolicy" });
export type RetryPolicy = z.output<typeof retryPolicy>;

const everyNMinutes = z.number().int().min(1).max(1440);
const cronText = text(1, 200).meta({
  description: "Five fields or a macro.",
  example: "0 2 * * *",
});
const timezone = text(1, 64).meta({ description: "IANA name.", example: "America/New_York" });

/** The schedule that each kind takes. */
export const scheduleInputs = {
  recurring: z.strictObject({ every_n_minutes: everyNMinutes }),
  cron: z.strictObject({ cron: cronText, timezone: timezone.default("UTC") }),
  scheduled: z.strictObject({ run_at: instantInput }),
  one_time: z.strictObject({}),
} as const;

/** The schedule of a job as answered: only the fields of its kind are there. */
export const schedule = z
  .object({
    every_n_minutes: everyNMinutes.optional(),
    cron: cronText.optional(),
    timezone: timezone.optional(),
    run_at: instant.optional(),
  })
  .meta({ id: "Schedule" });

const newJob = {
  name,
  request: requestInput,
  retry_policy: retryPolicyInput.prefault({}),
  state: z
    .enum(["active", "draft"])
    .default("active")
    .meta({ description: "`draft` holds the job back until it is activated." }),
  notification_rules: z
    .array(z.strictObject({ channel_id: pathId, event }))
    .max(50)
    .default([])
    .meta({ description: "Attached in the same transaction." }),
};

export const jobInput = z.discriminatedUnion("kind", [
  z.strictObject({
    ...newJob,
    kind: z.literal("recurring"),
    schedule: scheduleInputs.recurring,
  }),
  z.strictObject({ ...newJob, kind: z.literal("cron"), schedule: scheduleInputs.cron }),
  z.strictObject({ ...newJob, kind: z.literal("scheduled"), schedule: scheduleInputs.scheduled }),
  z.strictObject({
    ...newJob,
    kind: z.literal("one_time"),
    schedule: scheduleInputs.one_time.nullish(),
  }),
]);
export type JobInput = z.output<typeof jobInput>;

export const jobPatch = z
  .strictObject({
    name: name.optional(),
    kind: z.enum(jobKinds).optional(),
    schedule: z
      .strictObject({
        every_n_minutes: everyNMinutes.optional(),
        cron: cronText.optional(),
        timezone: timezone.optional(),
        run_at: instantInput.optional(),
      })
      .optional()
      .meta({
        description:
          "Replaces the schedule; of a `cron` job, expression or time zone may be left out and " +
          "stay. With another `kind` it is required.",
      }),
    request: z
      .strictObject(request)
      .partial()
      .optional()
      .meta({ description: "Fields given replace those of the job; the others stay." }),
    retry_policy: z.strictObject(retryPolicyFields).partial().optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, "must name at least one field to change");
export type JobPatch = z.output<typeof jobPatch>;

export const job = z
  .object({
    id: id("job"),
    name: z.string(),
    kind: z.enum(jobKinds),
    state: z.enum(jobStates),
    schedule,
    request: jobRequest,
    retry_policy: retryPolicy,
    next_run_at: instant.nullable(),
    last_execution: z
      .object({
        id: id("execution"),
        status: z.enum(["queued", "running", "succeeded", "failed", "cancelled"]),
        scheduled_for: instant,
        finished_at: instant.nullable(),
      })
      .nullable(),
    warnings: z.array(z.string()).meta({
      description: "What is odd about it now: a `secret://name` that is no secret.",
    }),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: "Job" });
export type Job = z.output<typeof job>;

const listedJob = z
  .object({
    ...job.shape,
    recent_executions: z
      .array(recentExecution)
      .optional()
      .meta({ description: "Newest first; only where they were asked for." }),
  })
  .meta({ id: "ListedJob" });
export type ListedJob = z.output<typeof listedJob>;

const tag = "Jobs";
const params = z.object({ id: pathId });

const exampleJob = {
  name: "nightly-backup",
  kind: "cron",
  schedule: { cron: "0 2 * * *", timezone: "America/New_York" },
  request: {
    url: "https://api.example.com/backup",
    method: "POST",
    body: { full: true },
    timeout_seconds: 60,
  },
  retry_policy: { max_attempts: 5 },
};

export const jobRoutes = {
  createJob: route({
    method: "POST",
    path: "/v1/jobs",
    tag,
    role: "admin",
    resource: "jobs",
    summary: "Create a job",
    description:
      "`recurring` counts its minutes from now; `one_time` is queued at once. Rules given in " +
      "`notification_rules` are attached in the same transaction, before the job can run.",
    body: jobInput,
    response: job,
    status: 201,
    errors: ["target_not_allowed", "unprocessable"],
    example: { body: exampleJob },
  }),
  listJobs: route({
    method: "GET",
    path: "/v1/jobs",
    tag,
    role: "member",
    resource: "jobs",
    summary: "List jobs",
    query: z.strictObject({
      state: z.enum(jobStates).optional(),
      kind: z.enum(jobKinds).optional(),
      name: text(1, 200).optional().meta({ description: "The whole name." }),
      search: text(1, 200).optional().meta({ description: "A part of the name, in any case." }),
      recent_executions: queryInteger(0, 30)
        .default(0)
        .meta({ description: "How many of its newest executions each job brings along." }),
      ...pageQuery,
    }),
    response: page(listedJob),
    status: 200,
  }),
  getJob: route({
    method: "GET",
    path: "/v1/jobs/:id",
    tag,
    role: "member",
    resource: "jobs",
    summary: "Read a job",
    params,
    response: job,
    status: 200,
  }),
  updateJob: route({
    method: "PATCH",
    path: "/v1/jobs/:id",
    tag,
    role: "admin",
    resource: "jobs",
    summary: "Change a job",
    description:
      "A changed schedule counts from now. Executions that wait for a retry use the new request.",
    params,
    body: jobPatch,
    response: job,
    status: 200,
    errors: ["conflict", "target_not_allowed", "unprocessable"],
    example: { body: { name: "nightly-backup-2", retry_policy: { max_attempts: 2 } } },
  }),
  deleteJob: route({
    method: "DELETE",
    path: "/v1/jobs/:id",
    tag,
    role: "admin",
    resource: "jobs",
    summary: "Delete a job",
    description:
      "It runs no more and its queued executions are cancelled. Its history stays readable.",
    params,
    status: 204,
  }),
  pauseJob: route({
    method: "POST",
    path: "/v1/jobs/:id/pause",
    tag,
    role: "admin",
    resource: "jobs",
    summary: "Pause a job",
    description:
      "No slot becomes due until it is resumed. What runs already goes on. A `one_time` job " +
      "cannot be paused: cancel its execution instead.",
    params,
    response: job,
    status: 200,
    errors: ["conflict"],
  }),
  resumeJob: route({
    method: "POST",
    path: "/v1/jobs/:id/resume",
    tag,
    role: "admin",
    resource: "jobs",
    summary: "Resume a paused job",
    description: "`next_run_at` is computed from now: slots of the pause are not made up for.",
    params,
    response: job,
    status: 200,
    errors: ["conflict", "unprocessable"],
  }),
  activateJob: route({
    method: "POST",
    path: "/v1/jobs/:id/activate",
    tag,
    role: "admin",
    resource: "jobs",
    summary: "Activate a draft",
    description: "A `one_time` draft is queued at this moment.",
    params,
    response: job,
    status: 200,
    errors: ["conflict", "unprocessable"],
  }),
  runJobNow: route({
    method: "POST",
    path: "/v1/jobs/:id/run-now",
    tag,
    role: "admin",
    resource: "jobs",
    summary: "Run a job now",
    description: "Queues an execution beside the schedule, in any state of the job.",
    params,
    response: execution,
    status: 202,
  }),
  listJobExecutions: route({
    method: "GET",
    path: "/v1/jobs/:id/executions",
    tag,
    role: "member",
    resource: "jobs",
    summary: "List the executions of a job",
    params,
    query: z.strictObject({ ...pageQuery }),
    response: page(execution),
    status: 200,
  }),
};
