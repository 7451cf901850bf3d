// The channel type `discord`: one embed for a Discord webhook, in the colour of the outcome.
// Nothing in it can ring anybody's phone: the message allows no mentions at all.
import { z } from "zod";
import { defineChannel, type Notice } from "./channel.ts";
import { toDestination } from "./destination.ts";
import { judgeDiscord } from "./discord-verdict.ts";
import { fitList } from "./listing.ts";
import { summarize } from "./summarize.ts";
import type { Listing, Summary, Tone } from "./summary.ts";
import { cut } from "./text.ts";
import { requireOnHosts } from "./webhook-path.ts";
import { maskUrl, oneUrl, requireOneUrl, toOneUrl, webhookUrlFields } from "./webhook-url.ts";

// https://docs.discord.com/developers/resources/message#embed-object-embed-limits. All texts of
// the message together: 6,000. Title, description and nine short facts stay below that.
const limits = {
  title: 256,
  description: 4096,
  fieldName: 256,
  fieldValue: 1024,
  // Ours: leaves room in the description for the link and some output.
  lead: 1500,
};

// Material Design 800 and 600: both read well on Discord's dark and light background.
const colours: Readonly<Record<Tone, number>> = {
  succeeded: 0x2e7d32,
  failed: 0xc62828,
  cancelled: 0x757575,
  warning: 0xef6c00,
};

const exampleUrl = "https://discord.com/api/webhooks/1234567890123456789/your-webhook-token";

const config = z
  .strictObject({
    ...webhookUrlFields("Discord", exampleUrl),
    // Discord's ids are 64-bit numbers, 17 digits since 2015 and 20 at most. As a JSON number one
    // would lose its last digits.
    thread_id: z
      .string("must be text: as a number it would lose digits")
      .regex(/^\d{17,20}$/, "must be the id of a thread: 17 to 20 digits")
      .optional()
      .meta({ description: "Posts into this thread. A forum needs it." }),
    include_output: z
      .boolean()
      .default(false)
      .meta({ description: "Adds the beginning of the last response's body." }),
  })
  .meta(oneUrl)
  .superRefine(requireOneUrl)
  .superRefine(requireOnHosts(/(?:^|\.)discord(?:app)?\.com$/, objectionTo))
  .transform(toOneUrl);

// https://docs.discord.com/developers/resources/webhook#execute-webhook; the version may be left out.
const webhookPath = /^\/api\/(?:v\d+\/)?webhooks\/\d{1,20}\/[\w-]+(?<rest>\/.*)?$/;

function objectionTo({ pathname }: URL): string | null {
  const found = webhookPath.exec(pathname);
  if (found === null) {
    return "must be a webhook's URL: https://discord.com/api/webhooks/…/…";
  }
  const rest = found.groups?.rest ?? "/";
  // `/slack` and `/github` take those services' messages, and none of ours.
  return rest === "/" ? null : `must end with the webhook's token, without \`${rest}\``;
}

export const discord = defineChannel({
  type: "discord",
  label: "Discord",
  summary: "POST to a Discord webhook URL.",
  config,
  secrets: ["url"],
  // The webhook's id is no secret, and tells two channels apart; the token after it is the secret.
  mask: (_key, value) => maskUrl(value, /^\/api\/(?:v\d+\/)?webhooks\/\d+\//),
  // Measured by many and documented nowhere: 5 in 2 seconds for a webhook. What holds at the
  // moment, the headers of each answer say (discord-verdict.ts).
  pace: { perMinute: 150, burst: 5, overflow: "digest" },
  destination: ({ url }) => toDestination(url),
  example: {
    url: exampleUrl,
    thread_id: "1234567890123456788",
    include_output: true,
  },
  render: (notice, { url, thread_id }) => ({
    kind: "http",
    method: "POST",
    url: toExecuteUrl(url, thread_id),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ embeds: [toEmbed(notice)], allowed_mentions: { parse: [] } }),
    isSigned: false,
  }),
  judge: judgeDiscord,
});

/** `wait`: else Discord answers 204 at once, and a message that it then drops is never told. */
function toExecuteUrl(url: string, threadId: string | undefined): string {
  const target = new URL(url);
  target.searchParams.set("wait", "true");
  if (threadId !== undefined) target.searchParams.set("thread_id", threadId);
  return target.href;
}

/**
 * The link is part of the description and not the embed's `url`: Discord refuses the whole message
 * with 400 where that URL's host has no dot, as in many a private network.
 */
function toEmbed(notice: Notice) {
  const summary = summarize(notice);
  const link = summary.link === null ? "" : `\n${toLink(summary.link, summary.linkText)}`;
  const lead = cut(summary.lead, limits.lead, escapeMarkdown);
  const room = limits.description - lead.length - link.length;
  const output = summary.output === null ? "" : toFence(summary.output, room);
  const list = summary.list === null ? "" : toList(summary.list, room);
  return {
    title: cut(`${summary.symbol} ${summary.title}`, limits.title, escapeMarkdown),
    description: `${lead}${output}${list}${link}`,
    color: colours[summary.tone],
    fields: toFields(summary),
    timestamp: notice.event.timestamp,
  };
}

function toFields({ facts }: Summary) {
  return facts.map(({ label, value }) => ({
    name: cut(label, limits.fieldName, escapeMarkdown),
    value: cut(value, limits.fieldValue, escapeMarkdown),
    inline: true,
  }));
}

function toFence(output: string, max: number): string {
  const [open, close] = ["\n```\n", "\n```"];
  return `${open}${cut(output, max - open.length - close.length)}${close}`;
}

function toList(listing: Listing, room: number): string {
  const open = "\n\n";
  const list = fitList(listing, room - open.length, { toMarkup: escapeMarkdown });
  return list === "" ? "" : `${open}${list}`;
}

/** A bracket would end the address inside `[…](…)`. */
function toLink(url: string, linkText: string): string {
  return `[${linkText}](${url.replaceAll("(", "%28").replaceAll(")", "%29")})`;
}

/**
 * Discord's Markdown: a backslash takes the meaning from any sign. Where a sign means nothing it
 * gets none, because a phone's notification shows the backslashes: `_` inside a word, brackets that
 * make no link, a colon that begins no address and no emoji, a list or quote inside a line.
 */
function escapeMarkdown(value: string): string {
  return value
    .replace(/[\\*~`|<]|_(?=\W|_|$)|(?<=\W|_|^)_/g, "\\$&")
    .replaceAll("](", "]\\(")
    .replace(/:(?=\/\/|\w*[a-z]\w*:)/gi, "\\:")
    .replace(/^[#>+-]/, "\\$&")
    .replace(/^\d+(?=\.\s)/, "$&\\");
}
