// The HTTP request of an attempt, built from the job's saved one with its secrets filled in. Pure.
// Our own headers come last: a user's header of the same name does not override them.
import type { JobRequest } from "@trigrun/contract";
import type { HttpCall } from "../wire/http-call.ts";
import { bodyPreviewBytesMax } from "./attempt.ts";
import type { Execution } from "./execution.ts";

export const userAgent = "TrigRun/0.1 (+https://docs.trigrun.com)";

/** What of an execution its request tells. */
interface Called extends Pick<Execution, "id" | "scheduledFor"> {
  readonly job: Pick<Execution["job"], "id">;
}

/** `request` is the job's own, filled in; `confinedHeaders` are those that hold secrets now. */
export function toCall(
  execution: Called,
  attemptNumber: number,
  request: JobRequest,
  confinedHeaders: readonly string[] = [],
): HttpCall {
  return {
    url: request.url,
    method: request.method,
    headers: toHeaders(execution, attemptNumber, request),
    body: toBody(request),
    timeoutMs: request.timeout_seconds * 1_000,
    bodyBytesMax: bodyPreviewBytesMax,
    followRedirects: request.follow_redirects,
    confinedHeaders,
  };
}

function toHeaders(
  execution: Called,
  attemptNumber: number,
  request: JobRequest,
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (isJsonBody(request)) headers["content-type"] = "application/json";
  else if (request.body !== null) headers["content-type"] = "text/plain; charset=utf-8";
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name.toLowerCase()] = value;
  }
  headers["user-agent"] = userAgent;
  headers["x-cron-service-job-id"] = execution.job.id;
  headers["x-cron-service-execution-id"] = execution.id;
  headers["x-cron-service-scheduled-for"] = execution.scheduledFor.toISOString();
  headers["x-cron-service-attempt"] = String(attemptNumber);
  return headers;
}

function toBody(request: JobRequest): string | null {
  if (request.body === null || request.body === undefined) return null;
  return isJsonBody(request) ? JSON.stringify(request.body) : String(request.body);
}

/** Anything but text is sent as JSON; text is sent as it is. */
function isJsonBody(request: JobRequest): boolean {
  return request.body !== null && request.body !== undefined && typeof request.body !== "string";
}
