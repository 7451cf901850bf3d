// What a channel would send, without sending it: for a form that is being filled in, and for one
// that is there.
import { z } from "zod";
import { type ChannelTypeName, channelTypeNames, channelTypes } from "../channels/index.ts";
import { type Event, event } from "../events/index.ts";
import { pathId } from "./fields.ts";
import { route } from "./route.ts";

const chosen = { event: event.default("on_failure") };
const [first, ...others] = channelTypeNames.map((type) =>
  z.strictObject({ type: z.literal(type), config: channelTypes[type].config, ...chosen }),
);
if (!first) throw new Error("no channel type is registered");

interface Wished {
  type: ChannelTypeName;
  config: Record<string, unknown>;
}

// Written once for all types, as for new channels: the union is built from the registry, so
// TypeScript knows only its common shape.
const messageInput = z.discriminatedUnion("type", [first, ...others]) as z.ZodType<
  Wished & { event: Event },
  Wished & { event?: Event | undefined }
>;

const preview = z
  .discriminatedUnion("kind", [
    z.object({
      kind: z.literal("http"),
      method: z.string(),
      url: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
    }),
    z.object({
      kind: z.literal("mail"),
      to: z.array(z.string()),
      subject: z.string(),
      text: z.string(),
      html: z.string(),
    }),
  ])
  .meta({ id: "MessagePreview" });
export type MessagePreview = z.output<typeof preview>;

const read = {
  method: "POST",
  tag: "Notification channels",
  role: "member",
  resource: "channels",
  onlyReads: true,
  response: preview,
  status: 200,
} as const;
const told = "Sends nothing. Credentials are masked; the headers that sign are left out.";

export const channelPreviewRoutes = {
  previewMessage: route({
    ...read,
    path: "/v1/notification-channels/preview",
    summary: "Show the message that a channel with this config would send",
    description: `Tells of a made-up execution. ${told}`,
    body: messageInput,
    example: { body: { type: "webhook", config: channelTypes.webhook.example } },
  }),
  previewChannel: route({
    ...read,
    path: "/v1/notification-channels/:id/preview",
    alsoReads: ["executions"],
    summary: "Show the message that a channel would send",
    description: `Of a past execution with \`execution_id\`, else of a made-up one. ${told}`,
    params: z.object({ id: pathId }),
    body: z.strictObject({ ...chosen, execution_id: pathId.optional() }),
    bodyOptional: true,
    errors: ["unprocessable"],
    example: { body: { event: "on_failure" } },
  }),
};
