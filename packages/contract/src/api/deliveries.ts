// Deliveries: one event to one channel, with every try that was made to hand it over.
import { z } from "zod";
import { deliveryPayload, deliveryEvent as event } from "../events/index.ts";
import { id, instant, instantInput, page, pageQuery, pathId } from "./fields.ts";
import { phases } from "./phases.ts";
import { route } from "./route.ts";

export const deliveryStatuses = ["pending", "processing", "sent", "failed"] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

const deliveryFields = {
  id: id("delivery"),
  status: z.enum(deliveryStatuses),
  event,
  channel_id: id("channel"),
  channel_name: z.string().meta({ description: "As it was when the delivery was made." }),
  channel_type: z.string(),
  job_id: id("job").nullable().meta({
    description: "Null for a digest and for the warning of a disabled channel.",
  }),
  job_name: z.string().nullable(),
  execution_id: id("execution").nullable(),
  digest_id: id("delivery").nullable().meta({
    description: "The delivery that tells this one with others, as they came too fast.",
  }),
  attempt_count: z.number().int(),
  max_attempts: z.number().int().meta({ description: "Of the current round." }),
  next_attempt_at: instant.nullable(),
  reason: z
    .string()
    .nullable()
    .meta({ description: "Why it stands where it stands, in a sentence." }),
  created_at: instant,
  finished_at: instant.nullable(),
};

export const delivery = z.object(deliveryFields).meta({ id: "Delivery" });
export type Delivery = z.output<typeof delivery>;

/** One HTTP request or mail as it left, with credentials masked. */
const exchangeRequest = z.object({
  method: z.string().meta({ description: "An HTTP method, or `MAIL`." }),
  url: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
});

const exchangeResponse = z.object({
  status_code: z.number().int().nullable(),
  headers: z.record(z.string(), z.string()),
  body: z.string().meta({ description: "The first 64 KB, as text." }),
  body_truncated: z.boolean(),
});

export const verdicts = ["sent", "retry", "permanent"] as const;

/** What a try looked like on the wire. */
export const exchange = z
  .object({
    started_at: instant,
    latency_ms: z.number().nullable(),
    verdict: z.enum(verdicts),
    reason: z.string(),
    request: exchangeRequest.nullable(),
    response: exchangeResponse.nullable(),
    phases,
    error_class: z.string().nullable(),
    error_message: z.string().nullable(),
  })
  .meta({ id: "Exchange" });
export type Exchange = z.output<typeof exchange>;

export const deliveryAttempt = z
  .object({
    number: z.number().int(),
    ...exchange.shape,
    next_attempt_at: instant.nullable(),
    next_attempt_reason: z.string().nullable().meta({ description: "Why then." }),
  })
  .meta({ id: "DeliveryAttempt" });

export const deliveryWithAttempts = z
  .object({
    ...deliveryFields,
    payload: deliveryPayload,
    attempts: z.array(deliveryAttempt),
  })
  .meta({ id: "DeliveryWithAttempts" });

const filters = {
  status: z.enum(deliveryStatuses).optional(),
  channel_id: pathId.optional(),
  job_id: pathId.optional(),
  event: event.optional(),
  digest_id: pathId.optional().meta({ description: "Those that this digest tells." }),
  from: instantInput.optional().meta({ description: "`created_at` at or after this." }),
  to: instantInput.optional().meta({ description: "`created_at` before this." }),
};

const tag = "Deliveries";
const params = z.object({ id: pathId });

export const deliveryRoutes = {
  listDeliveries: route({
    method: "GET",
    path: "/v1/notification-deliveries",
    tag,
    role: "member",
    resource: "deliveries",
    summary: "List deliveries",
    query: z.strictObject({ ...filters, ...pageQuery }),
    response: page(delivery),
    status: 200,
  }),
  getDelivery: route({
    method: "GET",
    path: "/v1/notification-deliveries/:id",
    tag,
    role: "member",
    resource: "deliveries",
    summary: "Read a delivery with its attempts",
    description: "The latest 100 attempts are shown.",
    params,
    response: deliveryWithAttempts,
    status: 200,
  }),
  retryDelivery: route({
    method: "POST",
    path: "/v1/notification-deliveries/:id/retry",
    tag,
    role: "admin",
    resource: "deliveries",
    summary: "Retry a delivery",
    description:
      "A `failed` one starts a fresh round, a `pending` one becomes due now. A `processing` or " +
      "`sent` one is a conflict; with `resend` a sent one is sent again, under the same id.",
    params,
    body: z.strictObject({ resend: z.boolean().default(false) }),
    bodyOptional: true,
    response: delivery,
    status: 202,
    errors: ["conflict"],
    example: { body: { resend: true } },
  }),
  retryDeliveries: route({
    method: "POST",
    path: "/v1/notification-deliveries/retry",
    tag,
    role: "admin",
    resource: "deliveries",
    summary: "Retry all failed deliveries that match a filter",
    description:
      "Only `failed` ones are touched; `dry_run` answers how many that would be. At most 10,000 " +
      "a call, the oldest first: call again while `count` is 10000.",
    body: z.strictObject({
      channel_id: filters.channel_id,
      job_id: filters.job_id,
      event: filters.event,
      from: filters.from,
      to: filters.to,
      only_still_true: z
        .boolean()
        .default(false)
        .meta({ description: "Skips told failures of jobs that have succeeded since." }),
      max_per_minute: z
        .number()
        .int()
        .min(1)
        .max(60_000)
        .optional()
        .meta({ description: "Spreads them, so that receivers are not flooded." }),
      dry_run: z.boolean().default(false),
    }),
    response: z.object({ dry_run: z.boolean(), count: z.number().int() }),
    status: 200,
    example: { body: { from: "2026-11-23T00:00:00Z", dry_run: true } },
  }),
};
