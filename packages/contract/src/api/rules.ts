// Rules: "tell this channel about this event of this job".
import { z } from "zod";
import { event } from "../events/index.ts";
import { id, page, pageQuery, pathId } from "./fields.ts";
import { route } from "./route.ts";

export const ruleInput = z.strictObject({ channel_id: pathId, event });

export const rule = z
  .object({
    id: id("rule"),
    job_id: id("job"),
    channel_id: id("channel"),
    channel_name: z.string(),
    channel_type: z.string(),
    event,
  })
  .meta({ id: "Rule" });
export type Rule = z.output<typeof rule>;

const tag = "Notification rules";
const params = z.object({ id: pathId });

export const ruleRoutes = {
  addRule: route({
    method: "POST",
    path: "/v1/jobs/:id/notification-rules",
    tag,
    role: "admin",
    resource: "rules",
    summary: "Attach a rule to a job",
    description: "Attaching the same pair again answers 200 with the rule that stands.",
    params,
    body: ruleInput,
    response: rule,
    status: 201,
    alsoStatus: 200,
    example: {
      body: { channel_id: "chan_0193a5c4f7e2a1b2c3d4e5f60718293a", event: "on_failure" },
    },
  }),
  listRules: route({
    method: "GET",
    path: "/v1/jobs/:id/notification-rules",
    tag,
    role: "member",
    resource: "rules",
    summary: "List the rules of a job",
    params,
    query: z.strictObject({ ...pageQuery }),
    response: page(rule),
    status: 200,
  }),
  removeRule: route({
    method: "DELETE",
    path: "/v1/jobs/:id/notification-rules/:rule_id",
    tag,
    role: "admin",
    resource: "rules",
    summary: "Remove a rule",
    params: z.object({ id: pathId, rule_id: pathId }),
    status: 204,
  }),
};
