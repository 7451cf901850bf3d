// The channel type `telegram`: one HTML message from a bot to a chat, group or channel.
// The bot's token is part of the address and nowhere else.
import { z } from "zod";
import { httpUrl } from "../api/fields.ts";
import { defineChannel, type Notice } from "./channel.ts";
import { toDestination } from "./destination.ts";
import { fitList, listHeading } from "./listing.ts";
import { summarize } from "./summarize.ts";
import { cut, escapeHtml } from "./text.ts";
import { judgeStrictly, quote, type Reply, readJsonObject, type Verdict } from "./verdict.ts";

// https://core.telegram.org/bots/api#sendmessage: 4,096 characters after the markup is read; ours
// counts the markup too, which is never less.
const textCharsMax = 4096;
// Ours: what leaves room for the facts, the link and a part of the output.
const leadCharsMax = 1000;
const factCharsMax = 200;

/** A server may be served from a path, but the token has a field of its own. */
function isServer(value: string): boolean {
  if (!URL.canParse(value)) return true;
  const { pathname, search, hash } = new URL(value);
  return search === "" && hash === "" && !/\/bot\d/.test(pathname);
}

const config = z.strictObject({
  bot_token: z
    .string()
    // What @BotFather gives out: the bot's id, a colon and 35 characters, now and so far.
    .regex(/^\d{5,20}:[A-Za-z0-9_-]{30,60}$/, "must be a token as @BotFather gives it: 123456:ABC…")
    .meta({ description: "The bot's token, from @BotFather." }),
  chat_id: z
    .string("must be text: as a number it could lose digits")
    .regex(/^(?:-?\d{1,20}|@[A-Za-z]\w{3,31})$/, "must be a chat's number or @channelname")
    .meta({ description: "Where to post: a chat's number, or @name of a public channel." }),
  message_thread_id: z
    .number()
    .int()
    .min(1)
    .optional()
    .meta({ description: "Posts into this topic of a forum group." }),
  include_output: z
    .boolean()
    .default(false)
    .meta({ description: "Adds the beginning of the last response's body." }),
  api_url: httpUrl
    .refine(isServer, "must be the address of the Bot API alone: no token, no query")
    .default("https://api.telegram.org")
    .meta({ description: "Another address of the Bot API, for those who run their own." }),
});

export const telegram = defineChannel({
  type: "telegram",
  label: "Telegram",
  summary: "Post to a Telegram chat as a bot.",
  config,
  secrets: ["bot_token"],
  // The number before the colon is the bot's public id.
  mask: (_key, value) => `${String(value).split(":")[0]}:…`,
  // https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: 20 messages a
  // minute to a group, 1 a second to any chat with short bursts. A full bucket and what comes back
  // in its first minute are 20.
  pace: { perMinute: 15, burst: 5, overflow: "digest" },
  // A chat of one bot: another bot has limits of its own.
  destination: ({ api_url, bot_token, chat_id }) =>
    [toDestination(api_url), bot_token, chat_id].join(" "),
  example: {
    bot_token: "123456789:AAE-example-token-of-35-characters_x",
    chat_id: "-1001234567890",
  },
  render: (notice, { api_url, bot_token, chat_id, message_thread_id }) => ({
    kind: "http",
    method: "POST",
    url: `${api_url.replace(/\/+$/, "")}/bot${bot_token}/sendMessage`,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      chat_id,
      ...(message_thread_id === undefined ? {} : { message_thread_id }),
      text: toHtml(notice),
      parse_mode: "HTML",
      link_preview_options: { is_disabled: true },
    }),
    isSigned: false,
  }),
  judge: judgeTelegram,
});

function toHtml(notice: Notice): string {
  const { symbol, title, lead, facts, link, linkText, output, list } = summarize(notice);
  const parts = [
    `${symbol} <strong>${cut(title, leadCharsMax, escapeHtml)}</strong>`,
    cut(lead, leadCharsMax, escapeHtml),
    facts
      .map(({ label, value }) => `${escapeHtml(label)}: ${cut(value, factCharsMax, escapeHtml)}`)
      .join("\n"),
    ...(link === null ? [] : [`<a href="${escapeHtml(link)}">${linkText}</a>`]),
  ];
  const text = parts.join("\n\n");
  if (list !== null) {
    const heading = `\n\n${listHeading}:\n`;
    const room = textCharsMax - text.length - heading.length;
    const said = fitList(list, room, { toMarkup: escapeHtml });
    return said === "" ? text : `${text}${heading}${said}`;
  }
  if (output === null) return text;
  const [open, close] = ["\n\n<pre>", "</pre>"];
  const room = textCharsMax - text.length - open.length - close.length;
  return `${text}${open}${cut(output, room, escapeHtml)}${close}`;
}

const advice: readonly (readonly [RegExp, string])[] = [
  [/chat not found/i, "the chat does not exist or the bot is no member; check `chat_id`"],
  [/bot was (?:blocked|kicked)/i, "the bot was blocked or removed there; add it again"],
  [/group chat was upgraded/i, "the group became a supergroup; give its new number as `chat_id`"],
  [/message thread not found/i, "the topic does not exist; check `message_thread_id`"],
  [/not enough rights/i, "the bot may not post there; give it the right"],
  [/unauthorized|^not found/i, "the bot's token is wrong or revoked; get it from @BotFather again"],
];

/** https://core.telegram.org/bots/api#making-requests: `ok`, `description`, `parameters`. */
function judgeTelegram(reply: Reply): Verdict {
  const verdict = judgeStrictly(reply);
  if (verdict.verdict === "sent") return verdict;
  const json = readJsonObject(reply.body);
  const said = typeof json?.description === "string" ? quote(json.description) : null;
  if (said === null) return verdict;
  const known = advice.find(([pattern]) => pattern.test(said.replace(/^[A-Z][a-z ]+: /, "")));
  const reason = `Telegram answered ${reply.statusCode}: ${known ? `${known[1]}.` : said}`;
  const wait = readWait(json);
  return { ...verdict, reason, ...(wait === null ? {} : { retryAfterSeconds: wait }) };
}

/** https://core.telegram.org/bots/api#responseparameters */
function readWait(json: Readonly<Record<string, unknown>> | null): number | null {
  const parameters = json?.parameters;
  if (typeof parameters !== "object" || parameters === null) return null;
  const seconds = "retry_after" in parameters ? parameters.retry_after : null;
  return typeof seconds === "number" && seconds >= 0 ? seconds : null;
}
