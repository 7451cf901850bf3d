// The typed client that the CLI and the dashboard share: one method a route, errors as `ApiError`.
// It is given its `fetch`; it opens no connection by itself.
import { z } from "zod";
import { ApiError, type ErrorCode, errorTable } from "./errors.ts";
import { api, type TrigRunApi } from "./index.ts";
import type { Client, Route } from "./route.ts";

/** The part of `fetch` that the client needs. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string },
) => Promise<{
  status: number;
  headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

export interface ClientOptions {
  /** Scheme, host and port: "http://127.0.0.1:7400". */
  readonly baseUrl: string;
  readonly token?: string;
  readonly fetch: Fetch;
  /** Sent as `User-Agent` where the platform lets us. */
  readonly userAgent?: string;
}

interface Parts {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** The answer was not of this API: a proxy's page, another program on the port. */
export class UnexpectedAnswer extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "UnexpectedAnswer";
    this.status = status;
  }
}

export function createClient(options: ClientOptions): Client<TrigRunApi> {
  const methods = Object.entries<Route>(api)
    .filter(([, { streams }]) => streams !== true)
    .map(([key, definition]) => [key, (parts: Parts = {}) => call(options, definition, parts)]);
  // Each key of `api` that answers once has its method, and `call` sends and returns what the
  // route declares.
  return Object.fromEntries(methods) as Client<TrigRunApi>;
}

const errorEnvelope = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.array(z.object({ path: z.string(), message: z.string() })).nullish(),
  }),
});

async function call(options: ClientOptions, definition: Route, parts: Parts): Promise<unknown> {
  const answer = await options.fetch(
    options.baseUrl.replace(/\/+$/, "") + toPath(definition, parts),
    {
      method: definition.method,
      headers: {
        accept: "application/json",
        ...(options.userAgent === undefined ? {} : { "user-agent": options.userAgent }),
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(parts.body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(parts.body === undefined ? {} : { body: JSON.stringify(parts.body) }),
    },
  );
  const text = await answer.text();
  const isSuccess = answer.status >= 200 && answer.status < 300;
  if (isSuccess && text === "") return undefined;
  const body = parseJson(text, answer.status);
  if (isSuccess) return body;
  throw toApiError(body, answer.status, answer.headers.get("retry-after"));
}

/** The path with its parameters filled in and the query appended. */
export function toPath(definition: Route, parts: Parts): string {
  const path = definition.path.replace(/:([a-z_]+)/g, (_, key: string) =>
    encodeURIComponent(parts.params?.[key] ?? ""),
  );
  const query = Object.entries(parts.query ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`);
  return query.length === 0 ? path : `${path}?${query.join("&")}`;
}

function parseJson(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnexpectedAnswer(
      status,
      `The answer (${status}) is not JSON: is this TrigRun's address?`,
    );
  }
}

function toApiError(body: unknown, status: number, retryAfter: string | null): Error {
  const parsed = errorEnvelope.safeParse(body);
  if (!parsed.success || !(parsed.data.error.code in errorTable)) {
    return new UnexpectedAnswer(
      status,
      `The answer (${status}) is not TrigRun's: is this its address?`,
    );
  }
  const { code, message, details } = parsed.data.error;
  const seconds = Number(retryAfter ?? Number.NaN);
  // The line above checked that the code is a key of the table.
  return new ApiError(code as ErrorCode, message, {
    details: details ?? [],
    ...(Number.isFinite(seconds) ? { retryAfterSeconds: seconds } : {}),
  });
}
