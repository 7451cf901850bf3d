// Answers as a Google Chat webhook does, by the rules of Google's documentation, written down apart
// from the code that makes the messages. For tests, never shipped.
import { z } from "zod";
import type { Reply } from "../../src/channels/verdict.ts";
import { byteLength, readJson, toJsonReply, type VendorRequest } from "../json-reply.ts";

// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create
const messageBytesMax = 32_000;

/** https://developers.google.com/workspace/chat/api/reference/rest/v1/cards#widget */
const widget = z.union([
  z.strictObject({ textParagraph: z.strictObject({ text: z.string().min(1) }) }),
  z.strictObject({
    decoratedText: z.strictObject({
      topLabel: z.string().optional(),
      text: z.string().min(1),
      wrapText: z.boolean().optional(),
    }),
  }),
  z.strictObject({
    buttonList: z.strictObject({
      buttons: z
        .array(
          z.strictObject({
            text: z.string().min(1),
            onClick: z.strictObject({ openLink: z.strictObject({ url: z.url() }) }),
          }),
        )
        .min(1),
    }),
  }),
]);

const section = z.strictObject({
  header: z.string().optional(),
  collapsible: z.boolean().optional(),
  uncollapsibleWidgetsCount: z.int().min(0).optional(),
  widgets: z.array(widget).min(1),
});

/** https://developers.google.com/workspace/chat/api/reference/rest/v1/cards#card */
const card = z
  .strictObject({
    header: z
      .strictObject({ title: z.string().min(1), subtitle: z.string().optional() })
      .optional(),
    sections: z.array(section).min(1),
  })
  .refine(
    ({ sections }) => sections.flatMap(({ widgets }) => widgets).length <= 100,
    "a card has 100 widgets at most",
  );

/** https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages#Message */
export const requestBody = z.strictObject({
  text: z.string().optional(),
  fallbackText: z.string().optional(),
  cardsV2: z.array(z.strictObject({ cardId: z.string().optional(), card })).optional(),
  thread: z.strictObject({ threadKey: z.string().min(1).max(4000) }).optional(),
});

const replyOptions = [null, "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD", "REPLY_MESSAGE_OR_FAIL"];

/** What Google Chat says to a request. */
export function answer(request: VendorRequest): Reply {
  const { pathname, searchParams } = new URL(request.url);
  const space = /^\/v1\/(spaces\/[^/]+)\/messages$/.exec(pathname)?.[1];
  if (space === undefined) return refuse(404, "NOT_FOUND", "Requested entity was not found.");
  if (!searchParams.get("key") || !searchParams.get("token")) {
    return refuse(401, "UNAUTHENTICATED", "The request does not have valid credentials.");
  }
  const message = requestBody.safeParse(readJson(request));
  const isKnown = replyOptions.includes(searchParams.get("messageReplyOption"));
  if (!message.success || !isKnown || byteLength(request.body) > messageBytesMax) {
    return refuse(400, "INVALID_ARGUMENT", "Request contains an invalid argument.");
  }
  if (!message.data.text && message.data.cardsV2 === undefined) {
    return refuse(400, "INVALID_ARGUMENT", "Message cannot be empty.");
  }
  // "The response only populates the name and thread.name fields."
  return toJsonReply(200, {
    name: `${space}/messages/1`,
    thread: { name: `${space}/threads/1` },
  });
}

function refuse(code: number, status: string, message: string): Reply {
  return toJsonReply(code, { error: { code, message, status } });
}
