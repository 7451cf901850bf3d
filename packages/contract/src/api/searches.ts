// Searching a workspace by name or id, for a palette that a person types into.
import { z } from "zod";
import { deliveryStatuses } from "./deliveries.ts";
import { executionStatuses } from "./executions.ts";
import { id, text } from "./fields.ts";
import { jobStates } from "./jobs.ts";
import { route } from "./route.ts";

const found = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("job"), id: id("job"), name: z.string(), state: z.enum(jobStates) }),
  z.object({
    kind: z.literal("channel"),
    id: id("channel"),
    name: z.string(),
    state: z.enum(["enabled", "disabled"]),
  }),
  z.object({
    kind: z.literal("execution"),
    id: id("execution"),
    name: z.string().meta({ description: "Of its job." }),
    state: z.enum(executionStatuses),
  }),
  z.object({
    kind: z.literal("delivery"),
    id: id("delivery"),
    name: z.string().meta({ description: "Of its channel." }),
    state: z.enum(deliveryStatuses),
  }),
]);

export const searchResult = z.object({ items: z.array(found) }).meta({ id: "SearchResult" });
export type SearchResult = z.output<typeof searchResult>;

export const searchRoutes = {
  search: route({
    method: "GET",
    path: "/v1/search",
    tag: "Overview",
    role: "member",
    resource: "jobs",
    alsoReads: ["executions", "deliveries", "channels"],
    summary: "Find things by a part of their name or the beginning of their id",
    description:
      "Jobs and channels by any part of their name, those that begin with it first; and whatever " +
      "has an id that begins with the text, of at least four digits. At most 20; of no text, the " +
      "first by name.",
    query: z.strictObject({ q: text(0, 200).default("").meta({ example: "backup" }) }),
    response: searchResult,
    status: 200,
  }),
};
