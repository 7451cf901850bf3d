// The channel type `mattermost`: a message attachment for an incoming webhook, in the colour of the
// outcome. Foreign text in it mentions nobody, hides no link and formats nothing.
import { z } from "zod";
import { text } from "../api/fields.ts";
import { defineChannel, type Notice } from "./channel.ts";
import { toDestination } from "./destination.ts";
import { includeOutput } from "./include-output.ts";
import { toJsonPost } from "./json-post.ts";
import { fitList } from "./listing.ts";
import { judgeMattermost } from "./mattermost-verdict.ts";
import { toPlain } from "./plain-text.ts";
import { summarize } from "./summarize.ts";
import type { Summary, Tone } from "./summary.ts";
import { cut } from "./text.ts";
import { requirePath } from "./webhook-path.ts";
import { maskUrl, oneUrl, requireOneUrl, toOneUrl, webhookUrlFields } from "./webhook-url.ts";

// https://developers.mattermost.com/integrate/webhooks/incoming/: a post has 16,383 characters, and
// what is longer is split into several. Ours are less: a long text is folded away.
const limits = {
  text: 4000,
  title: 300,
  lead: 1500,
};

// As in Discord and mail.
const colours: Readonly<Record<Tone, string>> = {
  succeeded: "#2e7d32",
  failed: "#c62828",
  cancelled: "#757575",
  warning: "#ef6c00",
};

const exampleUrl = "https://mattermost.example.com/hooks/your-webhook-key";

/** Text of one line. */
function line(max: number) {
  return text(1, max).refine((value) => !/\p{Cc}/u.test(value), "must not have control characters");
}

const config = z
  .strictObject({
    ...webhookUrlFields("Mattermost", exampleUrl),
    // Mattermost looks for exactly this name, which has no capitals and no blanks; a `#` it drops:
    // https://github.com/mattermost/mattermost/blob/master/server/channels/app/webhook.go. A user's
    // may have dots, and none is longer than 64.
    channel: z
      .string()
      .regex(
        /^[@#]?[a-z0-9_][a-z0-9._-]{0,63}$/,
        "must be a channel's name as in its address (town-square), or @user",
      )
      .optional()
      .meta({ description: "Posts there instead: a channel's name in its address, or `@user`." }),
    mention_text: line(200)
      .optional()
      .meta({ description: "Put before the message: `@here`, `@channel`, `@user`, any text." }),
    include_output: includeOutput,
  })
  .meta(oneUrl)
  .superRefine(requireOneUrl)
  .superRefine(requirePath(/\/hooks\/[^/]+$/, "must be an incoming webhook's URL: …/hooks/…"))
  .transform(toOneUrl);

export const mattermost = defineChannel({
  type: "mattermost",
  label: "Mattermost",
  summary: "POST to a Mattermost incoming webhook URL.",
  config,
  secrets: ["url"],
  // A server may be served from a path, and the key is all that is secret.
  mask: (_key, value) => maskUrl(value, /^\/(?:.*\/)?hooks\//),
  // https://docs.mattermost.com/administration-guide/configure/rate-limiting-configuration-settings.html:
  // 10 a second and bursts of 100 are what a server has that was told to limit anything.
  pace: { perMinute: 600, burst: 100, overflow: "digest" },
  destination: ({ url }) => toDestination(url),
  example: { url: exampleUrl, channel: "ops-alerts", mention_text: "@ops", include_output: true },
  render: (notice, { url, channel, mention_text }) =>
    toJsonPost(url, {
      ...(mention_text === undefined ? {} : { text: mention_text }),
      ...(channel === undefined ? {} : { channel }),
      attachments: [toAttachment(notice)],
    }),
  judge: judgeMattermost,
});

/** https://developers.mattermost.com/integrate/reference/message-attachments */
function toAttachment(notice: Notice) {
  const summary = summarize(notice);
  const { symbol, title, facts, link } = summary;
  return {
    fallback: toFallback(summary),
    color: colours[summary.tone],
    title: cut(`${symbol} ${title}`, limits.title, escapeMattermost),
    ...(link === null ? {} : { title_link: link }),
    text: toText(summary),
    fields: facts.map(({ label, value }) => ({ title: label, value, short: true })),
  };
}

/** For notifications, which show it as it is. */
function toFallback({ symbol, title, lead }: Summary): string {
  return `${cut(`${symbol} ${title}`, limits.title, toInert)}\n${cut(lead, limits.lead, toInert)}`;
}

function toText({ lead, output, list }: Summary): string {
  const story = cut(lead, limits.lead, escapeMattermost);
  if (list !== null) {
    const room = limits.text - story.length - 2;
    return `${story}\n\n${fitList(list, room, { toMarkup: escapeMattermost })}`.trimEnd();
  }
  if (output === null) return story;
  const [open, close] = ["\n```\n", "\n```"];
  const room = limits.text - story.length - open.length - close.length;
  return `${story}${open}${cut(output, room, toInert)}${close}`;
}

/**
 * Mattermost turns Slack's `<!channel>` and `<https://…|…>` into its own mentions and links before
 * it reads any Markdown, so that a backslash or a block of code would not stop them. A name after
 * `@` is told about the message, in attachments too.
 */
function toInert(value: string): string {
  return toPlain(value).replace(/@(?=\w)/g, "@\u200b");
}

/**
 * A backslash takes the meaning from a sign of Markdown, and stands only where there is one. Emojis
 * and bare addresses know no backslash.
 */
function escapeMattermost(value: string): string {
  return toInert(value)
    .replace(/[\\*~`|]|_(?=\W|_|$)|(?<=\W|_|^)_/g, "\\$&")
    .replaceAll("](", "]\\(")
    .replace(/:(?=\/\/|\w*[a-z]\w*:)/gi, ":\u200b")
    .replace(/^[#>+-]/, "\\$&")
    .replace(/^\d+(?=\.\s)/, "$&\\");
}
