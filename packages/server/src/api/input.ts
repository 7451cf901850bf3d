// Reads what a request brings for its route: params, query, body and key, parsed by the contract.
// Everything that is wrong with them is said at once.
import { ApiError, type ErrorDetail, isStorable, type Route } from "@trigrun/contract";
import type { FastifyRequest } from "fastify";
import { readKey } from "./idempotency.ts";
import { parseWith, toValidationError } from "./issues.ts";

export interface Input {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
}

/** Throws `not_found` or `validation_failed`. */
export function readInput(definition: Route, request: FastifyRequest): Input {
  const params = readParams(definition, request);
  const details: ErrorDetail[] = [];
  const query = readQuery(definition, request, details);
  const body = readBody(definition, request, details);
  const key = readKey(definition, request.headers["idempotency-key"]);
  if (typeof key === "object") details.push(key);
  if (details.length > 0) throw toValidationError(details);
  return {
    ...(definition.params ? { params } : {}),
    ...(definition.query ? { query } : {}),
    ...(definition.body ? { body } : {}),
    ...(typeof key === "string" ? { idempotencyKey: key } : {}),
  };
}

/** An id that cannot be one is nobody's: `not_found`, as for any other that matches no row. */
function readParams({ params: schema }: Route, { params }: FastifyRequest): unknown {
  if (schema === undefined) return undefined;
  const parsed = schema.safeParse(params);
  if (parsed.success && Object.values(parsed.data).every((id) => isStorable(String(id)))) {
    return parsed.data;
  }
  throw new ApiError("not_found", "Nothing in this workspace has such an id.");
}

function readQuery(
  { query: schema }: Route,
  { query }: FastifyRequest,
  details: ErrorDetail[],
): unknown {
  if (schema === undefined) return undefined;
  // Fastify's parser makes an object of strings and, for what is repeated, lists of strings.
  const faults = Object.entries(query as Record<string, unknown>).flatMap(([path, value]) => {
    if (Array.isArray(value)) return [{ path, message: "must be given once" }];
    return isStorable(String(value)) ? [] : [{ path, message: "must not contain %00" }];
  });
  if (faults.length > 0) {
    details.push(...faults);
    return undefined;
  }
  const parsed = parseWith(schema, query, { memberWord: "parameter" });
  if (parsed.details === undefined) return parsed.value;
  details.push(...parsed.details);
  return undefined;
}

function readBody(definition: Route, { body }: FastifyRequest, details: ErrorDetail[]): unknown {
  if (definition.body === undefined) return undefined;
  if (body === undefined) {
    if (definition.bodyOptional) return undefined;
    details.push({ path: "", message: "is required: send a JSON object" });
    return undefined;
  }
  const parsed = parseWith(definition.body, body);
  if (parsed.details === undefined) return parsed.value;
  details.push(...parsed.details);
  return undefined;
}
