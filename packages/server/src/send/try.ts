// One try to hand a delivery over, as it is recorded and shown: what left, what came back, and
// what it means, with every credential scrubbed. Pure.
import type { Exchange, HttpMessage, MailMessage, Reply, Verdict } from "@trigrun/contract";
import { type Phases, scrubHeaders, showHeaders, showPhases } from "../answer.ts";
import type { Scrub } from "../scrub.ts";
import { toText } from "../text.ts";
import type { HttpAnswer, HttpOutcome } from "../wire/http-call.ts";
import type { MailOutcome } from "../wire/mail.ts";

export interface Try {
  readonly startedAt: Date;
  readonly latencyMs: number | null;
  readonly verdict: Verdict["verdict"];
  readonly reason: string;
  readonly request: Exchange["request"];
  readonly response: Exchange["response"];
  readonly phases: Phases | null;
  readonly errorClass: string | null;
  readonly errorMessage: string | null;
}

/** A try and what the receiver asked for beyond its verdict. */
export interface JudgedTry {
  readonly attempt: Try;
  readonly verdict: Verdict;
}

export function judgeHttpTry(
  message: HttpMessage,
  headers: Readonly<Record<string, string>>,
  outcome: HttpOutcome,
  judge: (reply: Reply) => Verdict,
  scrub: Scrub,
): JudgedTry {
  const request = {
    method: message.method,
    url: scrub(message.url),
    headers: scrubHeaders(headers, scrub),
    body: scrub(message.body),
  };
  const verdict = withoutCredentials(
    outcome.kind === "answered" ? judge(toReply(outcome)) : judgeFailure(outcome),
    scrub,
  );
  const isAnswered = outcome.kind === "answered";
  return {
    verdict,
    attempt: {
      startedAt: outcome.startedAt,
      latencyMs: outcome.latencyMs,
      phases: outcome.phases,
      verdict: verdict.verdict,
      reason: verdict.reason,
      request,
      response: isAnswered ? toResponse(outcome, scrub) : null,
      errorClass: isAnswered ? null : outcome.errorClass,
      errorMessage: isAnswered ? null : scrub(outcome.message),
    },
  };
}

export function judgeMailTry(message: MailMessage, outcome: MailOutcome, scrub: Scrub): JudgedTry {
  const verdict = withoutCredentials(judgeMail(outcome), scrub);
  return {
    verdict,
    attempt: {
      startedAt: outcome.startedAt,
      latencyMs: outcome.latencyMs,
      phases: null,
      verdict: verdict.verdict,
      reason: verdict.reason,
      request: {
        method: "MAIL",
        url: `mailto:${message.to.join(",")}`,
        headers: { subject: message.subject, ...message.headers },
        body: message.text,
      },
      response:
        outcome.response === undefined
          ? null
          : {
              status_code: outcome.kind === "failed" ? (outcome.responseCode ?? null) : 250,
              headers: {},
              body: scrub(outcome.response),
              body_truncated: false,
            },
      errorClass: outcome.kind === "failed" ? outcome.errorClass : null,
      errorMessage: outcome.kind === "failed" ? scrub(outcome.message) : null,
    },
  };
}

/** The try that a dying node cut: it may have reached the receiver. */
export function toInterruptedTry(dueAt: Date): Try {
  const reason =
    "The TrigRun node that sent this stopped before it recorded an answer; " +
    "the receiver may have got it.";
  return { ...toFailedTry(dueAt, reason), errorClass: "interrupted" };
}

/** A try that never reached the wire: the message could not be made. */
export function toUnsentTry(at: Date, reason: string): Try {
  return { ...toFailedTry(at, reason), verdict: "permanent", errorClass: "not_renderable" };
}

function toFailedTry(startedAt: Date, reason: string): Try {
  return {
    startedAt,
    latencyMs: null,
    verdict: "retry",
    reason,
    request: null,
    response: null,
    phases: null,
    errorClass: null,
    errorMessage: reason,
  };
}

/** The same try without its contents, for a database that refuses them. */
export function withoutContents(attempt: Try): Try {
  return { ...attempt, request: null, response: null };
}

export function toExchange(attempt: Try): Exchange {
  return {
    started_at: attempt.startedAt.toISOString(),
    latency_ms: attempt.latencyMs,
    verdict: attempt.verdict,
    reason: attempt.reason,
    request: attempt.request,
    response: attempt.response,
    phases: showPhases(attempt.phases),
    error_class: attempt.errorClass,
    error_message: attempt.errorMessage,
  };
}

function toReply(answer: HttpAnswer): Reply {
  return { statusCode: answer.statusCode, headers: answer.headers, body: toText(answer.body) };
}

function toResponse(answer: HttpAnswer, scrub: Scrub): Exchange["response"] {
  return {
    status_code: answer.statusCode,
    headers: showHeaders(answer.headers, scrub),
    body: scrub(toText(answer.body), answer.bodyTruncated),
    body_truncated: answer.bodyTruncated,
  };
}

/** A reason quotes the receiver, who may quote the credential. It is kept, told and logged. */
function withoutCredentials(verdict: Verdict, scrub: Scrub): Verdict {
  return { ...verdict, reason: scrub(verdict.reason) };
}

/** No answer: worth another try, but for the guard's refusal, which an operator must lift. */
function judgeFailure(outcome: Exclude<HttpOutcome, HttpAnswer>): Verdict {
  return {
    verdict: outcome.kind === "refused" ? "permanent" : "retry",
    reason: outcome.message,
  };
}

function judgeMail(outcome: MailOutcome): Verdict {
  if (outcome.kind === "sent") {
    return { verdict: "sent", reason: `The mail server took it: ${outcome.response}` };
  }
  return { verdict: outcome.permanent ? "permanent" : "retry", reason: outcome.message };
}
