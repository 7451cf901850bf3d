// Answers as PagerDuty's Events API v2 does, by the rules of PagerDuty's documentation, written
// down apart from the code that makes the events. For tests, never shipped.
import { z } from "zod";
import type { Reply } from "../../src/channels/verdict.ts";
import { byteLength, readJson, toJsonReply, type VendorRequest } from "../json-reply.ts";

// https://github.com/PagerDuty/developer-docs/blob/main/docs/events-API-v2/01-Overview.md#size-limits
const bytesMax = 512 * 1024;

const routingKey = z
  .string()
  .length(32, "Length of 'routing_key' is incorrect (should be 32 characters)");

const links = z.array(z.strictObject({ href: z.url(), text: z.string().optional() })).optional();

const about = {
  summary: z.string().min(1).max(1024),
  timestamp: z.iso.datetime({ offset: true }).optional(),
  custom_details: z.record(z.string(), z.unknown()).optional(),
};

/**
 * An alert event:
 * https://github.com/PagerDuty/developer-docs/blob/main/docs/events-API-v2/02-Trigger-Events.md and
 * https://github.com/PagerDuty/api-schema/blob/main/reference/events-v2/openapiv3.json
 */
export const requestBody = z
  .strictObject({
    routing_key: routingKey,
    event_action: z.enum(["trigger", "acknowledge", "resolve"]),
    dedup_key: z.string().max(255).optional(),
    payload: z
      .strictObject({
        ...about,
        source: z.string().min(1),
        severity: z.enum(["critical", "warning", "error", "info"]),
        component: z.string().optional(),
        group: z.string().optional(),
        class: z.string().optional(),
      })
      .optional(),
    images: z.array(z.strictObject({ src: z.url(), href: z.url(), alt: z.string() })).optional(),
    links,
    client: z.string().optional(),
    client_url: z.url().optional(),
  })
  .refine(
    ({ event_action, payload, dedup_key }) =>
      event_action === "trigger" ? payload !== undefined : dedup_key !== undefined,
    "a trigger needs a payload, the others a dedup_key",
  );

/** https://github.com/PagerDuty/developer-docs/blob/main/docs/events-API-v2/03-Change-Events.md */
export const changeBody = z.strictObject({
  // A ruleset's key takes no change events, says the overview.
  routing_key: routingKey.regex(/^[^R]/, "Change events are not supported for this routing key"),
  payload: z.strictObject({ ...about, source: z.string().optional() }),
  links,
});

/** What PagerDuty says to a request. */
export function answer(request: VendorRequest): Reply {
  const { pathname } = new URL(request.url);
  if (pathname === "/v2/enqueue") {
    const event = requestBody.safeParse(readJson(request));
    if (!event.success || byteLength(request.body) > bytesMax) return refuse(event.error);
    const { dedup_key = "a-new-key" } = event.data;
    return toJsonReply(202, { status: "success", message: "Event processed", dedup_key });
  }
  if (pathname === "/v2/change/enqueue") {
    const change = changeBody.safeParse(readJson(request));
    if (!change.success || byteLength(request.body) > bytesMax) return refuse(change.error);
    return toJsonReply(202, { status: "success", message: "Change event processed" });
  }
  return { statusCode: 404, headers: {}, body: "" };
}

function refuse(error: z.ZodError | undefined): Reply {
  const errors = error?.issues.map(({ message }) => message) ?? ["The event is too large"];
  return toJsonReply(400, { status: "invalid event", message: "Event object is invalid", errors });
}
