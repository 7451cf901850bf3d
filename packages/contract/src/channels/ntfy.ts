// The channel type `ntfy`: a message to a topic of ntfy.sh or of one's own server, in plain text.
// Whoever knows a topic can read it, so the topic is kept like a password.
import { z } from "zod";
import { httpUrl } from "../api/fields.ts";
import { defineChannel, type Notice } from "./channel.ts";
import { credential } from "./credential.ts";
import { includeOutput } from "./include-output.ts";
import { toJsonPost } from "./json-post.ts";
import { judgeNtfy } from "./ntfy-verdict.ts";
import { toPlainMessage } from "./plain-message.ts";
import { jsonBytes } from "./ruler.ts";
import { summarize } from "./summarize.ts";
import { isAlarming } from "./summary.ts";

const limits = {
  // https://docs.ntfy.sh/publish/#limitations, in bytes; what is longer becomes a file. The server
  // reads twice as much of JSON, which title, topic and link stay inside.
  message: 4096,
  // Ours.
  title: 250,
  lead: 1500,
};

// https://docs.ntfy.sh/publish/#message-priority: 1 to 5; 3 is what a message has without one.
const normal = 3;
const high = 4;

/** ntfy serves nothing from a path, and a topic here would be told twice. */
function isServer(value: string): boolean {
  if (!URL.canParse(value)) return true;
  const { pathname, search, hash } = new URL(value);
  return pathname === "/" && search === "" && hash === "";
}

// https://github.com/binwiederhier/ntfy/blob/main/server/config.go, `DefaultDisallowedTopics`.
const reserved = new Set([
  "docs",
  "static",
  "file",
  "app",
  "metrics",
  "account",
  "settings",
  "signup",
  "login",
  "v1",
]);

const config = z.strictObject({
  url: httpUrl
    .refine(isServer, "must be the address of the server alone, such as https://ntfy.sh")
    .default("https://ntfy.sh")
    .meta({
      description: "Address of the ntfy server. Default: https://ntfy.sh.",
      example: "https://ntfy.example.com",
    }),
  // https://docs.ntfy.sh/publish/: "the topic is essentially a password".
  topic: z
    .string()
    .regex(/^[-_A-Za-z0-9]{1,64}$/, "must be 1 to 64 letters, digits, dashes and underscores")
    .refine((name) => !reserved.has(name), "is a name that ntfy keeps for itself; choose another")
    .meta({ description: "The topic. Kept secret: whoever knows it can read along." }),
  access_token: credential
    .refine((token) => token.startsWith("tk_"), "must be an access token: it begins with tk_")
    .optional()
    .meta({ description: "Access token (`tk_…`), where the topic is protected." }),
  priority: z.int().min(1).max(5).default(high).meta({
    description: "Priority of failures, 1 to 5 (default 4); everything else has at most 3.",
  }),
  include_output: includeOutput,
});

export const ntfy = defineChannel({
  type: "ntfy",
  label: "ntfy",
  summary: "Push to a topic of ntfy.sh or of your own ntfy server.",
  config,
  secrets: ["topic", "access_token"],
  // https://docs.ntfy.sh/config/#request-limits: 60 at once, and one more every 5 seconds. It counts
  // by the sender's address, which all topics of a server share.
  pace: { perMinute: 12, burst: 60, overflow: "digest" },
  destination: ({ url }) => new URL(url).origin,
  example: { topic: "your-secret-topic", priority: 5, include_output: true },
  // JSON goes to the root: https://docs.ntfy.sh/publish/#publish-as-json
  render: (notice, { url, topic, access_token, priority }) =>
    toJsonPost(
      `${new URL(url).origin}/`,
      { topic, ...toMessage(notice, priority) },
      access_token === undefined ? {} : { authorization: `Bearer ${access_token}` },
    ),
  judge: judgeNtfy,
});

function toMessage(notice: Notice, priority: number) {
  const summary = summarize(notice);
  const { message: max, title, lead } = limits;
  return {
    title: jsonBytes.cutTo(`${summary.symbol} ${summary.title}`, title),
    message: toPlainMessage(summary, { max, lead, ruler: jsonBytes, hasLink: true }),
    priority: isAlarming(summary.tone) ? priority : Math.min(priority, normal),
    tags: tagsOf(notice),
    ...(summary.link === null ? {} : { click: summary.link }),
  };
}

/** None may be the short name of an emoji, as `warning` is: ntfy puts those before the title. */
function tagsOf({ kind, event }: Notice): string[] {
  return kind === "execution" ? [event.data.execution.status] : [event.data.event];
}
