// Answers as a Teams workflow does that posts what a webhook is sent, by the rules of Microsoft's
// documentation, written down apart from the code that makes the messages. For tests.
import { z } from "zod";
import type { Reply } from "../../src/channels/verdict.ts";
import { byteLength, readJson, toJsonReply, type VendorRequest } from "../json-reply.ts";

// https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
// names 28 KB; https://www.rubydoc.info/gems/msteams_hermes/MsTeamsHermes/Message measured 21,000.
const messageBytesMax = 21_000;

const size = z.enum(["Small", "Default", "Medium", "Large", "ExtraLarge"]).optional();
const weight = z.enum(["Lighter", "Default", "Bolder"]).optional();
const color = z
  .enum(["Default", "Dark", "Light", "Accent", "Good", "Warning", "Attention"])
  .optional();

/** https://adaptivecards.io/explorer/TextRun.html */
const textRun = z.strictObject({
  type: z.literal("TextRun"),
  text: z.string().min(1),
  size,
  weight,
  color,
  fontType: z.enum(["Default", "Monospace"]).optional(),
});

/** https://adaptivecards.io/explorer/ */
const element = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("RichTextBlock"), inlines: z.array(textRun).min(1) }),
  z.strictObject({
    type: z.literal("TextBlock"),
    text: z.string().min(1),
    wrap: z.boolean().optional(),
    size,
    weight,
    color,
  }),
  z.strictObject({
    type: z.literal("FactSet"),
    facts: z.array(z.strictObject({ title: z.string().min(1), value: z.string().min(1) })).min(1),
  }),
]);

/** https://adaptivecards.io/explorer/AdaptiveCard.html */
const card = z.strictObject({
  $schema: z.literal("http://adaptivecards.io/schemas/adaptive-card.json"),
  type: z.literal("AdaptiveCard"),
  version: z.string().regex(/^1\.[2-5]$/),
  body: z.array(element).min(1),
  actions: z
    .array(z.strictObject({ type: z.literal("Action.OpenUrl"), title: z.string(), url: z.url() }))
    .optional(),
  // https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
  msteams: z.strictObject({ width: z.literal("Full") }).optional(),
});

/** https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using */
export const requestBody = z.strictObject({
  type: z.literal("message"),
  attachments: z
    .array(
      z.strictObject({
        contentType: z.literal("application/vnd.microsoft.card.adaptive"),
        contentUrl: z.null(),
        content: card,
      }),
    )
    .min(1),
});

/** What a workflow says to a request. */
export function answer(request: VendorRequest): Reply {
  const query = new URL(request.url).searchParams;
  if (query.get("sig") === null) {
    const message = "The request must be authenticated only by Shared Access scheme.";
    return refuse(401, "DirectApiAuthorizationRequired", message);
  }
  if (query.get("api-version") === null) {
    return refuse(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter is required.",
    );
  }
  if (byteLength(request.body) > messageBytesMax) return { statusCode: 413, headers: {}, body: "" };
  const message = requestBody.safeParse(readJson(request));
  // A workflow takes what its trigger's schema allows, and fails later; this one looks at once.
  if (!message.success) return refuse(400, "TriggerInputSchemaMismatch", "The input is not valid.");
  return { statusCode: 202, headers: {}, body: "" };
}

function refuse(statusCode: number, code: string, message: string): Reply {
  return toJsonReply(statusCode, { error: { code, message } });
}
