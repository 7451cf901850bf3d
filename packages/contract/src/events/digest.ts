// One message that stands for many: what is told when notifications came faster than their channel
// takes them. A wire format of webhooks; a field may be added, never changed or removed.
import { z } from "zod";
import { id, instant } from "../api/fields.ts";
import { endStatuses, event, jobKinds } from "./execution.ts";

/** More than any medium shows; `total` counts what is left out. */
export const digestDeliveriesMax = 100;

/** One of the notifications that a digest stands for. */
const digestDelivery = z.object({
  id: id("delivery"),
  event,
  job: z.object({ id: id("job"), name: z.string(), kind: z.enum(jobKinds) }),
  execution: z.object({
    id: id("execution"),
    status: z.enum(endStatuses),
    finished_at: instant,
  }),
  error_message: z.string().nullable(),
});
export type DigestDelivery = z.output<typeof digestDelivery>;

const digestFacts = z.object({
  total: z.number().int().meta({ description: "How many notifications this stands for." }),
  succeeded: z.number().int(),
  failed: z.number().int(),
  cancelled: z.number().int(),
  first_at: instant.meta({ description: "When the earliest of the executions ended." }),
  last_at: instant.meta({ description: "When the latest of the executions ended." }),
  deliveries: z
    .array(digestDelivery)
    .max(digestDeliveriesMax)
    .meta({ description: `Newest first. \`total\` may be larger than its length.` }),
  url: z.string(),
});
export type DigestFacts = z.output<typeof digestFacts>;

export const digestEvent = z
  .object({
    type: z.literal("notifications.digest"),
    timestamp: instant,
    data: z.object({ event: z.literal("digest"), ...digestFacts.shape }),
  })
  .meta({ id: "DigestEvent" });
export type DigestEvent = z.output<typeof digestEvent>;

/** The event of a digest. `timestamp` is when the latest execution ended, on every try. */
export function toDigestEvent(facts: DigestFacts): DigestEvent {
  return {
    type: "notifications.digest",
    timestamp: facts.last_at,
    data: { event: "digest", ...facts },
  };
}
