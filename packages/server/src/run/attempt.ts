// One HTTP request of an execution as it is recorded: what came back, judged by the job's own
// success statuses. Pure.
import type { AttemptStatus } from "@trigrun/contract";
import type { Phases } from "../answer.ts";
import type { Scrub } from "../scrub.ts";
import { toText } from "../text.ts";
import type { HttpOutcome } from "../wire/http-call.ts";

export interface Attempt {
  readonly number: number;
  readonly status: AttemptStatus;
  readonly statusCode: number | null;
  readonly startedAt: Date;
  readonly latencyMs: number | null;
  readonly phases: Phases | null;
  readonly bodyPreview: string | null;
  readonly bodyTruncated: boolean;
  readonly responseHeaders: Readonly<Record<string, string>> | null;
  readonly errorClass: string | null;
  readonly errorMessage: string | null;
}

// The specification of the product: 64 KB of the body are kept.
export const bodyPreviewBytesMax = 64 * 1024;

// What helps to explain an answer. Never `set-cookie` and the like: they are credentials.
const keptHeaders = new Set([
  "age",
  "cache-control",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "etag",
  "last-modified",
  "retry-after",
  "server",
  "via",
  "x-correlation-id",
  "x-cron-service-retry",
  "x-request-id",
]);
// Values longer than this say nothing to a person.
const keptHeaderLengthMax = 1_000;

/**
 * What the call came to. `successStatuses` is the job's own list; `scrub` takes out the secrets
 * that the request held, since a target may answer with what it was sent.
 */
export function toAttempt(
  outcome: HttpOutcome,
  number: number,
  successStatuses: readonly number[],
  scrub: Scrub = (text) => text,
): Attempt {
  const course = {
    number,
    startedAt: outcome.startedAt,
    latencyMs: outcome.latencyMs,
    phases: outcome.phases,
  };
  if (outcome.kind !== "answered") {
    return {
      ...course,
      ...nothingReceived,
      status: outcome.kind === "timeout" ? "TIMEOUT" : "CONNECTION_ERROR",
      statusCode: outcome.statusCode,
      errorClass: outcome.errorClass,
      errorMessage: scrub(outcome.message),
    };
  }
  const isSuccess = successStatuses.includes(outcome.statusCode);
  return {
    ...course,
    status: isSuccess ? "SUCCESS" : "HTTP_ERROR",
    statusCode: outcome.statusCode,
    bodyPreview: scrub(toText(outcome.body), outcome.bodyTruncated),
    bodyTruncated: outcome.bodyTruncated,
    responseHeaders: selectHeaders(outcome.headers, scrub),
    errorClass: isSuccess ? null : "status_not_successful",
    errorMessage: isSuccess
      ? null
      : `The target answered ${outcome.statusCode}; success is ${listStatuses(successStatuses)}.`,
  };
}

const nothingReceived = { bodyPreview: null, bodyTruncated: false, responseHeaders: null } as const;

/** The attempt of a node that died before it could record what came back. */
export function toInterruptedAttempt(number: number, dueAt: Date): Attempt {
  return {
    number,
    status: "CONNECTION_ERROR",
    statusCode: null,
    startedAt: dueAt,
    latencyMs: null,
    phases: null,
    ...nothingReceived,
    errorClass: "interrupted",
    errorMessage:
      "The TrigRun node that made this request stopped before it recorded an answer; " +
      "the target may have received it.",
  };
}

/** An attempt that was due and could not be made: nothing left this machine. */
export function toUnsentAttempt(
  number: number,
  at: Date,
  fault: { readonly errorClass: string; readonly message: string },
): Attempt {
  return {
    number,
    status: "CONNECTION_ERROR",
    statusCode: null,
    startedAt: at,
    latencyMs: null,
    phases: null,
    ...nothingReceived,
    errorClass: fault.errorClass,
    errorMessage: fault.message,
  };
}

/** The same attempt without what the target sent, for a database that refuses its contents. */
export function withoutContents(attempt: Attempt): Attempt {
  return { ...attempt, ...nothingReceived };
}

function selectHeaders(
  all: Readonly<Record<string, string>>,
  scrub: Scrub,
): Record<string, string> {
  const kept = Object.entries(all).filter(
    ([name]) => keptHeaders.has(name) || name.startsWith("x-ratelimit-"),
  );
  // Scrubbed before it is cut: half a secret is not found any more. Names are a stranger's, too.
  const shorten = (value: string) =>
    scrub(value.replaceAll("\0", "")).slice(0, keptHeaderLengthMax);
  return Object.fromEntries(kept.map(([name, value]) => [scrub(name), shorten(value)]));
}

function listStatuses(statuses: readonly number[]): string {
  const last = statuses.at(-1);
  return statuses.length === 1 ? `${last}` : `${statuses.slice(0, -1).join(", ")} or ${last}`;
}
