// Answers as Discord does when a webhook is executed, by the rules of Discord's documentation,
// written down apart from the code that makes the messages. For tests and the demo's receiver.
import { z } from "zod";
import type { Reply } from "../../src/channels/verdict.ts";

/** Discord trims a text before it counts. */
function text(max: number) {
  return z.string().trim().min(1).max(max);
}

// Not documented: a host without a dot is "Not a well formed URL" to Discord.
const webUrl = z.url({ protocol: /^https?$/, hostname: /\./ }).max(2048);

// https://docs.discord.com/developers/resources/message#embed-object-embed-limits
const embed = z.strictObject({
  title: text(256).optional(),
  description: text(4096).optional(),
  url: webUrl.optional(),
  timestamp: z.iso.datetime({ offset: true }).optional(),
  color: z.number().int().min(0).max(0xffffff).optional(),
  footer: z.strictObject({ text: text(2048), icon_url: webUrl.optional() }).optional(),
  author: z.strictObject({ name: text(256), url: webUrl.optional() }).optional(),
  fields: z
    .array(z.strictObject({ name: text(256), value: text(1024), inline: z.boolean().optional() }))
    .max(25)
    .optional(),
});

type Embed = z.output<typeof embed>;

function countCharacters({ title, description, footer, author, fields = [] }: Embed): number {
  const texts = [title, description, footer?.text, author?.name];
  for (const { name, value } of fields) texts.push(name, value);
  return texts.join("").length;
}

const snowflake = z.string().regex(/^\d{17,20}$/);

/** https://docs.discord.com/developers/resources/webhook#execute-webhook */
export const requestBody = z.strictObject({
  content: text(2000).optional(),
  username: text(80).optional(),
  avatar_url: webUrl.optional(),
  tts: z.boolean().optional(),
  embeds: z
    .array(embed)
    .max(10)
    .refine(
      (embeds) => embeds.reduce((sum, one) => sum + countCharacters(one), 0) <= 6000,
      "Embed size exceeds maximum size of 6000",
    )
    .optional(),
  // https://docs.discord.com/developers/resources/message#allowed-mentions-object
  allowed_mentions: z
    .strictObject({
      parse: z.array(z.enum(["roles", "users", "everyone"])).optional(),
      roles: z.array(snowflake).max(100).optional(),
      users: z.array(snowflake).max(100).optional(),
      replied_user: z.boolean().optional(),
    })
    .optional(),
  thread_name: text(100).optional(),
  flags: z.number().int().optional(),
});

/** What Discord says to a request. */
export function answer({ url, body }: { readonly url: string; readonly body: string }): Reply {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return toReply(400, { message: "The request body contains invalid JSON.", code: 50109 });
  }
  const query = new URL(url).searchParams;
  const threadId = query.get("thread_id");
  if (threadId !== null && !snowflake.safeParse(threadId).success) {
    return toReply(400, { message: "Invalid Form Body", code: 50035 });
  }
  const message = requestBody.safeParse(json);
  if (!message.success) {
    const errors = toErrors(message.error.issues);
    return toReply(400, { message: "Invalid Form Body", code: 50035, errors });
  }
  if (message.data.content === undefined && !message.data.embeds?.length) {
    return toReply(400, { message: "Cannot send an empty message", code: 50006 });
  }
  if (query.get("wait") !== "true") return { statusCode: 204, headers: {}, body: "" };
  return toReply(200, { id: "1234567890123456789", type: 0, ...message.data });
}

interface ErrorTree {
  [key: string]: ErrorTree | { code: string; message: string }[];
}

/** https://docs.discord.com/developers/reference#error-messages */
function toErrors(issues: readonly z.core.$ZodIssue[]): ErrorTree {
  const errors: ErrorTree = {};
  for (const issue of issues) {
    let node = errors;
    for (const step of issue.path.map(String)) {
      const next = node[step];
      const child = next === undefined || Array.isArray(next) ? {} : next;
      node[step] = child;
      node = child;
    }
    node._errors = [{ code: issue.code.toUpperCase(), message: issue.message }];
  }
  return errors;
}

function toReply(statusCode: number, json: object): Reply {
  const headers = { "content-type": "application/json" };
  return { statusCode, headers, body: JSON.stringify(json) };
}
