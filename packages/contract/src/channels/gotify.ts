// The channel type `gotify`: a message for one's own Gotify server, in plain text. Never Markdown:
// https://gotify.net/docs/msgextras advises against it for text from elsewhere, whose images would
// be loaded by whoever reads it.
import { z } from "zod";
import { httpUrl } from "../api/fields.ts";
import { defineChannel, type Notice } from "./channel.ts";
import { credential } from "./credential.ts";
import { toDestination } from "./destination.ts";
import { judgeGotify } from "./gotify-verdict.ts";
import { includeOutput } from "./include-output.ts";
import { toJsonPost } from "./json-post.ts";
import { toPlainMessage } from "./plain-message.ts";
import { characters } from "./ruler.ts";
import { summarize } from "./summarize.ts";
import { isAlarming, type Summary } from "./summary.ts";

// Ours: Gotify documents none.
const limits = { title: 250, lead: 1500, message: 10_000 };

// https://gotify.net/docs/priority: 4 to 7 sound, 8 to 10 vibrate as well.
const sounding = 5;

/** A server may be served from a path; what else an address can have would end up in the middle. */
function isServer(value: string): boolean {
  if (!URL.canParse(value)) return true;
  const { search, hash } = new URL(value);
  return search === "" && hash === "";
}

const config = z.strictObject({
  url: httpUrl
    .refine(isServer, "must be the address of the server, without a query")
    .meta({ description: "Address of the Gotify server.", example: "https://gotify.example.com" }),
  // https://github.com/gotify/server/blob/master/auth/token.go: an application's begins with
  // `gtfy_app.`, in older versions with A; a client's and a plugin's cannot send.
  app_token: credential
    .refine(
      (token) => !/^(?:gtfy_client\..*|[CP][\w.-]{14}|P[\w-]{22})$/.test(token),
      "must be an application's token; this is a client's or a plugin's",
    )
    .meta({ description: "Token of the application that the messages are of." }),
  priority: z.int().min(0).max(10).optional().meta({
    description:
      "Priority of failures, 0 to 10; everything else has at most 5. Default: the application's.",
  }),
  include_output: includeOutput,
});

export const gotify = defineChannel({
  type: "gotify",
  label: "Gotify",
  summary: "Push with your own Gotify server.",
  config,
  secrets: ["app_token"],
  // Ours: Gotify documents none, and nobody reads more.
  pace: { perMinute: 30, burst: 20, overflow: "digest" },
  destination: ({ url, app_token }) => `${toDestination(url)} ${app_token}`,
  example: {
    url: "https://gotify.example.com",
    app_token: "AbCdEfGhIjKlMnO",
    priority: 8,
    include_output: true,
  },
  // https://gotify.net/api-docs: the token may also stand in the address, where logs keep it.
  render: (notice, { url, app_token, priority }) =>
    toJsonPost(`${url.replace(/\/+$/, "")}/message`, toMessage(notice, priority), {
      "x-gotify-key": app_token,
    }),
  judge: judgeGotify,
});

function toMessage(notice: Notice, priority: number | undefined) {
  const summary = summarize(notice);
  const { message: max, title, lead } = limits;
  return {
    title: characters.cutTo(`${summary.symbol} ${summary.title}`, title),
    // The link too: only the Android app opens an address that is beside the text.
    message: toPlainMessage(summary, { max, lead, ruler: characters, hasLink: true }),
    ...toPriority(summary, priority),
    extras: {
      "client::display": { contentType: "text/plain" },
      ...(summary.link === null
        ? {}
        : { "client::notification": { click: { url: summary.link } } }),
    },
  };
}

function toPriority({ tone }: Summary, priority: number | undefined) {
  if (priority === undefined) return {};
  return { priority: isAlarming(tone) ? priority : Math.min(priority, sounding) };
}
