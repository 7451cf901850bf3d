// What a receiver's reply means for a delivery: the shared table, and how hints are read.
// It decides only sent, retry or permanent; when the next try is due is the sender's business.

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
  /** True when the receiver says it is gone for good: the channel is disabled. */
  readonly isGone?: boolean;
}

// 408 and 425 ask for a repeat, 429 for patience (RFC 9110, 8470, 6585).
const retryable = new Set([408, 425, 429]);

/**
 * The table of the Standard Webhooks specification: 2xx is sent, 410 is gone, 3xx is a failure
 * (no redirect is followed), and any other 4xx is tried again, since receivers are often mended.
 */
export function judgeByStatus(reply: Reply): Verdict {
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
  return { verdict: "retry", reason: reasonOf(statusCode) };
}

/**
 * For services with documented codes (Slack, Discord, Telegram): a 4xx means that the address or
 * the message is wrong and stays wrong, but for the codes that ask for a repeat.
 */
export function judgeStrictly(reply: Reply): Verdict {
  const verdict = judgeByStatus(reply);
  const { statusCode } = reply;
  if (verdict.verdict !== "retry" || statusCode < 400 || statusCode >= 500) return verdict;
  if (retryable.has(statusCode)) return verdict;
  return { verdict: "permanent", reason: `${reasonOf(statusCode)} It would do so again.` };
}

function reasonOf(statusCode: number): string {
  if (statusCode >= 300 && statusCode < 400) {
    return `The receiver answered ${statusCode}, a redirect; redirects are not followed.`;
  }
  return `The receiver answered ${statusCode}.`;
}
