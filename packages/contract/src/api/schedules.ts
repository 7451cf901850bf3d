// Schedules on their own: when would this run?
import { z } from "zod";
import { instant, instantInput } from "./fields.ts";
import { scheduleInputs } from "./jobs.ts";
import { route } from "./route.ts";

const options = {
  from: instantInput.optional().meta({ description: "Default: now." }),
  count: z.number().int().min(1).max(100).default(10),
};

export const previewInput = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("recurring"), schedule: scheduleInputs.recurring, ...options }),
  z.strictObject({ kind: z.literal("cron"), schedule: scheduleInputs.cron, ...options }),
  z.strictObject({ kind: z.literal("scheduled"), schedule: scheduleInputs.scheduled, ...options }),
  z.strictObject({
    kind: z.literal("one_time"),
    schedule: scheduleInputs.one_time.nullish(),
    ...options,
  }),
]);

export const scheduleRoutes = {
  previewSchedule: route({
    method: "POST",
    path: "/v1/schedules/preview",
    tag: "Schedules",
    role: "member",
    resource: "jobs",
    onlyReads: true,
    summary: "Preview the next runs of a schedule",
    description: "`note` says where a clock change moved, skipped or doubled a run.",
    body: previewInput,
    response: z.object({
      items: z.array(
        z.object({
          run_at: instant,
          local_time: z.string().meta({ example: "2026-03-08T03:00:00.000-04:00" }),
          note: z.string().nullable(),
        }),
      ),
    }),
    status: 200,
    example: {
      body: { kind: "cron", schedule: { cron: "30 2 * * *", timezone: "America/New_York" } },
    },
  }),
};
