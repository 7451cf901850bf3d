// How requests reach the server: a timeout, a byte cap, and one repeat after a dropped connection
// where a repeat is safe. It never follows a redirect: the token is meant for one address only.
import { randomUUID } from "node:crypto";
import { api, type Fetch, obeysKey, type Route } from "@trigrun/contract";
import { CliError } from "./errors.ts";
import { exitCodes } from "./exit-codes.ts";
import { defaultUrl } from "./identity.ts";

// Longer than any answer of the API should take, short enough that a person is still there.
export const requestTimeoutMs = 30_000;

// A page of 100 items with long texts stays far below; more is not an answer of TrigRun.
const answerBytesMax = 64 * 1024 * 1024;

export interface Connection {
  readonly fetch: Fetch;
  /** `x-request-id` of the last answer, for error reports. */
  lastRequestId(): string | undefined;
}

type Init = Parameters<Fetch>[1];

interface Limits {
  readonly baseUrl: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

export function openConnection(limits: Limits): Connection {
  let requestId: string | undefined;
  const send = async (url: string, init: Init) => {
    const limit = startLimit(limits);
    try {
      const answer = await fetch(url, { ...init, redirect: "manual", signal: limit.signal });
      requestId = answer.headers.get("x-request-id") ?? undefined;
      await refuseRedirect(answer);
      const text = await readText(answer);
      return { status: answer.status, headers: answer.headers, text: async () => text };
    } finally {
      limit.stop();
    }
  };
  return {
    lastRequestId: () => requestId,
    fetch: async (url, init) => {
      const takesKey = isKeyObeyed(init.method, new URL(url).pathname, limits.baseUrl);
      // The key makes the repeat of a POST safe: the server answers the first result again.
      const headers = takesKey
        ? { ...init.headers, "idempotency-key": randomUUID() }
        : init.headers;
      const isRepeatable = takesKey || init.method === "GET";
      try {
        return await send(url, { ...init, headers });
      } catch (error) {
        if (!isRepeatable || !isDropped(error) || limits.signal.aborted) {
          throw explain(error, limits, init.method);
        }
      }
      try {
        return await send(url, { ...init, headers });
      } catch (error) {
        throw explain(error, limits, init.method);
      }
    },
  };
}

/**
 * A signal that ends a request after its time or on Ctrl-C. Made by hand: Node 20 may collect the
 * timer of an `AbortSignal.timeout` that only an `AbortSignal.any` knows of.
 */
function startLimit({ signal, timeoutMs }: Limits): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const interrupt = () => controller.abort(signal.reason);
  if (signal.aborted) interrupt();
  signal.addEventListener("abort", interrupt, { once: true });
  const timer = setTimeout(() => {
    controller.abort(new DOMException("The request took too long.", "TimeoutError"));
  }, timeoutMs);
  return {
    signal: controller.signal,
    stop: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", interrupt);
    },
  };
}

function isKeyObeyed(method: string, pathname: string, baseUrl: string): boolean {
  const path = pathname.slice(new URL(baseUrl).pathname.replace(/\/+$/, "").length);
  return Object.values<Route>(api).some(
    (route) =>
      obeysKey(route) &&
      route.method === method &&
      new RegExp(`^${route.path.replace(/:[a-z_]+/g, "[^/]+")}$`).test(path),
  );
}

async function refuseRedirect(answer: Response): Promise<void> {
  if (answer.status < 300 || answer.status >= 400) return;
  // A body that nobody reads would keep the process waiting for its connection.
  await answer.body?.cancel();
  const place = answer.headers.get("location");
  throw new CliError(
    "unexpected_answer",
    exitCodes.unexpected,
    `The server redirects${place === null ? "" : ` to ${place}`} and cronctl does not follow. ` +
      "Give the address behind it with --url, or log in there.",
  );
}

async function readText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > answerBytesMax) {
      throw new CliError(
        "unexpected_answer",
        exitCodes.unexpected,
        "The answer is over 64 MiB: that is not TrigRun's.",
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The codes below an error: Node wraps them, and gathers them where several addresses failed. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = "code" in error && typeof error.code === "string" ? [error.code] : [];
  const inner = error instanceof AggregateError ? error.errors.flatMap(codesOf) : [];
  return [...own, ...codesOf(error.cause), ...inner];
}

const droppedCodes = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);
const nameCodes = new Set(["ENOTFOUND", "EAI_AGAIN"]);

function isDropped(error: unknown): boolean {
  return codesOf(error).some((code) => droppedCodes.has(code));
}

function explain(error: unknown, limits: Limits, method: string): unknown {
  if (error instanceof CliError) return error;
  if (limits.signal.aborted) {
    return new CliError("interrupted", exitCodes.interrupted, "Interrupted.");
  }
  const { baseUrl } = limits;
  const unreachable = (message: string) =>
    new CliError("unreachable", exitCodes.unavailable, message);
  if (error instanceof Error && error.name === "TimeoutError") {
    const doubt = method === "GET" ? "" : " It may have acted all the same: look before repeating.";
    return unreachable(`${baseUrl} did not answer within ${limits.timeoutMs / 1000} s.${doubt}`);
  }
  const codes = codesOf(error);
  if (codes.includes("ECONNREFUSED")) return unreachable(refusedMessage(baseUrl));
  if (codes.some((code) => nameCodes.has(code))) {
    return unreachable(`The name in ${baseUrl} is not known here. Is it spelled right?`);
  }
  if (codes.some((code) => droppedCodes.has(code))) {
    const doubt = method === "GET" ? "" : " It may have acted all the same: look before repeating.";
    return unreachable(`${baseUrl} dropped the connection before it had answered.${doubt}`);
  }
  const tlsCode = codes.find((code) => /CERT|SIGN|SSL|TLS|EPROTO/.test(code));
  if (tlsCode !== undefined) return unreachable(tlsMessage(baseUrl, tlsCode));
  return unreachable(`${baseUrl} cannot be reached (${codes[0] ?? String(error)}).`);
}

function refusedMessage(baseUrl: string): string {
  const start = baseUrl === defaultUrl ? " Is `npm start` running?" : " Is it running?";
  return (
    `No TrigRun answers at ${baseUrl}.${start} ` +
    "For another address set CRON_API_URL, or give --url to `cronctl login`."
  );
}

function tlsMessage(baseUrl: string, code: string): string {
  return /SSL|EPROTO/.test(code)
    ? `${baseUrl} does not speak https (${code}). Is it http://?`
    : `The certificate of ${baseUrl} is not trusted (${code}). For a private authority set ` +
        "NODE_EXTRA_CA_CERTS to the file of its certificate.";
}
