// The channel type `slack`: a message for a Slack incoming webhook, in Block Kit, with a text that
// says the same for notifications, screen readers and receivers that know no blocks (Mattermost).
import { z } from "zod";
import { text } from "../api/fields.ts";
import { defineChannel, type Notice } from "./channel.ts";
import { toDestination } from "./destination.ts";
import { fitList, listHeading } from "./listing.ts";
import { judgeSlack } from "./slack-verdict.ts";
import { summarize } from "./summarize.ts";
import type { Summary } from "./summary.ts";
import { cut } from "./text.ts";
import { requireOnHosts } from "./webhook-path.ts";
import { maskUrl, oneUrl, requireOneUrl, toOneUrl, webhookUrlFields } from "./webhook-url.ts";

const limits = {
  // https://docs.slack.dev/reference/block-kit/blocks/header-block
  header: 150,
  // https://docs.slack.dev/reference/block-kit/blocks/section-block: 3,000 of text, 10 fields of
  // 2,000. Ours stay far below in sum, because all blocks together may not be longer than about
  // 13,000 (msg_blocks_too_long, which is not documented).
  sectionText: 3000,
  fields: 10,
  field: 2000,
  // https://docs.slack.dev/reference/methods/chat.postMessage: 40,000 at most, 4,000 advised.
  text: 4000,
  // Ours: leaves room in the text for the facts, the link and some output.
  leadInText: 1500,
};

const exampleUrl = "https://hooks.slack.com/services/T00/B00/xxx";

const config = z
  .strictObject({
    ...webhookUrlFields("Slack", exampleUrl),
    mention_text: text(1, 200)
      .refine((value) => !/\p{Cc}/u.test(value), "must not contain control characters")
      .optional()
      .meta({ description: "Put before the message: `@here`, `@channel`, `<@U…>`, any text." }),
    include_output: z
      .boolean()
      .default(false)
      .meta({ description: "Adds the beginning of the last response's body." }),
  })
  .meta(oneUrl)
  .superRefine(requireOneUrl)
  .superRefine(requireOnHosts(/(?:^|\.)slack(?:-gov)?\.com$/, objectionTo))
  .transform(toOneUrl);

// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: …/services/T…/B…/….
const webhookPath = /^\/services\/[TE][A-Z0-9]*\/B[A-Z0-9]*\/\w+\/?$/;
// https://slack.com/help/articles/360041352714: those of workflows; older ones say `workflows`.
const workflowPath = /^\/(?:triggers|workflows)\/[TE][A-Z0-9]*(?:\/\w+)+\/?$/;

function objectionTo({ hostname, pathname }: URL): string | null {
  const isWebhook = webhookPath.test(pathname) || workflowPath.test(pathname);
  if (hostname.startsWith("hooks.") && isWebhook) return null;
  return "must be an incoming webhook's URL: https://hooks.slack.com/services/T…/B…/…";
}

export const slack = defineChannel({
  type: "slack",
  label: "Slack",
  summary: "POST to a Slack incoming webhook URL.",
  config,
  secrets: ["url"],
  // The team is no secret, and tells two channels apart.
  mask: (_key, value) => maskUrl(value, /^\/(?:services|triggers|workflows)\/[TE][A-Z0-9]*\//),
  // https://docs.slack.dev/apis/web-api/rate-limits: "1 per second", "short bursts >1 allowed". How
  // short is ours.
  pace: { perMinute: 60, burst: 5, overflow: "digest" },
  destination: ({ url }) => toDestination(url),
  example: {
    url: exampleUrl,
    mention_text: "@here",
    include_output: true,
  },
  render: (notice, { url, mention_text }) => ({
    kind: "http",
    method: "POST",
    url,
    headers: { "content-type": "application/json; charset=utf-8" },
    body: JSON.stringify(toSlackMessage(notice, mention_text)),
    isSigned: false,
  }),
  judge: judgeSlack,
});

function toSlackMessage(notice: Notice, mentionText: string | undefined) {
  const summary = summarize(notice);
  const mention = mentionText === undefined ? [] : [toMention(mentionText)];
  const output =
    summary.output === null ? [] : [toFence(summary.output, limits.sectionText, "*Output*\n")];
  // A link and not a button: Slack calls the app back for every click on a button, and shows a
  // warning where nobody answers (https://github.com/slackapi/node-slack-sdk/issues/869).
  const link = summary.link === null ? [] : [toLink(summary.link, summary.linkText)];
  const list =
    summary.list === null
      ? ""
      : fitList(summary.list, limits.sectionText, { toMarkup: escapeSlack });
  return {
    text: toFallback(summary, mention, link),
    blocks: [
      ...mention.map(toSection),
      { type: "header", text: toPlain(cut(withSymbol(summary), limits.header, escapeSlack)) },
      // Not mrkdwn, where `*` and `_` of foreign text would be formatting and cannot be escaped.
      { type: "section", text: toPlain(cut(summary.lead, limits.sectionText, escapeSlack)) },
      { type: "section", fields: toFields(summary) },
      ...(list === "" ? [] : [{ type: "section", text: toPlain(list) }]),
      ...output.map(toSection),
      ...link.map(toSection),
    ],
  };
}

function toFallback(summary: Summary, mention: readonly string[], link: readonly string[]) {
  const lines = [
    ...mention,
    cut(withSymbol(summary), limits.header, escapeSlack),
    escapeTextLine(cut(summary.lead, limits.leadInText, escapeSlack)),
    ...summary.facts.map(({ label, value }) => `${label}: ${escapeSlack(value)}`),
    ...link,
  ];
  const said = lines.join("\n");
  const room = limits.text - said.length - 1;
  if (summary.list !== null) {
    const list = fitList(summary.list, room - listHeading.length - 2, {
      toMarkup: (line) => escapeTextLine(escapeSlack(line)),
    });
    return list === "" ? said : `${said}\n${listHeading}:\n${list}`;
  }
  // 100 is ours: less than that of an output says nothing.
  if (summary.output === null || room < 100) return said;
  return `${said}\n${toFence(summary.output, room)}`;
}

function withSymbol({ symbol, title }: Summary): string {
  return `${symbol} ${title}`;
}

function toFields({ facts }: Summary) {
  return facts
    .slice(0, limits.fields)
    .map(({ label, value }) =>
      toMrkdwn(`*${label}*\n${cut(value, limits.field / 2, escapeSlack)}`),
    );
}

function toSection(mrkdwn: string) {
  return { type: "section", text: toMrkdwn(mrkdwn) };
}

/** `verbatim`: what looks like a link or a channel's name in foreign text stays plain text. */
function toMrkdwn(text: string) {
  return { type: "mrkdwn", text, verbatim: true };
}

/** `emoji: false`: `:skull:` in a job's name stays `:skull:`. */
function toPlain(text: string) {
  return { type: "plain_text", text, emoji: false };
}

function toFence(output: string, max: number, heading = ""): string {
  const [open, close] = [`${heading}\`\`\`\n`, "\n```"];
  return `${open}${cut(output, max - open.length - close.length, escapeSlack)}${close}`;
}

/** A bar would end the address inside `<…|…>`; the rest of a URL is escaped like any text. */
function toLink(url: string, linkText: string): string {
  return `<${escapeSlack(url.replaceAll("|", "%7C"))}|${linkText}>`;
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping: these three and no other. */
function escapeSlack(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Mattermost, which takes Slack's messages, reads the text as Markdown: no foreign links there. */
function escapeTextLine(value: string): string {
  return value.replaceAll("](", "]\u200b(");
}

// What Slack acts on, in its own writing (https://docs.slack.dev/messaging/formatting-message-text)
// or as people type it. User ids of Mattermost are in lower case.
const mentionToken = new RegExp(
  `(${[
    "<!(?:channel|here|everyone)>",
    "<!subteam\\^[A-Z0-9]+(?:\\|[^<>|]*)?>",
    "<@[A-Za-z0-9]+(?:\\|[^<>|]*)?>",
    "<https?://[^<>|\\s]+(?:\\|[^<>|]*)?>",
    "@(?:channel|here|everyone)\\b",
  ].join("|")})`,
);

/** The mention text is the channel owner's own: what it asks for works, all else is text. */
function toMention(mentionText: string): string {
  return mentionText
    .split(mentionToken)
    .map((part, index) => {
      // `split` puts what the pattern found at the odd places.
      if (index % 2 === 0) return escapeSlack(part);
      return part.startsWith("@") ? `<!${part.slice(1)}>` : part;
    })
    .join("");
}
