// Many jobs at once: each is answered for by itself, and one that is refused holds up no other.
import { z } from "zod";
import { errorTable } from "./errors.ts";
import { id, pathId } from "./fields.ts";
import { route } from "./route.ts";

const body = z.strictObject({
  job_ids: z.array(pathId).min(1).max(100).meta({ description: "Each is acted on once." }),
});

const result = z
  .object({
    items: z.array(
      z.object({
        job_id: z.string(),
        outcome: z.enum(["done", "refused"]),
        execution_id: id("execution").nullable().meta({ description: "What was queued." }),
        error: z
          .object({ code: z.enum(Object.keys(errorTable)), message: z.string() })
          .nullable()
          .meta({ description: "As the route for the single job would have answered." }),
      }),
    ),
  })
  .meta({ id: "JobBatchResult" });
export type JobBatchResult = z.output<typeof result>;

const example = { body: { job_ids: ["job_0193a5c4f7e2a1b2c3d4e5f60718293a"] } };
const batch = {
  method: "POST",
  tag: "Jobs",
  role: "admin",
  resource: "jobs",
  body,
  response: result,
  status: 200,
  example,
} as const;

export const jobBatchRoutes = {
  pauseJobs: route({
    ...batch,
    path: "/v1/jobs/pause",
    summary: "Pause many jobs",
    description: "One that is paused already is `done`.",
  }),
  resumeJobs: route({
    ...batch,
    path: "/v1/jobs/resume",
    summary: "Resume many paused jobs",
    description: "One that is active already is `done`.",
  }),
  runJobsNow: route({
    ...batch,
    path: "/v1/jobs/run-now",
    summary: "Run many jobs now",
    description: "Queues an execution of each beside its schedule.",
  }),
};
