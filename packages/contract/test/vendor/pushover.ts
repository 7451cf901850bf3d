// Answers as Pushover's message API does, by the rules of Pushover's documentation, written down
// apart from the code that makes the messages. For tests, never shipped.
import { z } from "zod";
import type { Reply } from "../../src/channels/verdict.ts";
import { readJson, toJsonReply, type VendorRequest } from "../json-reply.ts";

// https://pushover.net/api#identifiers
const identifier = z.string().regex(/^[A-Za-z0-9]{30}$/);

/** Pushover counts characters, an emoji as one. */
function text(max: number) {
  return z.string().refine((value) => [...value].length <= max, `is longer than ${max}`);
}

/** https://pushover.net/api#messages and https://pushover.net/api#limits */
export const requestBody = z
  .strictObject({
    token: identifier,
    user: identifier,
    message: text(1024).min(1),
    title: text(250).optional(),
    url: text(512).optional(),
    url_title: text(100).optional(),
    html: z.literal(1).optional(),
    priority: z.int().min(-2).max(2).optional(),
    timestamp: z.int().min(0).optional(),
    // https://pushover.net/api#priority
    retry: z.int().min(30).optional(),
    expire: z.int().min(1).max(10_800).optional(),
  })
  .refine(
    ({ priority, retry, expire }) =>
      priority !== 2 || (retry !== undefined && expire !== undefined),
    { path: ["retry"], message: "must be supplied with priority=2" },
  );

/** What Pushover says to a request. */
export function answer(request: VendorRequest): Reply {
  const { href } = new URL(request.url);
  if (href !== "https://api.pushover.net/1/messages.json") {
    return { statusCode: 404, headers: {}, body: "" };
  }
  const id = "647d2300-702c-4b38-8b2f-d56326ae460b";
  const message = requestBody.safeParse(readJson(request));
  if (message.success) {
    const receipt =
      message.data.priority === 2 ? { receipt: "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy" } : {};
    return toJsonReply(200, { status: 1, request: id, ...receipt });
  }
  const errors = message.error.issues.map(({ path, message: why }) => `${path.join(".")} ${why}`);
  return toJsonReply(400, { errors, status: 0, request: id });
}
