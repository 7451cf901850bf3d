// Answers as a Mattermost incoming webhook does, by the rules of Mattermost's documentation,
// written down apart from the code that makes the messages. For tests, never shipped.
import { z } from "zod";
import type { Reply } from "../../src/channels/verdict.ts";
import { readJson, toJsonReply, type VendorRequest } from "../json-reply.ts";

// https://developers.mattermost.com/integrate/webhooks/incoming/#tips-and-best-practices: what is
// longer arrives as several posts.
const post = z.string().max(16_383);

/** https://developers.mattermost.com/integrate/reference/message-attachments */
const attachment = z.strictObject({
  fallback: z.string().min(1),
  color: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i)
    .optional(),
  pretext: z.string().optional(),
  text: post.optional(),
  author_name: z.string().optional(),
  author_link: z.url().optional(),
  author_icon: z.url().optional(),
  title: z.string().optional(),
  title_link: z.url().optional(),
  fields: z
    .array(z.strictObject({ title: z.string(), value: z.string(), short: z.boolean().optional() }))
    .optional(),
  footer: z.string().max(300).optional(),
});

/** https://developers.mattermost.com/integrate/webhooks/incoming/#parameters */
export const requestBody = z.strictObject({
  text: post.optional(),
  channel: z.string().min(1).optional(),
  username: z.string().optional(),
  icon_url: z.url().optional(),
  attachments: z.array(attachment).optional(),
});

/** What Mattermost says to a request. */
export function answer(request: VendorRequest): Reply {
  if (!/\/hooks\/[^/]+$/.test(new URL(request.url).pathname)) {
    return refuse(404, "api.context.404.app_error", "Sorry, we could not find the page.");
  }
  const message = requestBody.safeParse(readJson(request));
  if (!message.success) {
    return refuse(400, "web.incoming_webhook.parse.app_error", "Unable to parse incoming data.");
  }
  if (!message.data.text && message.data.attachments === undefined) {
    return refuse(400, "web.incoming_webhook.text.app_error", "No text specified.");
  }
  return { statusCode: 200, headers: { "content-type": "text/plain" }, body: "ok" };
}

function refuse(status_code: number, id: string, message: string): Reply {
  return toJsonReply(status_code, {
    id,
    message,
    detailed_error: "",
    request_id: "1",
    status_code,
  });
}
