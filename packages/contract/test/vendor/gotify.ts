// Answers as a Gotify server does when a message is created, by the rules of Gotify's own
// description of its API, written down apart from the code that makes the messages. For tests.
import { z } from "zod";
import type { Reply } from "../../src/channels/verdict.ts";
import { readJson, toJsonReply, type VendorRequest } from "../json-reply.ts";

/**
 * `Message` of https://github.com/gotify/server/blob/master/docs/spec.json, with the extras that
 * https://gotify.net/docs/msgextras knows.
 */
export const requestBody = z.strictObject({
  message: z.string().min(1),
  title: z.string().optional(),
  priority: z.int().optional(),
  extras: z
    .strictObject({
      "client::display": z
        .strictObject({ contentType: z.enum(["text/plain", "text/markdown"]) })
        .optional(),
      "client::notification": z
        .strictObject({
          click: z.strictObject({ url: z.url() }).optional(),
          bigImageUrl: z.url().optional(),
        })
        .optional(),
    })
    .optional(),
});

/** What Gotify says to a request. */
export function answer(request: VendorRequest): Reply {
  const { pathname, searchParams } = new URL(request.url);
  if (!pathname.endsWith("/message")) return refuse(404, "Not Found", "page not found");
  const token = request.headers?.["x-gotify-key"] ?? searchParams.get("token") ?? "";
  if (token === "") {
    const description = "you need to provide a valid access token or user credentials";
    return refuse(401, "Unauthorized", description);
  }
  const message = requestBody.safeParse(readJson(request));
  if (!message.success) return refuse(400, "Bad Request", "Field 'message' is required");
  return toJsonReply(200, { id: 25, appid: 5, date: "2026-11-23T10:00:04Z", ...message.data });
}

function refuse(errorCode: number, error: string, errorDescription: string): Reply {
  return toJsonReply(errorCode, { error, errorCode, errorDescription });
}
