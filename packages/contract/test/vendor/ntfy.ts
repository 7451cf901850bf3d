// Answers as an ntfy server does when it is sent JSON, by the rules of ntfy's documentation and
// source, written down apart from the code that makes the messages. For tests, never shipped.
import { z } from "zod";
import type { Reply } from "../../src/channels/verdict.ts";
import { byteLength, readJson, toJsonReply, type VendorRequest } from "../json-reply.ts";

// https://docs.ntfy.sh/publish/#limitations. JSON may be twice as long, for what it adds
// (`transformBodyJSON` in https://github.com/binwiederhier/ntfy/blob/main/server/server.go).
const messageBytesMax = 4096;
const jsonBytesMax = 2 * messageBytesMax;

/** https://docs.ntfy.sh/publish/#publish-as-json */
export const requestBody = z.strictObject({
  topic: z.string().regex(/^[-_A-Za-z0-9]{1,64}$/),
  // What is longer becomes an attachment: a file that nobody reads on a lock screen.
  message: z
    .string()
    .refine((message) => byteLength(message) <= messageBytesMax, "longer than a message")
    .optional(),
  title: z.string().optional(),
  tags: z.array(z.string()).optional(),
  priority: z.int().min(1).max(5).optional(),
  click: z.url().optional(),
  markdown: z.boolean().optional(),
});

/** What ntfy says to a request. */
export function answer(request: VendorRequest): Reply {
  if (new URL(request.url).pathname !== "/") return refuse(40401, "page not found");
  if (byteLength(request.body) > jsonBytesMax) return refuse(41303, "JSON body too large");
  if (!/^Bearer tk_\w+$/.test(request.headers?.authorization ?? "Bearer tk_none")) {
    return refuse(40101, "unauthorized");
  }
  const message = requestBody.safeParse(readJson(request));
  if (message.success) {
    return toJsonReply(200, { id: "sPs71M8A2T", time: 1795000000, event: "message" });
  }
  return message.error.issues[0]?.path[0] === "topic"
    ? refuse(40009, "invalid request: topic invalid")
    : refuse(40024, "invalid request: request body must be valid JSON");
}

/** The first three digits of ntfy's codes are the status. */
function refuse(code: number, error: string): Reply {
  const http = Math.floor(code / 100);
  return toJsonReply(http, { code, http, error });
}
