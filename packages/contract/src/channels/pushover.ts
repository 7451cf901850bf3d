// The channel type `pushover`: a push message in plain text, to a user or a group. Nothing in it is
// read as HTML, so that no foreign text can be.
import { z } from "zod";
import { defineChannel, type Notice } from "./channel.ts";
import { includeOutput } from "./include-output.ts";
import { toJsonPost } from "./json-post.ts";
import { toPlainMessage } from "./plain-message.ts";
import { judgePushover } from "./pushover-verdict.ts";
import { characters } from "./ruler.ts";
import { summarize } from "./summarize.ts";
import { isAlarming, type Tone } from "./summary.ts";

// https://pushover.net/api#limits
const limits = {
  message: 1024,
  title: 250,
  url: 512,
  // `url_title` may have 100; ours have about 20.
  // Ours: 300 are the facts, the rest is room for output.
  lead: 500,
};

// https://pushover.net/api#priority: 2 rings until somebody acknowledges it, and must say how often
// (30 seconds at least) and for how long (3 hours at most). Ours: every minute for an hour.
const emergency = { retry: 60, expire: 3600 };

// https://pushover.net/api#identifiers
const key = z.string().regex(/^[A-Za-z0-9]{30}$/, "must be 30 letters and digits");

const config = z.strictObject({
  app_token: key.meta({ description: "API token of your Pushover application." }),
  user_key: key.meta({ description: "Key of the user or group that gets the messages." }),
  priority: z
    .int()
    .min(-2)
    .max(2)
    .default(0)
    .meta({
      description:
        "Priority of failures, -2 to 2 (default 0); everything else has at most 0. 2 rings " +
        "every minute for an hour, until acknowledged.",
    }),
  include_output: includeOutput,
});

export const pushover = defineChannel({
  type: "pushover",
  label: "Pushover",
  summary: "Push to phones and desktops with Pushover.",
  config,
  secrets: ["app_token", "user_key"],
  // Ours: https://pushover.net/api#limits counts by the month alone (10,000), and a phone that
  // sounds more often is switched off.
  pace: { perMinute: 12, burst: 10, overflow: "digest" },
  destination: ({ app_token, user_key }) => `${app_token} ${user_key}`,
  example: {
    app_token: "azGDORePK8gMaC0QOYAMyEEuzJnyUi",
    user_key: "uQiRzpo4DXghDmr9QzzfQu27cmVRsG",
    priority: 1,
    include_output: true,
  },
  render: (notice, { app_token, user_key, priority }) =>
    toJsonPost("https://api.pushover.net/1/messages.json", {
      token: app_token,
      user: user_key,
      ...toMessage(notice, priority),
    }),
  judge: judgePushover,
});

function toMessage(notice: Notice, priorityOfFailures: number) {
  const summary = summarize(notice);
  const { message: max, lead } = limits;
  const priority = priorityOf(summary.tone, notice.isTest, priorityOfFailures);
  const hasPlace = summary.link !== null && summary.link.length <= limits.url;
  return {
    title: characters.cutTo(`${summary.symbol} ${summary.title}`, limits.title),
    message: toPlainMessage(summary, { max, lead, ruler: characters, hasLink: false }),
    // When it happened, not when it arrives: retries may lie between. In seconds.
    timestamp: Math.floor(Date.parse(notice.event.timestamp) / 1000),
    priority,
    ...(priority === 2 ? emergency : {}),
    ...(hasPlace ? { url: summary.link, url_title: summary.linkText } : {}),
  };
}

function priorityOf(tone: Tone, isTest: boolean, priorityOfFailures: number): number {
  // A test that has to be acknowledged would be taken for an alarm.
  if (isTest) return Math.min(priorityOfFailures, 1);
  return isAlarming(tone) ? priorityOfFailures : Math.min(priorityOfFailures, 0);
}
