// How single jobs went: a strip of their newest executions, and one job's counts over time.
import { z } from "zod";
import { executionStatuses } from "./executions.ts";
import { id, instant, pathId } from "./fields.ts";
import { executionBucket, hours } from "./overview.ts";
import { route } from "./route.ts";

/** One place of the strip that shows how a job went of late. */
export const recentExecution = z
  .object({
    id: id("execution"),
    status: z.enum(executionStatuses),
    scheduled_for: instant,
    duration_ms: z.number().int().nullable(),
  })
  .meta({ id: "RecentExecution" });
export type RecentExecution = z.output<typeof recentExecution>;

const jobStatistics = z
  .object({
    job_id: id("job"),
    from: instant.meta({ description: "Where the first bucket begins." }),
    to: instant,
    bucket_seconds: z.number().int(),
    succeeded: z.number().int(),
    failed: z.number().int(),
    cancelled: z.number().int(),
    success_rate: z.number().nullable().meta({
      description: "Of those that succeeded or failed, 0 to 1; null where there are none.",
    }),
    duration_p50_ms: z.number().int().nullable(),
    duration_p95_ms: z.number().int().nullable(),
    usual_duration: z
      .object({ from_ms: z.number().int(), to_ms: z.number().int() })
      .nullable()
      .meta({
        description:
          "From the 10th to the 90th percentile of those of its newest 200 executions that " +
          "succeeded, whatever the span; null for fewer than 5.",
      }),
    streak: z
      .object({
        status: z.enum(["succeeded", "failed"]),
        count: z.number().int().meta({ description: "Counted up to 500." }),
        since: instant,
      })
      .nullable()
      .meta({ description: "How the newest that were judged went, one like the other." }),
    buckets: z.array(
      z
        .object({
          ...executionBucket.shape,
          duration_p50_ms: z.number().int().nullable(),
          duration_p95_ms: z.number().int().nullable(),
        })
        .meta({ id: "JobBucket" }),
    ),
  })
  .meta({ id: "JobStatistics" });
export type JobStatistics = z.output<typeof jobStatistics>;

export const jobStatisticsRoutes = {
  getJobStatistics: route({
    method: "GET",
    path: "/v1/jobs/:id/statistics",
    tag: "Jobs",
    role: "member",
    resource: "jobs",
    summary: "Show how a job went over time",
    description:
      "By when its executions were made; at most the newest 50,000 of the span. Deleted jobs " +
      "keep their history.",
    params: z.object({ id: pathId }),
    query: z.strictObject({ hours }),
    response: jobStatistics,
    status: 200,
  }),
};
