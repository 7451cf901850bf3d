// A request tried out: made once, as an attempt would make it, and shown whole. It records nothing,
// and shows no secret that it filled in.
import { ApiError, idPrefixes, type JobRequest, type RequestTest } from "@trigrun/contract";
import { showHeaders, showPhases } from "../answer.ts";
import type { Clock } from "../clock.ts";
import { createScrubber } from "../scrub.ts";
import type { HttpCall, HttpOutcome } from "../wire/http-call.ts";
import { type Attempt, toAttempt, toUnsentAttempt } from "./attempt.ts";
import { toCall } from "./request.ts";
import { fillSecrets, findSecretNames, noSecrets, type OpenedSecrets } from "./secret.ts";

export type TestRequest = (input: {
  readonly workspaceId: string;
  readonly request: JobRequest;
  /** Called once there is room for it; a refused test has not been made. */
  readonly beforeSend: () => Promise<void>;
}) => Promise<RequestTest>;

export interface RequestTesterOptions {
  readonly clock: Clock;
  readonly call: (call: HttpCall) => Promise<HttpOutcome>;
  readonly openSecrets: (workspaceId: string, names: readonly string[]) => Promise<OpenedSecrets>;
}

// A person waits for it, and clients give up after 30 s.
const timeoutMsMax = 20_000;
// A hand has some tabs; what wants more is a load test, and jobs need the sockets.
const perWorkspaceMax = 5;
const perNodeMax = 20;
// No id is ever all zeros, since each begins with the time it was made.
const noId = "0".repeat(32);

export function createTestRequest(options: RequestTesterOptions): TestRequest {
  const underWay: string[] = [];
  return async ({ workspaceId, request, beforeSend }) => {
    const own = underWay.filter((id) => id === workspaceId).length;
    if (own >= perWorkspaceMax || underWay.length >= perNodeMax) {
      const message = "Too many requests are being tested at this moment. Wait for one to end.";
      throw new ApiError("rate_limited", message, { retryAfterSeconds: 5 });
    }
    underWay.push(workspaceId);
    try {
      await beforeSend();
      return await test(options, workspaceId, request);
    } finally {
      underWay.splice(underWay.indexOf(workspaceId), 1);
    }
  };
}

async function test(
  { clock, call, openSecrets }: RequestTesterOptions,
  workspaceId: string,
  written: JobRequest,
): Promise<RequestTest> {
  const scheduledFor = clock.now();
  const execution = {
    id: `${idPrefixes.execution}_${noId}`,
    scheduledFor,
    job: { id: `${idPrefixes.job}_${noId}` },
  };
  const toTestCall = (request: JobRequest, confined: readonly string[] = []) => {
    const made = toCall(execution, 1, request, confined);
    const headers = { ...made.headers, "x-cron-service-test": "true" };
    return { ...made, headers, timeoutMs: Math.min(made.timeoutMs, timeoutMsMax) };
  };
  const names = findSecretNames(written);
  const opened = names.length === 0 ? noSecrets : await openSecrets(workspaceId, names);
  const filled = fillSecrets(written, opened);
  const { warnings } = filled;
  const shown = toTestCall(written);
  if (filled.kind === "unsendable") {
    return toAnswer(toUnsentAttempt(1, scheduledFor, filled), { shown, warnings, headers: {} });
  }
  const outcome = await call(toTestCall(filled.request, filled.secretHeaders));
  const scrub = createScrubber(filled.masks);
  const attempt = toAttempt(outcome, 1, written.success_statuses, scrub);
  const headers = outcome.kind === "answered" ? showHeaders(outcome.headers, scrub) : {};
  return toAnswer(attempt, { shown, warnings, headers });
}

function toAnswer(
  attempt: Attempt,
  rest: {
    readonly shown: HttpCall;
    readonly warnings: readonly string[];
    readonly headers: Record<string, string>;
  },
): RequestTest {
  const { statusCode } = attempt;
  const { method, url, headers, body } = rest.shown;
  return {
    started_at: attempt.startedAt.toISOString(),
    latency_ms: attempt.latencyMs,
    status: attempt.status,
    request: { method, url, headers, body },
    response:
      statusCode === null
        ? null
        : {
            status_code: statusCode,
            headers: rest.headers,
            body: attempt.bodyPreview ?? "",
            body_truncated: attempt.bodyTruncated,
          },
    phases: showPhases(attempt.phases),
    error_class: attempt.errorClass,
    error_message: attempt.errorMessage,
    warnings: [...rest.warnings],
  };
}
