// Notification channels: configured addresses. The config of each type is the type's own schema.
import { z } from "zod";
import { type ChannelTypeName, channelTypeNames, channelTypes } from "../channels/index.ts";
import { event } from "../events/index.ts";
import { exchange } from "./deliveries.ts";
import {
  id,
  instant,
  instantInput,
  jsonValue,
  name,
  page,
  pageQuery,
  pathId,
  text,
} from "./fields.ts";
import { route } from "./route.ts";

export const pace = z
  .strictObject({
    max_per_minute: z.number().min(1).max(6_000).meta({ description: "Messages on average." }),
    burst: z
      .number()
      .int()
      .min(1)
      .max(1_000)
      .default(1)
      .meta({ description: "How many may follow one another at once after a quiet time." }),
    overflow: z.enum(["digest", "wait"]).default("wait").meta({
      description: "What comes too fast waits for its turn, or is told in one digest.",
    }),
  })
  .meta({
    description:
      "How fast the receiver is called. It belongs to the address: channels that lead to the " +
      "same one share it, and the last that sets it decides.",
  });
export type PaceSetting = z.output<typeof pace>;

// 20 waits of at most a day, three days together: news that is older is history.
const retrySecondsMax = 3 * 86_400;
const retrySchedule = z
  .array(z.number().int().min(1).max(86_400))
  .min(1)
  .max(20)
  .refine(
    (seconds) => seconds.reduce((sum, step) => sum + step, 0) <= retrySecondsMax,
    "must not take more than three days (259200 seconds) in all",
  )
  .meta({ description: "Seconds to wait after each failed try, ±20 %; then it has failed." });

const retry = z
  .strictObject({ schedule_seconds: retrySchedule })
  .meta({ description: "When failed deliveries are tried again." });

/** What a channel may set whatever its type. Left out: as its type has it. */
const settings = {
  pace: pace.nullable().optional().meta({ description: "Null: no limit." }),
  retry: retry.nullable().optional().meta({ description: "Null: as the product has it." }),
};

const [first, ...others] = channelTypeNames.map((type) =>
  z.strictObject({ name, type: z.literal(type), config: channelTypes[type].config, ...settings }),
);
if (!first) throw new Error("no channel type is registered");
// Written once for all types: the union is built from the registry, so TypeScript knows only its
// common shape, while the schema itself knows each type's config.
export const channelInput = z.discriminatedUnion("type", [first, ...others]) as z.ZodType<
  NewChannel<z.output<typeof pace>>,
  NewChannel<z.input<typeof pace>>
>;

interface NewChannel<P> {
  name: string;
  type: ChannelTypeName;
  config: Record<string, unknown>;
  pace?: P | null | undefined;
  retry?: z.output<typeof retry> | null | undefined;
}

export const channelPatch = z
  .strictObject({
    name: name.optional(),
    config: z
      .record(z.string(), jsonValue)
      .optional()
      .meta({ description: "Fields given replace those of the channel; null takes one away." }),
    ...settings,
  })
  .refine((patch) => Object.keys(patch).length > 0, "must name at least one field to change");

export const channel = z
  .object({
    id: id("channel"),
    name: z.string(),
    type: z.enum(channelTypeNames),
    config: z.record(z.string(), jsonValue).meta({ description: "With credentials masked." }),
    pace: pace.nullable(),
    retry,
    disabled_at: instant.nullable(),
    disabled_reason: z.string().nullable(),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: "Channel" });
export type Channel = z.output<typeof channel>;

const tag = "Notification channels";
const params = z.object({ id: pathId });

const channelStatistics = z
  .object({
    channel_id: id("channel"),
    channel_name: z.string(),
    sent: z.number().int(),
    failed: z.number().int(),
    waiting: z.number().int(),
    latency_p50_ms: z.number().nullable().meta({ description: "Of the tries that were taken." }),
    latency_p95_ms: z.number().nullable(),
    last_sent_at: instant.nullable().meta({ description: "Within the time that is looked at." }),
    failures_in_row: z.number().int().meta({ description: "Failed tries since the last success." }),
    failing_since: instant.nullable(),
  })
  .meta({ id: "ChannelStatistics" });

export const channelRoutes = {
  createChannel: route({
    method: "POST",
    path: "/v1/notification-channels",
    tag,
    role: "admin",
    resource: "channels",
    summary: "Create a channel",
    description: "Names are unique in a workspace. Credentials are stored encrypted.",
    body: channelInput,
    response: channel,
    status: 201,
    errors: ["target_not_allowed"],
    example: {
      body: { name: "ops-webhook", type: "webhook", config: channelTypes.webhook.example },
    },
  }),
  listChannels: route({
    method: "GET",
    path: "/v1/notification-channels",
    tag,
    role: "member",
    resource: "channels",
    summary: "List channels",
    query: z.strictObject({
      type: z.enum(channelTypeNames).optional(),
      name: text(1, 200).optional().meta({ description: "The whole name." }),
      state: z
        .enum(["enabled", "disabled"])
        .optional()
        .meta({ description: "Whether messages are sent to it." }),
      ...pageQuery,
    }),
    response: page(channel),
    status: 200,
  }),
  getChannel: route({
    method: "GET",
    path: "/v1/notification-channels/:id",
    tag,
    role: "member",
    resource: "channels",
    summary: "Read a channel",
    params,
    response: channel,
    status: 200,
  }),
  updateChannel: route({
    method: "PATCH",
    path: "/v1/notification-channels/:id",
    tag,
    role: "admin",
    resource: "channels",
    summary: "Change a channel",
    description: "A credential sent back as it was answered (masked) stays as it is.",
    params,
    body: channelPatch,
    response: channel,
    status: 200,
    errors: ["conflict", "target_not_allowed"],
    example: { body: { name: "ops-webhook-2" } },
  }),
  deleteChannel: route({
    method: "DELETE",
    path: "/v1/notification-channels/:id",
    tag,
    role: "admin",
    resource: "channels",
    summary: "Delete a channel",
    description:
      "Removes its rules and ends its unfinished deliveries as `failed`. History stays readable.",
    params,
    status: 204,
  }),
  testChannel: route({
    method: "POST",
    path: "/v1/notification-channels/:id/test",
    tag,
    role: "admin",
    resource: "channels",
    summary: "Send a test message",
    description:
      "Sends once, at once, without retries, and answers the whole exchange. With `execution_id` " +
      "the message is that of the past execution, else that of a made-up one.",
    params,
    body: z.strictObject({
      event: event.default("on_failure"),
      execution_id: pathId.optional(),
    }),
    bodyOptional: true,
    response: exchange,
    status: 200,
    errors: ["unprocessable"],
    example: { body: { event: "on_failure" } },
  }),
  rotateChannelSecret: route({
    method: "POST",
    path: "/v1/notification-channels/:id/rotate-secret",
    tag,
    role: "admin",
    resource: "channels",
    summary: "Rotate the signing secret",
    description:
      "Answers the new secret, this once. For 24 hours both secrets sign, the new one first.",
    params,
    body: z.strictObject({
      secret: text(1, 500).optional().meta({ description: "Left out: one is made." }),
    }),
    bodyOptional: true,
    response: z.object({ secret: z.string(), previous_secret_expires_at: instant.nullable() }),
    status: 200,
    errors: ["unprocessable"],
  }),
  listChannelStatistics: route({
    method: "GET",
    path: "/v1/notification-channel-statistics",
    tag,
    role: "member",
    resource: "channels",
    summary: "Show how the deliveries of each channel went",
    description:
      "Over the deliveries made since `from`: by default those of the last 7 days, at most 90.",
    query: z.strictObject({ from: instantInput.optional() }),
    response: z.object({ from: instant, items: z.array(channelStatistics) }),
    status: 200,
  }),
  enableChannel: route({
    method: "POST",
    path: "/v1/notification-channels/:id/enable",
    tag,
    role: "admin",
    resource: "channels",
    summary: "Enable a disabled channel",
    description:
      "What waited is sent, the newest first, as fast as the pace of the channel allows; with " +
      "`discard` it ends as `failed` instead, and can still be retried one by one.",
    params,
    body: z.strictObject({ waiting: z.enum(["send", "discard"]).default("send") }),
    bodyOptional: true,
    response: channel.extend({
      waited: z.number().int().meta({ description: "Deliveries that waited for it." }),
    }),
    status: 200,
    example: { body: { waiting: "send" } },
  }),
};
