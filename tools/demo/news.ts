// What is new between two looks at the API, as lines to print: each start, each attempt, each try
// of a delivery and each end exactly once. Pure.
import type { Answer, TrigRunApi } from "@trigrun/contract";
import { formatMs, type Tone } from "./narrator.ts";

export type Execution = Answer<TrigRunApi["getExecution"]>;
export type Delivery = Answer<TrigRunApi["getDelivery"]>;

export interface News {
  readonly who: "execution" | "delivery";
  readonly what: string;
  readonly tone?: Tone;
}

export function newsOfExecution(before: Execution | undefined, now: Execution): News[] {
  const told = before === undefined ? 0 : countTellable(before);
  // `started_at` is planned ahead; with the first attempt it says when that really began.
  const hasJustStarted = now.attempts.length > 0 && (before?.attempts.length ?? 0) === 0;
  const hasJustEnded = now.finished_at !== null && (before?.finished_at ?? null) === null;
  return [
    ...(before === undefined ? [toPlan(now)] : []),
    ...(hasJustStarted ? [toStart(now)] : []),
    ...now.attempts.slice(told, countTellable(now)).map((attempt) => toAttemptNews(now, attempt)),
    ...(hasJustEnded ? [toEnd(now)] : []),
  ];
}

/** An attempt is told when it is known what follows it: a moment later, or never. */
function countTellable({ attempts, next_attempt_at, finished_at }: Execution): number {
  const isSequelKnown = next_attempt_at !== null || finished_at !== null;
  return isSequelKnown ? attempts.length : Math.max(0, attempts.length - 1);
}

function toPlan({ id, trigger, scheduled_for }: Execution): News {
  return { who: "execution", what: `${id}, by ${trigger}, due at ${timeOf(scheduled_for)}` };
}

function toStart({ scheduled_for, started_at }: Execution): News {
  const lateMs = started_at === null ? 0 : msBetween(scheduled_for, started_at);
  return { who: "execution", what: `started ${formatMs(lateMs)} after it was due` };
}

/** `10:57:55.694 UTC` */
function timeOf(instant: string): string {
  return `${instant.slice(11, 23)} UTC`;
}

function toAttemptNews(execution: Execution, attempt: Execution["attempts"][number]): News {
  const took = attempt.latency_ms === null ? "" : ` in ${formatMs(attempt.latency_ms)}`;
  const answer = attempt.status_code ?? attempt.error_message ?? attempt.status;
  const what = `attempt ${attempt.number}: ${answer}${took}`;
  if (attempt.status === "SUCCESS") return { who: "execution", what, tone: "good" };
  const waitMs = waitAfter(execution, attempt);
  const next = waitMs === undefined ? "" : `, tried again ${formatMs(waitMs)} later`;
  return { who: "execution", what: what + next, tone: "waiting" };
}

/** From the end of an attempt to the next one, be it made or planned. */
function waitAfter(
  { attempts, next_attempt_at }: Execution,
  { number, started_at, latency_ms }: Execution["attempts"][number],
): number | undefined {
  const following = attempts.find((attempt) => attempt.number === number + 1);
  const nextAt = following?.started_at ?? next_attempt_at;
  return nextAt === null ? undefined : msBetween(started_at, nextAt) - (latency_ms ?? 0);
}

function toEnd({ status, attempts, reason }: Execution): News {
  const count = attempts.length === 1 ? "1 attempt" : `${attempts.length} attempts`;
  return {
    who: "execution",
    what: `${status} after ${count}${reason === null ? "" : `\n${reason}`}`,
    tone: status === "succeeded" ? "good" : "bad",
  };
}

export function newsOfDelivery(before: Delivery | undefined, now: Delivery): News[] {
  const tries = now.attempts.slice(before?.attempts.length ?? 0);
  const hasJustFailed = now.status === "failed" && before?.status !== "failed";
  return [
    ...tries.map((attempt) => toTryNews(now, attempt)),
    ...(hasJustFailed
      ? [{ who: "delivery", what: `${nameOf(now)} failed: ${now.reason}`, tone: "bad" } as const]
      : []),
  ];
}

// The longest of the story's names, "discord-alerts" and "on_completion".
const channelColumns = 14;
const eventColumns = 13;

function nameOf({ channel_name, event }: Delivery): string {
  return `${event.padEnd(eventColumns)} → ${channel_name.padEnd(channelColumns)}`;
}

type Try = Delivery["attempts"][number];

function toTryNews(delivery: Delivery, attempt: Try): News {
  const name = nameOf(delivery);
  const answer = `try ${attempt.number}: ${answerOf(attempt)}`;
  if (attempt.verdict === "sent") {
    return { who: "delivery", what: `${name} sent, ${answer}`, tone: "good" };
  }
  const { started_at, latency_ms, next_attempt_at: nextAt } = attempt;
  const waitMs = nextAt === null ? undefined : msBetween(started_at, nextAt) - (latency_ms ?? 0);
  const next = waitMs === undefined ? "" : `, tried again in ${formatMs(waitMs)}`;
  return { who: "delivery", what: `${name} ${answer}${next}`, tone: "waiting" };
}

// A word or two; more belongs to `cronctl deliveries get`.
const answerCharsMax = 24;

/** `200 ok`: the status and, when it is short, the body. */
export function answerOf({ response, reason }: Try): string {
  if (response === null) return reason;
  const body = response.body.trim();
  const isShort = body !== "" && body.length <= answerCharsMax && !body.includes("\n");
  const code = String(response.status_code ?? "");
  if (!isShort) return code;
  // SMTP servers repeat their code in words.
  return body.startsWith(code) ? body : `${code} ${body}`;
}

function msBetween(earlier: string, later: string): number {
  return Date.parse(later) - Date.parse(earlier);
}
