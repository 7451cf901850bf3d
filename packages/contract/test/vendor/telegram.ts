// What Telegram takes as `sendMessage`, by its documents, and how it answers. For tests, never
// shipped. https://core.telegram.org/bots/api#sendmessage
import { z } from "zod";
import type { Reply } from "../../src/channels/verdict.ts";
import { readJson, toJsonReply, type VendorRequest } from "../json-reply.ts";

export const requestBody = z.strictObject({
  chat_id: z.string(),
  message_thread_id: z.int().optional(),
  text: z.string().min(1),
  parse_mode: z.literal("HTML"),
  link_preview_options: z.strictObject({ is_disabled: z.boolean() }),
});

// https://core.telegram.org/bots/api#html-style, what of it ours use.
const tags = new Set(["strong", "a", "pre"]);
const entities = /&(?:lt|gt|amp|quot|#\d+);/g;
const textCharsMax = 4096;

/** The text as it is shown, or what Telegram says about its markup. */
export function readHtml(html: string): { readonly text: string } | { readonly error: string } {
  const open: string[] = [];
  for (const [tag, slash, name = ""] of html.matchAll(/<(\/?)([^\s>]*)[^>]*>?/g)) {
    if (!tag.endsWith(">") || !tags.has(name)) return { error: `Unsupported start tag "${name}"` };
    if (slash === "") open.push(name);
    else if (open.pop() !== name) return { error: `Unmatched end tag "${name}"` };
  }
  if (open.length > 0) return { error: `Can't find end tag corresponding to "${open[0]}"` };
  const text = html.replace(/<[^>]*>/g, "");
  if (text.replace(entities, "").includes("&")) return { error: "Unexpected entity" };
  return { text: text.replace(entities, "x") };
}

export function answer(request: VendorRequest): Reply {
  if (!/\/bot\d+:[\w-]+\/sendMessage$/.test(new URL(request.url).pathname)) {
    return refuse(404, "Not Found");
  }
  const message = requestBody.safeParse(readJson(request));
  if (!message.success) return refuse(400, "Bad Request: message text is empty");
  const shown = readHtml(message.data.text);
  if ("error" in shown) return refuse(400, `Bad Request: can't parse entities: ${shown.error}`);
  if (shown.text.length > textCharsMax) return refuse(400, "Bad Request: message is too long");
  return toJsonReply(200, { ok: true, result: { message_id: 1 } });
}

function refuse(error_code: number, description: string): Reply {
  return toJsonReply(error_code, { ok: false, error_code, description });
}
