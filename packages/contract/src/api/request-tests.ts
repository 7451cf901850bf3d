// A request tried out once, before a job is made of it. Nothing of it is recorded.
import { z } from "zod";
import { attemptStatuses } from "../events/index.ts";
import { instant } from "./fields.ts";
import { requestInput } from "./jobs.ts";
import { phases } from "./phases.ts";
import { route } from "./route.ts";

export const requestTest = z
  .object({
    started_at: instant,
    latency_ms: z.number().nullable(),
    status: z.enum(attemptStatuses),
    request: z
      .object({
        method: z.string(),
        url: z.string(),
        headers: z.record(z.string(), z.string()),
        body: z.string().nullable(),
      })
      .meta({ description: "As it left, with `secret://name` where a secret was filled in." }),
    response: z
      .object({
        status_code: z.number().int(),
        headers: z.record(z.string(), z.string()),
        body: z.string().meta({ description: "The first 64 KB, as text." }),
        body_truncated: z.boolean(),
      })
      .nullable(),
    phases,
    error_class: z.string().nullable(),
    error_message: z.string().nullable(),
    warnings: z.array(z.string()),
  })
  .meta({ id: "RequestTest" });
export type RequestTest = z.output<typeof requestTest>;

export const requestTestRoutes = {
  testRequest: route({
    method: "POST",
    path: "/v1/jobs/test-request",
    tag: "Jobs",
    role: "admin",
    resource: "jobs",
    summary: "Make a request once, now, and show the whole exchange",
    description:
      "As an attempt of a job would make it, secrets filled in and taken out of what is shown, " +
      "but with `x-cron-service-test: true`, ids of nothing, and a time-out of at most 20 " +
      "seconds. No execution is made and nobody is told.",
    body: z.strictObject({ request: requestInput }),
    response: requestTest,
    status: 200,
    errors: ["target_not_allowed"],
    example: { body: { request: { url: "https://api.example.com/backup", method: "POST" } } },
  }),
};
