// What a receiver's reply means for a delivery: the shared table, and how hints are read.
// It decides only sent, retry or permanent; when the next try is due is the sender's business.
import { cut, toLine } from "./text.ts";

export interface Reply {
  readonly statusCode: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first part of the body as text. */
  readonly body: string;
}

export interface Verdict {
  readonly verdict: "sent" | "retry" | "permanent";
  /** One sentence for the person who asks why. */
  readonly reason: string;
  /** How long the receiver asks us to wait, in seconds; null when it did not say. */
  readonly retryAfterSeconds?: number | null;
  /**
   * How long nothing may go to the same destination, whichever delivery it is for. A message that
   * was sent can be the last one of a while.
   */
  readonly pauseSeconds?: number;
  /** True when the receiver says it is gone for good: the channel is disabled. */
  readonly isGone?: boolean;
}

// 408 and 425 ask for a repeat, 429 for patience (RFC 9110, 8470, 6585).
const retryable = new Set([408, 425, 429]);

// The receiver's stop signal: a response header that says a repeat would be refused as well.
const stopHeader = "x-cron-service-retry";

/**
 * The table of the Standard Webhooks specification: 2xx is sent, 410 is gone, 3xx is a failure
 * (no redirect is followed), and any other 4xx is tried again, since receivers are often mended.
 * Unless the receiver says `x-cron-service-retry: no`: it knows better.
 */
export function judgeByStatus(reply: Reply): Verdict {
  const verdict = judgeCode(reply);
  const isStopped = reply.headers[stopHeader]?.trim().toLowerCase() === "no";
  if (verdict.verdict !== "retry" || !isStopped) return verdict;
  const reason = `${verdict.reason} It asked for no repeat, with \`${stopHeader}: no\`.`;
  return { verdict: "permanent", reason };
}

function judgeCode(reply: Reply): Verdict {
  const { statusCode } = reply;
  if (statusCode >= 200 && statusCode < 300) {
    return { verdict: "sent", reason: `The receiver answered ${statusCode}.` };
  }
  if (statusCode === 410) {
    return {
      verdict: "permanent",
      isGone: true,
      reason: "The receiver answered 410 Gone: it wants no further calls.",
    };
  }
  return {
    verdict: "retry",
    reason: reasonOf(statusCode),
    retryAfterSeconds: readRetryAfter(reply),
  };
}

/** 429 speaks of the sender, not of this message: whoever says how long means all of them. */
export function withPause(verdict: Verdict, { statusCode }: Reply): Verdict {
  const { retryAfterSeconds, pauseSeconds } = verdict;
  if (statusCode !== 429 || pauseSeconds !== undefined) return verdict;
  if (verdict.verdict !== "retry" || typeof retryAfterSeconds !== "number") return verdict;
  return { ...verdict, pauseSeconds: retryAfterSeconds };
}

/**
 * For services with documented codes (Slack, Discord, Telegram): a 4xx means that the address or
 * the message is wrong and stays wrong, but for the codes that ask for a repeat.
 */
export function judgeStrictly(reply: Reply): Verdict {
  const verdict = judgeCode(reply);
  const { statusCode } = reply;
  if (verdict.verdict !== "retry" || statusCode < 400 || statusCode >= 500) return verdict;
  if (retryable.has(statusCode)) return verdict;
  return { verdict: "permanent", reason: `${reasonOf(statusCode)} It would do so again.` };
}

/**
 * `Retry-After` in seconds, or null. A date is counted from the reply's own `Date`: that needs no
 * clock of ours and is right even where the two clocks differ.
 */
export function readRetryAfter(reply: Reply): number | null {
  const value = reply.headers["retry-after"]?.trim() ?? "";
  if (/^\d{1,9}(?:\.\d+)?$/.test(value)) return Number(value);
  const untilMs = parseHttpDate(value);
  const sentMs = parseHttpDate(reply.headers.date ?? "");
  if (untilMs === null || sentMs === null) return null;
  return Math.max(0, (untilMs - sentMs) / 1000);
}

/** Any of the three forms of RFC 9110, which all begin with the day of the week. */
function parseHttpDate(value: string): number | null {
  if (!/^[A-Z][a-z]{2}/.test(value)) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}

// What a vendor says about an error is a code or a short sentence; a page of HTML helps nobody.
const quoteCharsMax = 200;

/** The receiver's own words, cut to stand in a reason. */
export function quote(words: string): string {
  return cut(toLine(words.slice(0, quoteCharsMax * 4)), quoteCharsMax);
}

/** The body as a JSON object, or null when it is something else. */
export function readJsonObject(body: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(body);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    // Just checked: every object that JSON can make has string keys.
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function reasonOf(statusCode: number): string {
  if (statusCode >= 300 && statusCode < 400) {
    return `The receiver answered ${statusCode}, a redirect; redirects are not followed.`;
  }
  return `The receiver answered ${statusCode}.`;
}
