// The overview: what fails, what is late, what comes next, and how it went over time. Every list
// in it is bounded; who wants all of something asks the list of that thing.
import { z } from "zod";
import { channelTypeNames } from "../channels/index.ts";
import { id, instant } from "./fields.ts";
import { route } from "./route.ts";

/** The spans that are looked at, in hours, each with the length of its buckets. */
export const overviewSpans = { "24": 3_600, "168": 6 * 3_600, "720": 24 * 3_600 } as const;

/** How far back to look; in a query everything is text. */
export const hours = z
  .enum(["24", "168", "720"])
  .default("24")
  .meta({ description: "How far to look back: by the hour, by six hours, or by the day (UTC)." });

const count = z.number().int();
const jobFields = { job_id: id("job"), job_name: z.string() };

const failingJob = z
  .object({
    ...jobFields,
    execution_id: id("execution").meta({ description: "The newest that failed." }),
    failed_at: instant,
    failing_since: instant,
    failures_in_row: count.meta({ description: "Counted up to 500." }),
    reason: z.string().nullable(),
  })
  .meta({ id: "FailingJob" });

const slowJob = z
  .object({
    ...jobFields,
    duration_p50_ms: z.number(),
    duration_p95_ms: z.number(),
    sample_count: count.meta({ description: "How many executions this is made from." }),
  })
  .meta({ id: "SlowJob" });

const disabledChannel = z
  .object({
    channel_id: id("channel"),
    channel_name: z.string(),
    channel_type: z.enum(channelTypeNames),
    disabled_at: instant,
    disabled_reason: z.string(),
    waiting: count.meta({ description: "Deliveries that wait for it, counted up to 10,000." }),
  })
  .meta({ id: "DisabledChannel" });

export const executionBucket = z
  .object({
    from: instant,
    succeeded: count,
    failed: count,
    cancelled: count,
    waiting: count.meta({ description: "Queued or running." }),
  })
  .meta({ id: "ExecutionBucket" });

const deliveryBucket = z
  .object({ from: instant, sent: count, failed: count, pending: count })
  .meta({ id: "DeliveryBucket" });

export const overview = z
  .object({
    from: instant.meta({ description: "Where the first bucket begins." }),
    to: instant,
    bucket_seconds: count,
    failing: z
      .object({ count, items: z.array(failingJob) })
      .meta({ description: "Jobs whose newest judged execution failed; the latest 20 of them." }),
    late: z
      .object({
        count,
        oldest_due_at: instant.nullable(),
        unplanned_jobs: count.meta({ description: "Jobs whose next run has passed." }),
      })
      .meta({ description: "Due for over ten seconds and not started, counted up to 10,000." }),
    next: z.array(z.object({ ...jobFields, run_at: instant })),
    executions: z.array(executionBucket).meta({ description: "By when they were made." }),
    deliveries: z.array(deliveryBucket).meta({ description: "By when they were made." }),
    slowest: z.array(slowJob).meta({
      description: "By p95, over the newest executions of each job: 5 to 100, the fewer the jobs.",
    }),
    disabled_channels: z.array(disabledChannel).meta({
      description: "Those that most waits for first, then by name; 20 at most.",
    }),
  })
  .meta({ id: "Overview" });
export type Overview = z.output<typeof overview>;

export const overviewRoutes = {
  getOverview: route({
    method: "GET",
    path: "/v1/overview",
    tag: "Overview",
    role: "member",
    resource: "executions",
    alsoReads: ["jobs", "deliveries", "channels"],
    summary: "Show what fails, what is late, what comes next and how it went",
    description: "The answer may be some seconds old: 5 for a day, 30 for a week, 60 for a month.",
    query: z.strictObject({ hours }),
    response: overview,
    status: 200,
  }),
};
