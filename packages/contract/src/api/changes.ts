// Changes as they happen: a stream of server-sent events. It is a hint to look, never the record:
// whatever it tells is read from the other routes.
import { z } from "zod";
import { deliveryStatuses } from "./deliveries.ts";
import { executionStatuses } from "./executions.ts";
import { id, queryInteger } from "./fields.ts";
import { route } from "./route.ts";

/** The data of an event `changes`: what stands otherwise than it was told before. */
export const changes = z
  .object({
    executions: z.array(
      z.object({
        id: id("execution"),
        job_id: id("job"),
        status: z.enum(executionStatuses),
        attempt_count: z.number().int(),
      }),
    ),
    deliveries: z.array(
      z.object({
        id: id("delivery"),
        job_id: id("job").nullable(),
        execution_id: id("execution").nullable(),
        channel_id: id("channel"),
        status: z.enum(deliveryStatuses),
        attempt_count: z.number().int(),
      }),
    ),
  })
  .meta({ id: "Changes" });
export type Changes = z.output<typeof changes>;

export const changeRoutes = {
  followChanges: route({
    method: "GET",
    path: "/v1/events",
    tag: "Overview",
    role: "member",
    resource: "executions",
    alsoReads: ["deliveries"],
    summary: "Follow executions and deliveries as they change",
    description:
      "Server-sent events. `reset` comes first, and whenever too much happened to tell it one by " +
      "one, or more is open than is watched: read again what you show. Each `changes` tells what " +
      "changed within about a second, but for deliveries that wait for a disabled channel. A " +
      "comment every 15 seconds shows that the line stands. The stream ends when the token does, " +
      "when the server stops, or after `seconds`, and is cut for a client far behind in reading: " +
      "connect again, and begin with its `reset`.",
    query: z.strictObject({
      seconds: queryInteger(0, 3_600)
        .default(3_600)
        .meta({ description: "When it ends; 0 right after the first event." }),
    }),
    response: changes,
    streams: true,
    status: 200,
  }),
};
