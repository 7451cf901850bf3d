// What every request passes first, whether there is a route for it or not: the headers of any
// answer, who is believed to ask, and whether its connection may go on at all. Asks no database.
import { ApiError } from "@trigrun/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type IsTrusted, readForwardedFor } from "../proxies.ts";
import type { ConnectionBounds } from "./connection-bounds.ts";
import type { Cors } from "./cors.ts";
import type { RefuseRaw } from "./raw-refusals.ts";

export interface AdmissionParts {
  readonly headers: Readonly<Record<string, string>>;
  readonly isTrusted: IsTrusted;
  readonly connections: ConnectionBounds;
  readonly cors: Cors;
  readonly refuseRaw: RefuseRaw;
}

/** False when nothing is to be answered any more; throws `rate_limited` for one of a flood. */
export function admitRequest(
  { headers, isTrusted, connections, cors, refuseRaw }: AdmissionParts,
  request: FastifyRequest,
  reply: FastifyReply,
): boolean {
  reply.header("x-request-id", request.id).headers(headers);
  cleanForwardedFor(request, isTrusted);
  // RFC 9112, section 3.2: such a request is no HTTP, whatever it asks for.
  if (request.raw.httpVersion === "1.1" && request.headers.host === undefined) {
    reply.hijack();
    refuseRaw({ code: "NO_HOST" }, request.socket);
    return false;
  }
  const place = connections.admit(request.socket);
  if (place === "full") throw refuseFlood(reply);
  if (place === "over") {
    // The refusal before it ends the connection.
    reply.hijack();
    return false;
  }
  cors.mark(request, reply);
  return true;
}

/**
 * Fastify takes whatever stands in it for an address, and reads all of it each time that it is
 * asked for the client's. Of whom nobody believes, it goes unread.
 */
function cleanForwardedFor({ raw }: FastifyRequest, isTrusted: IsTrusted): void {
  const header = raw.headers["x-forwarded-for"];
  if (header === undefined) return;
  // A socket that is closed has no address any more.
  const isBelieved = isTrusted(raw.socket.remoteAddress ?? "");
  // Node joins repeated ones; the type knows lists of other headers.
  const entries = isBelieved && typeof header === "string" ? readForwardedFor(header) : [];
  raw.headers["x-forwarded-for"] = entries.join(", ");
}

/** Nobody who reads answers sends so many requests before the first one. */
function refuseFlood(reply: FastifyReply): ApiError {
  reply.header("connection", "close");
  const message = "Too many requests at once on one connection. Wait for their answers.";
  return new ApiError("rate_limited", message, { retryAfterSeconds: 1 });
}
