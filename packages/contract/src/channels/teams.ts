// The channel type `teams`: an Adaptive Card for a workflow of Microsoft Teams that posts what a
// webhook is sent, or for one of the old incoming webhooks. Foreign text stands in it where Teams
// reads no Markdown.
import { z } from "zod";
import { defineChannel, type Notice } from "./channel.ts";
import { toDestination } from "./destination.ts";
import { includeOutput } from "./include-output.ts";
import { toJsonPost } from "./json-post.ts";
import { fitList, listHeading } from "./listing.ts";
import { jsonBytes } from "./ruler.ts";
import { summarize } from "./summarize.ts";
import type { Listing, Summary, Tone } from "./summary.ts";
import { judgeTeams } from "./teams-verdict.ts";
import { requireOnHosts } from "./webhook-path.ts";
import { maskUrl, oneUrl, requireOneUrl, toOneUrl, webhookUrlFields } from "./webhook-url.ts";

// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
// allows a message of 28 KB; callers measured refusals from 21 KB on (MsTeamsHermes::Message).
// These stay below 20,000 bytes with the card around them, the facts and the link.
const limits = {
  title: 1000,
  lead: 2000,
  output: 12_000,
};

// https://adaptivecards.io/explorer/TextRun.html
const colours: Readonly<Record<Tone, string>> = {
  succeeded: "Good",
  failed: "Attention",
  cancelled: "Default",
  warning: "Warning",
};

const exampleUrl =
  "https://prod-00.westeurope.logic.azure.com/workflows/0123456789abcdef0123456789abcdef" +
  "/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0" +
  "&sig=your-signature";

// Where workflows are called (Azure's three clouds, and Power Platform since 2025), where the old
// webhooks are, and where people copy the link to a conversation instead.
const hosts = ["logic.azure.com", "logic.azure.us", "logic.azure.cn", "api.powerplatform.com"];
const others = ["webhook.office.com", "teams.microsoft.com"];
const microsoft = new RegExp(
  `(?:^|\\.)(?:${[...hosts, ...others].join("|").replaceAll(".", "\\.")})$`,
);

function objectionTo({ hostname, pathname, searchParams }: URL): string | null {
  if (hostname.endsWith(".webhook.office.com")) {
    const isWebhook = /^\/webhookb2\/[^/]+\/IncomingWebhook\/[^/]+\/[^/]+/.test(pathname);
    return isWebhook ? null : "must be a webhook's URL: …/webhookb2/…/IncomingWebhook/…/…";
  }
  if (!/\/workflows\/[^/]+\/triggers\/[^/]+\/paths\/invoke\/?$/.test(pathname)) {
    return "must be a workflow's URL: …/workflows/…/triggers/manual/paths/invoke?…&sig=…";
  }
  // Without it the workflow is for people who have signed in, and answers 401.
  return searchParams.get("sig") ? null : "must be copied to its end: `sig=…` is missing";
}

const config = z
  .strictObject({
    ...webhookUrlFields("Teams", exampleUrl),
    full_width: z
      .boolean()
      .default(false)
      .meta({ description: "Uses the whole width of the conversation for the card." }),
    include_output: includeOutput,
  })
  .meta(oneUrl)
  .superRefine(requireOneUrl)
  .superRefine(requireOnHosts(microsoft, objectionTo))
  .transform(toOneUrl);

// The workflow's id is no secret, and tells two channels apart; the signature is in the query.
const publicPath = /^\/(?:powerautomate\/automations\/direct\/)?workflows\/[0-9a-f]{32}\//i;

export const teams = defineChannel({
  type: "teams",
  label: "Microsoft Teams",
  summary: "Post a card with a Teams workflow that receives webhooks.",
  config,
  secrets: ["url"],
  mask: (_key, value) => maskUrl(value, publicPath),
  // https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using#rate-limiting-for-connectors:
  // 4 in a second, and 60 in 30 seconds.
  pace: { perMinute: 110, burst: 4, overflow: "digest" },
  destination: ({ url }) => toDestination(url),
  example: { url: exampleUrl, full_width: true, include_output: true },
  render: (notice, { url, full_width }) => toJsonPost(url, toTeamsMessage(notice, full_width)),
  judge: judgeTeams,
});

// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
// A workflow takes the same: it posts each card of `attachments`, and fails where there are none.
function toTeamsMessage(notice: Notice, isFullWidth: boolean) {
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: toCard(summarize(notice), isFullWidth),
      },
    ],
  };
}

function toCard(summary: Summary, isFullWidth: boolean) {
  const { symbol, title, lead, facts, output, list, link, linkText } = summary;
  const heading = { size: "Large", weight: "Bolder", color: colours[summary.tone] };
  return {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    // The first that has rich text; every client knows it.
    version: "1.2",
    ...(isFullWidth ? { msteams: { width: "Full" } } : {}),
    body: [
      toText(jsonBytes.cutTo(`${symbol} ${title}`, limits.title), heading),
      toText(jsonBytes.cutTo(lead, limits.lead)),
      // The one place with Markdown, and the words in it are our own.
      { type: "FactSet", facts: facts.map(({ label, value }) => ({ title: label, value })) },
      ...(output === null
        ? []
        : [
            toText("Output", { weight: "Bolder" }),
            toText(jsonBytes.cutTo(output, limits.output), { fontType: "Monospace" }),
          ]),
      ...(list === null ? [] : toList(list)),
    ],
    ...(link === null ? {} : { actions: [{ type: "Action.OpenUrl", title: linkText, url: link }] }),
  };
}

function toList(listing: Listing) {
  const list = fitList(listing, limits.output, { sizeOf: jsonBytes.sizeOf });
  return list === "" ? [] : [toText(listHeading, { weight: "Bolder" }), toText(list)];
}

/**
 * A run of rich text: "Markdown is not supported"
 * (https://learn.microsoft.com/adaptive-cards/schema-explorer/text-run), and lines stay lines.
 */
function toText(text: string, style: Readonly<Record<string, string>> = {}) {
  return { type: "RichTextBlock", inlines: [{ type: "TextRun", text, ...style }] };
}
