// The channel type `email`: one mail with a text and an HTML part. It uses no image, no script and
// nothing that is loaded from elsewhere.
import { z } from "zod";
import { text } from "../api/fields.ts";
import { defineChannel, type Notice } from "./channel.ts";
import { toMailHtml } from "./email-html.ts";
import { fitLines, listHeading } from "./listing.ts";
import { parseMailAddress } from "./mail-address.ts";
import { toLink } from "./phrase.ts";
import { summarize } from "./summarize.ts";
import type { Listing, Summary } from "./summary.ts";
import { cut } from "./text.ts";

// Ours: a mail to more people than this is better sent to a mailing list.
const addressesMax = 20;
// The longest list there can be: 20 addresses of 254 characters, with commas and blanks.
const listCharsMax = 6000;
// Ours: RFC 5322 allows a line of 998, and no mail program shows more than this of a subject.
const subjectCharsMax = 200;
// Gmail hides what comes after 102 kB of a mail. A UTF-16 unit takes at most 3 bytes.
const outputCharsMax = 30_000;

const mailAddress = z.string().transform((value, context) => {
  const address = parseMailAddress(value.trim());
  if (address !== null) return address;
  const message = "must be an e-mail address, such as team@example.com";
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

/** One address, several with commas between them, or a list. It is stored as a list. */
const addresses = z
  .union([text(1, listCharsMax), z.array(text(1, 300)).min(1).max(addressesMax)], {
    error: `must be an e-mail address or a list of at most ${addressesMax}`,
  })
  .transform((value) => (typeof value === "string" ? split(value) : value))
  .pipe(
    z
      .array(mailAddress)
      .min(1, "must name at least one e-mail address")
      .max(addressesMax, `must not name more than ${addressesMax} e-mail addresses`)
      .transform((list) => [...new Set(list)]),
  );

/** A comma too many is nobody's mistake worth a refusal. */
function split(value: string): string[] {
  return value.split(",").filter((part) => part.trim() !== "");
}

export const email = defineChannel({
  type: "email",
  label: "Email",
  summary: "Send to one or several email addresses.",
  config: z.strictObject({
    email: addresses.meta({
      description: `Where to send: one address, or up to ${addressesMax} with commas between them.`,
      example: "team@example.com",
    }),
  }),
  secrets: [],
  // Ours: no mail server documents one for its own users, and nobody reads more.
  pace: { perMinute: 30, burst: 10, overflow: "digest" },
  destination: (config) => [...config.email].sort().join(" "),
  example: { email: "team@example.com" },
  render: (notice, config) => {
    const summary = summarize(notice);
    const footer = footerOf(notice);
    return {
      kind: "mail",
      to: config.email,
      subject: cut(summary.title, subjectCharsMax),
      text: toText(summary, footer),
      html: toMailHtml(summary, footer, outputCharsMax),
      headers: headersOf(notice),
    };
  },
});

function footerOf({ kind, event, isTest }: Notice): string {
  if (isTest) return "Sent by TrigRun, because somebody tested this channel.";
  switch (kind) {
    case "execution":
      return (
        "Sent by TrigRun, because a rule of this job tells this address about " +
        `${event.data.event}. To end that, remove the rule: cronctl rules list ${event.data.job.id}`
      );
    case "digest":
      return (
        "Sent by TrigRun, because rules of these jobs tell this address about them. To end that, " +
        "remove the rules: cronctl rules list JOB"
      );
    case "warning":
      return "Sent by TrigRun over this channel, because the other one no longer works.";
  }
}

/**
 * Mail programs show the mails of a job as one conversation, since all answer the same made-up
 * first one, and filter by the same `List-Id` (RFC 2919). `Auto-Submitted` (RFC 3834) and
 * `X-Auto-Response-Suppress` (Exchange) keep absence notes away.
 *
 * `List-Unsubscribe` is the sender's to add: its address is signed with a key of the server.
 */
function headersOf(notice: Notice): Record<string, string> {
  const topic = topicOf(notice);
  const thread = `<${topic}@trigrun>`;
  return {
    "List-Id": `<${topic}.${hostOf(notice)}>`,
    "In-Reply-To": thread,
    References: thread,
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",
    "X-TrigRun-Event": notice.event.data.event,
    ...headersOfKind(notice),
  };
}

/** The installation; where it has no name, the domain that RFC 2919 keeps for such lists. */
function hostOf({ event }: Notice): string {
  const link = toLink(event.data.url);
  const host = link === null ? "" : new URL(link).hostname;
  // An address in brackets or of numbers alone is no domain; 200 keeps the whole in RFC 2919's 255.
  const isDomain = /^[a-z0-9.-]*[a-z][a-z0-9.-]*$/.test(host) && host.length <= 200;
  return isDomain ? host : "localhost";
}

function topicOf({ kind, event }: Notice): string {
  switch (kind) {
    case "execution":
      return event.data.job.id;
    case "digest":
      return "digests";
    case "warning":
      return event.data.channel.id;
  }
}

/** For filters of the mailbox. */
function headersOfKind({ kind, event }: Notice): Record<string, string> {
  switch (kind) {
    case "execution":
      return {
        "X-TrigRun-Status": event.data.execution.status,
        "X-TrigRun-Job": event.data.job.id,
        "X-TrigRun-Execution": event.data.execution.id,
      };
    case "digest":
      return {};
    case "warning":
      return { "X-TrigRun-Channel": event.data.channel.id };
  }
}

function toText(summary: Summary, footer: string): string {
  const width = Math.max(...summary.facts.map(({ label }) => label.length)) + 2;
  const parts = [
    summary.title,
    summary.lead,
    summary.facts.map(({ label, value }) => `${`${label}:`.padEnd(width)}${value}`).join("\n"),
    ...(summary.output === null ? [] : [`Output:\n${cut(summary.output, outputCharsMax)}`]),
    ...(summary.list === null ? [] : [toTextList(summary.list)]),
    ...(summary.link === null ? [] : [summary.link]),
    // "-- " begins a signature (RFC 3676), which answers leave out.
    `-- \n${footer}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

function toTextList(list: Listing): string {
  return [`${listHeading}:`, ...fitLines(list, outputCharsMax)].join("\n");
}
