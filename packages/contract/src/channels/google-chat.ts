// The channel type `google_chat`: a card for an incoming webhook of Google Chat, in one thread for
// each job. Mentions work in a message's text alone, and this one has none.
import { z } from "zod";
import { defineChannel, type Notice } from "./channel.ts";
import { judgeGoogleChat } from "./google-chat-verdict.ts";
import { toIncidentKey } from "./incident-key.ts";
import { includeOutput } from "./include-output.ts";
import { toJsonPost } from "./json-post.ts";
import { fitList, listHeading } from "./listing.ts";
import { cutToJsonBytes, jsonBytes } from "./ruler.ts";
import { summarize } from "./summarize.ts";
import type { Listing, Summary } from "./summary.ts";
import { escapeHtml } from "./text.ts";
import { requireOnHosts, requirePath } from "./webhook-path.ts";
import { maskUrl, oneUrl, requireOneUrl, toOneUrl, webhookUrlFields } from "./webhook-url.ts";

// https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages/create: text
// and cards together have 32,000 bytes at most. These stay below that with the facts and the link.
const limits = {
  title: 1000,
  lead: 3000,
  output: 20_000,
};

const exampleUrl =
  "https://chat.googleapis.com/v1/spaces/AAAAexample/messages?key=your-key&token=your-token";

/** Both stand in the address as Google Chat shows it; without either it answers 401 or 403. */
function objectionTo({ searchParams }: URL): string | null {
  const missing = ["key", "token"].find((name) => !searchParams.get(name));
  return missing === undefined ? null : `must be copied to its end: \`${missing}=…\` is missing`;
}

const config = z
  .strictObject({
    ...webhookUrlFields("Google Chat", exampleUrl),
    thread_per_job: z
      .boolean()
      .default(true)
      .meta({ description: "Posts all messages of a job into one thread of the space (default)." }),
    include_output: includeOutput,
  })
  .meta(oneUrl)
  .superRefine(requireOneUrl)
  .superRefine(
    requirePath(
      /^\/v1\/spaces\/[^/]+\/messages$/,
      "must be a webhook's URL: …/v1/spaces/…/messages",
    ),
  )
  .superRefine(requireOnHosts(/^chat\.googleapis\.com$/, objectionTo))
  .transform(toOneUrl)
  // What follows a `#` never leaves, and a parameter behind it would not either.
  .transform(({ url, ...rest }) => ({ ...rest, url: url.replace(/#.*$/s, "") }));

export const googleChat = defineChannel({
  type: "google_chat",
  label: "Google Chat",
  summary: "Post a card to a Google Chat webhook URL.",
  config,
  secrets: ["url"],
  // The space is no secret, and tells two channels apart; key and token are in the query.
  mask: (_key, value) => maskUrl(value, /^\/v1\/spaces\/[^/]+\//),
  // https://developers.google.com/workspace/chat/limits: one a second to a space, from all its
  // webhooks together.
  pace: { perMinute: 60, burst: 1, overflow: "digest" },
  destination: ({ url }) => new URL(url).pathname,
  example: { url: exampleUrl, thread_per_job: true, include_output: true },
  render: (notice, { url, thread_per_job }) =>
    thread_per_job
      ? toJsonPost(toThreadUrl(url), { ...toMessage(notice), thread: toThread(notice) })
      : toJsonPost(url, toMessage(notice)),
  judge: judgeGoogleChat,
});

/**
 * https://developers.google.com/workspace/chat/quickstart/webhooks#start_or_reply_to_a_message_thread
 * Written behind the address as it is: where that was spelt anew, the record of the request would
 * no longer be recognized as holding the credential.
 */
function toThreadUrl(url: string): string {
  if (/[?&]messageReplyOption=/.test(url)) return url;
  const joint = url.includes("?") ? "&" : "?";
  return `${url}${joint}messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD`;
}

/** One thread for each job; one for all digests, and one for each channel that was disabled. */
function toThread(notice: Notice) {
  return { threadKey: notice.kind === "digest" ? "trigrun-digests" : toIncidentKey(notice) };
}

function toMessage(notice: Notice) {
  const summary = summarize(notice);
  const { symbol, title, lead } = summary;
  const heading = jsonBytes.cutTo(`${symbol} ${title}`, limits.title);
  const story = jsonBytes.cutTo(lead, limits.lead);
  return {
    // What phones show of it. https://developers.google.com/workspace/chat/api/reference/rest/v1/spaces.messages
    fallbackText: `${heading}\n${story}`,
    cardsV2: [
      { cardId: "trigrun", card: { header: { title: heading }, sections: toSections(summary) } },
    ],
  };
}

/** https://developers.google.com/workspace/chat/api/reference/rest/v1/cards */
function toSections({ lead, facts, output, list, link, linkText }: Summary) {
  return [
    { widgets: [toParagraph(cutToJsonBytes(lead, limits.lead, escapeHtml))] },
    {
      widgets: facts.map(({ label, value }) => ({
        decoratedText: { topLabel: label, text: escapeHtml(value) },
      })),
    },
    ...(output === null
      ? []
      : [
          {
            header: "Output",
            collapsible: true,
            widgets: [toParagraph(cutToJsonBytes(output, limits.output, toHtmlLines))],
          },
        ]),
    ...(list === null ? [] : toListSection(list)),
    ...(link === null
      ? []
      : [
          {
            widgets: [
              {
                buttonList: { buttons: [{ text: linkText, onClick: { openLink: { url: link } } }] },
              },
            ],
          },
        ]),
  ];
}

function toListSection(listing: Listing) {
  const html = fitList(listing, limits.output, {
    toMarkup: escapeHtml,
    sizeOf: jsonBytes.sizeOf,
    joint: "<br>",
  });
  return html === "" ? [] : [{ header: listHeading, widgets: [toParagraph(html)] }];
}

function toParagraph(html: string) {
  return { textParagraph: { text: html } };
}

/** https://developers.google.com/workspace/chat/format-messages#card-formatting: HTML, with `<br>`. */
function toHtmlLines(value: string): string {
  return escapeHtml(value).replaceAll("\n", "<br>");
}
