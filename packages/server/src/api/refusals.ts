// Turns whatever went wrong into an answer of the error table. What is not meant for a client
// becomes an empty `internal`: no stack, no SQL, no path of this machine ever leaves here.
import { ApiError } from "@trigrun/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Log } from "../log.ts";
import { DatabaseUnavailable } from "../store/db.ts";

/** Every code of Fastify that a client can cause. Others are bugs of ours. */
const frameworkRefusals: Readonly<Record<string, () => ApiError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => new ApiError("payload_too_large", "The body is over 1 MiB."),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new ApiError(
      "unsupported_media_type",
      "The body must be JSON: send it with `Content-Type: application/json`.",
    ),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new ApiError("invalid_json", "The body is not as long as its Content-Length says."),
  FST_ERR_BAD_URL: () =>
    new ApiError("validation_failed", "The path is not a valid percent-encoded address."),
  FST_ERR_MAX_PARAM_LENGTH: () => new ApiError("not_found", "No id or name is as long as this."),
};

// The pool tries a new connection within a second; an earlier retry would meet the same outage.
const unavailableRetrySeconds = 2;

/** The answer for an error; undefined when it is a fault of ours that must be logged. */
function toRefusal(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (error instanceof DatabaseUnavailable) {
    const doubt =
      error.outcome === "unknown"
        ? " Whether the request took effect is not known: look before you repeat it."
        : "";
    return new ApiError("unavailable", `The database is away. Try again in a moment.${doubt}`, {
      retryAfterSeconds: unavailableRetrySeconds,
    });
  }
  const code = readCode(error);
  const known = code === undefined ? undefined : frameworkRefusals[code]?.();
  if (known) return known;
  // The client went away in the middle of its body; nobody will read this.
  if (code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE") {
    return new ApiError("invalid_json", "The body did not arrive whole.");
  }
  return undefined;
}

function readCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Answers with the error envelope. Faults of ours are logged under the request's id. */
export async function refuse(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Log,
): Promise<FastifyReply> {
  const known = toRefusal(error);
  const refusal =
    known ??
    new ApiError(
      "internal",
      `A fault of the server. Report it with the request id ${request.id} and it can be found.`,
    );
  if (known === undefined || refusal.code === "unavailable") {
    const level = known === undefined ? log.error : log.warn;
    // The pattern and not the address: a query may hold what people searched for.
    const route = request.routeOptions.url ?? "no route";
    const fields = { request_id: request.id, method: request.method, route, err: error };
    level(fields, known === undefined ? "a request failed" : "the database is away");
  }
  if (refusal.code === "unauthorized") reply.header("www-authenticate", "Bearer");
  if (refusal.retryAfterSeconds !== undefined) {
    reply.header("retry-after", String(refusal.retryAfterSeconds));
  }
  // Errors before the first hook, such as a malformed path, have no id on them yet.
  reply.header("x-request-id", request.id);
  return reply.code(refusal.status).send(toEnvelope(refusal));
}

export function toEnvelope({ code, message, details }: ApiError) {
  return { error: { code, message, details } };
}
