// The channel type `webhook`: the event as JSON, POSTed to any URL, signed when it has a secret.
import { z } from "zod";
import { headers, httpUrl, text } from "../api/fields.ts";
import { defineChannel, hidden } from "./channel.ts";
import { toDestination } from "./destination.ts";

export const webhook = defineChannel({
  type: "webhook",
  label: "Webhook",
  summary: "POST to any URL. Optional HMAC signing.",
  config: z.strictObject({
    url: httpUrl.meta({ description: "Where to POST." }),
    secret: text(1, 500)
      .optional()
      .meta({ description: "Signs every call (Standard Webhooks). `whsec_…` or any text." }),
    headers: headers.optional().meta({ description: "Sent with every call." }),
  }),
  secrets: ["secret", "headers"],
  signingSecret: "secret",
  // Header values may be tokens, so all of them are hidden; the names stay readable.
  mask: (key, value) =>
    key === "headers"
      ? Object.fromEntries(Object.keys(value as object).map((header) => [header, hidden]))
      : hidden,
  // No pace: a program wants every event, as fast as it comes. 429 makes it slower.
  destination: ({ url }) => toDestination(url),
  example: { url: "https://api.example.com/hooks/cron", secret: "whsec_your_signing_secret" },
  render: ({ event }, config) => ({
    kind: "http",
    method: "POST",
    url: config.url,
    headers: { "content-type": "application/json", ...toLowerCase(config.headers) },
    body: JSON.stringify(event),
    isSigned: config.secret !== undefined,
  }),
});

/**
 * Header names are alike in any case. In lower case a user's own `Content-Type` takes the place of
 * ours instead of being sent beside it, and the sender's signature headers take that of a user's.
 */
function toLowerCase(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
