// Answers as a Slack incoming webhook does, by the rules of Slack's documentation, written down
// apart from the code that makes the messages. For tests and the demo's receiver, never shipped.
import { z } from "zod";
import type { Reply } from "../../src/channels/verdict.ts";

// https://docs.slack.dev/reference/block-kit/composition-objects/text-object
const plainText = z.strictObject({
  type: z.literal("plain_text"),
  text: z.string().min(1).max(3000),
  emoji: z.boolean().optional(),
});
const mrkdwn = z.strictObject({
  type: z.literal("mrkdwn"),
  text: z.string().min(1).max(3000),
  verbatim: z.boolean().optional(),
});
const textObject = z.discriminatedUnion("type", [plainText, mrkdwn]);

const blockId = { block_id: z.string().min(1).max(255).optional() };

// https://docs.slack.dev/reference/block-kit/blocks/header-block
const header = z.strictObject({
  type: z.literal("header"),
  text: plainText.refine(({ text }) => text.length <= 150, "at most 150 characters"),
  ...blockId,
});

// https://docs.slack.dev/reference/block-kit/blocks/section-block
const section = z
  .strictObject({
    type: z.literal("section"),
    text: textObject.optional(),
    fields: z
      .array(textObject.refine(({ text }) => text.length <= 2000, "at most 2000 characters"))
      .min(1)
      .max(10)
      .optional(),
    expand: z.boolean().optional(),
    ...blockId,
  })
  .refine(({ text, fields }) => text !== undefined || fields !== undefined, "text or fields");

// https://docs.slack.dev/reference/block-kit/blocks/context-block
const context = z.strictObject({
  type: z.literal("context"),
  elements: z.array(textObject).min(1).max(10),
  ...blockId,
});

const divider = z.strictObject({ type: z.literal("divider"), ...blockId });

const block = z.discriminatedUnion("type", [header, section, context, divider]);

// Not documented: https://github.com/slackapi/bolt-js/issues/2509 measured it.
const blocksCharsMax = 13_000;

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
export const requestBody = z.strictObject({
  // https://docs.slack.dev/reference/methods/chat.postMessage#truncating
  text: z.string().min(1).max(40_000).optional(),
  blocks: z
    .array(block)
    .min(1)
    .max(50)
    .refine((blocks) => JSON.stringify(blocks).length <= blocksCharsMax, "msg_blocks_too_long")
    .optional(),
});

/** What Slack says to a request. */
export function answer({ body }: { readonly url: string; readonly body: string }): Reply {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return toReply(400, "invalid_payload");
  }
  const message = requestBody.safeParse(json);
  if (!message.success) return toReply(400, "invalid_blocks");
  if (message.data.text === undefined && message.data.blocks === undefined) {
    return toReply(400, "no_text");
  }
  return toReply(200, "ok");
}

function toReply(statusCode: number, body: string): Reply {
  return { statusCode, headers: { "content-type": "text/html" }, body };
}
