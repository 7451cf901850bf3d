// Which pages of other origins may ask the API from a browser: none, unless the operator names
// them. Credentials mode is never allowed: tokens are sent by hand, and no cookie means anything.
import { ApiError } from "@trigrun/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { methodsOf, pathOf } from "./routes.ts";

export interface Cors {
  /** Lets a page of an allowed origin read the answer, whatever it will be. */
  mark(request: FastifyRequest, reply: FastifyReply): void;
  /** Undefined for whatever is no preflight. */
  answerPreflight(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined;
}

// What the API reads of a request, and what of its answers is not in the body.
const requestHeaders = ["authorization", "content-type", "idempotency-key"];
const exposedHeaders = [
  "x-request-id",
  "retry-after",
  "idempotent-replayed",
  "ratelimit-policy",
  "ratelimit",
  "ratelimit-limit",
  "ratelimit-remaining",
  "ratelimit-reset",
].join(", ");

// Browsers ask again after it, so an origin that is taken away is refused after ten minutes at the
// latest, and until then its pages cannot read the answers. Chromium keeps none beyond two hours.
const maxAgeSeconds = 600;

// Of the fetch standard: what a page may send without being asked about.
const isAlwaysAllowed = (method: string) => method === "GET" || method === "HEAD";

export function createCors(origins: readonly string[]): Cors {
  const allowed = new Set(origins);
  return {
    mark(request, reply) {
      if (allowed.size === 0 || !isForPages(pathOf(request.url))) return;
      reply.header("vary", "origin");
      const { origin } = request.headers;
      if (origin === undefined || !allowed.has(origin)) return;
      reply.header("access-control-allow-origin", origin);
      reply.header("access-control-expose-headers", exposedHeaders);
    },
    answerPreflight(request, reply) {
      const { origin } = request.headers;
      const path = pathOf(request.url);
      const method = request.headers["access-control-request-method"];
      // Any other OPTIONS is a method that no path has.
      if (request.method !== "OPTIONS" || origin === undefined || method === undefined) return;
      requireAllowed(allowed.has(origin) && isForPages(path), origin);
      const methods = requireMethod(path, method);
      requireHeaders(request.headers["access-control-request-headers"] ?? "");
      return reply
        .headers({
          "access-control-allow-methods": methods.join(", "),
          "access-control-allow-headers": requestHeaders.join(", "),
          "access-control-max-age": String(maxAgeSeconds),
        })
        .code(204)
        .send();
    },
  };
}

/** The API and its document. The pages of this server are for people, and health for machines. */
function isForPages(path: string): boolean {
  return path.startsWith("/v1/") || path === "/openapi.json";
}

function requireAllowed(isAllowed: boolean, origin: string): void {
  if (isAllowed) return;
  throw new ApiError(
    "forbidden",
    `Pages of ${origin.slice(0, 200)} may not ask this server. An operator allows origins for ` +
      "the API with TRIGRUN_CORS_ORIGINS.",
  );
}

function requireMethod(path: string, method: string): string[] {
  const methods = path === "/openapi.json" ? ["GET"] : methodsOf(path);
  if (methods.length === 0) {
    throw new ApiError("not_found", "There is no such path. /openapi.json lists every path.");
  }
  if (methods.includes(method) || (isAlwaysAllowed(method) && methods.includes("GET"))) {
    return methods;
  }
  throw new ApiError("forbidden", `This path has ${methods.join(", ")}.`);
}

function requireHeaders(list: string): void {
  const names = list
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const stranger = names.find((name) => !requestHeaders.includes(name));
  if (stranger === undefined) return;
  throw new ApiError(
    "forbidden",
    `The API does not read ${stranger.slice(0, 200)}; it reads ${requestHeaders.join(", ")}.`,
  );
}
