// What Discord's answers to an execute-webhook request mean, in words that say what to do about it.
// https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
import {
  judgeStrictly,
  quote,
  type Reply,
  readJsonObject,
  readRetryAfter,
  type Verdict,
} from "./verdict.ts";

// Codes that say the webhook is no more. Discord asks callers to stop, and blocks the address of
// those that do not: https://docs.discord.com/developers/topics/rate-limits#invalid-request-limit
const unknownWebhook = 10015;
const invalidWebhookToken = 50027;

const advice: Readonly<Record<number, string>> = {
  10003: "the thread or channel does not exist; check `thread_id`",
  [unknownWebhook]: "the webhook was deleted; make a new one and give its URL to this channel",
  [invalidWebhookToken]: "the token in the URL is wrong; copy the webhook's URL again",
  50013: "the webhook may not post there; check the channel's permissions",
  50083: "the thread is archived; open it again or change `thread_id`",
  160005: "the thread is locked; unlock it or change `thread_id`",
  200000: "the server's AutoMod blocked the message; let it pass webhooks",
  220001: "it posts to a forum, and that needs a `thread_id`",
  240000: "the server's filter for harmful links blocked the message",
};

export function judgeDiscord(reply: Reply): Verdict {
  const { statusCode } = reply;
  const verdict = judgeStrictly(reply);
  if (verdict.verdict === "sent") return { ...verdict, ...readPause(reply) };
  const json = readJsonObject(reply.body);
  if (statusCode === 429) {
    const isGlobal = json?.global === true || reply.headers["x-ratelimit-global"] === "true";
    const whose = isGlobal ? "of this server's address" : "of this webhook";
    const reason = `Discord answered 429: the rate limit ${whose} is reached.`;
    return { ...verdict, reason, retryAfterSeconds: readWait(reply, json) };
  }
  const code = typeof json?.code === "number" ? json.code : null;
  const said = json === null ? null : wordsOf(json);
  if (code === null && said === null) return verdict;
  const isGone = code === unknownWebhook || code === invalidWebhookToken || verdict.isGone === true;
  return {
    ...verdict,
    reason: toReason(statusCode, code, said),
    ...(verdict.verdict === "permanent" && isGone ? { isGone: true } : {}),
  };
}

function toReason(statusCode: number, code: number | null, said: string | null): string {
  const known = code === null ? undefined : advice[code];
  const answer = `Discord answered ${statusCode}${code === null ? "" : ` (code ${code})`}`;
  if (known !== undefined) return `${answer}: ${known}.`;
  return said === null ? `${answer}.` : `${answer}: ${said}`;
}

/**
 * The body's `retry_after` has fractions of a second; the header is the same, rounded up. Before
 * Discord itself, Cloudflare answers, and that with the header alone.
 * https://docs.discord.com/developers/topics/rate-limits#exceeding-a-rate-limit
 */
function readWait(reply: Reply, json: Readonly<Record<string, unknown>> | null): number | null {
  const seconds = json?.retry_after;
  if (typeof seconds === "number" && seconds >= 0) return seconds;
  return readRetryAfter(reply) ?? readReset(reply);
}

/**
 * The message that was sent may have been the last one for now, and says so.
 * https://docs.discord.com/developers/topics/rate-limits#header-format
 */
function readPause(reply: Reply): Pick<Verdict, "pauseSeconds"> {
  if (reply.headers["x-ratelimit-remaining"] !== "0") return {};
  const seconds = readReset(reply);
  return seconds === null ? {} : { pauseSeconds: seconds };
}

function readReset({ headers }: Reply): number | null {
  const reset = headers["x-ratelimit-reset-after"] ?? "";
  return /^\d{1,9}(?:\.\d+)?$/.test(reset) ? Number(reset) : null;
}

/** Discord's message, with the first field that it names in `errors`. */
function wordsOf(json: Readonly<Record<string, unknown>>): string | null {
  const message = typeof json.message === "string" ? json.message : "";
  const detail = firstErrorOf(json.errors, []) ?? "";
  return quote([message, detail].filter(Boolean).join(": ")) || null;
}

// `errors.embeds.0.fields.0.value._errors` is as deep as ours can go; the rest would be a trick.
const depthMax = 8;

/** https://docs.discord.com/developers/reference#error-messages */
function firstErrorOf(node: unknown, path: readonly string[]): string | null {
  if (typeof node !== "object" || node === null || path.length > depthMax) return null;
  for (const [key, value] of Object.entries(node)) {
    if (key !== "_errors") {
      const found = firstErrorOf(value, [...path, key]);
      if (found !== null) return found;
      continue;
    }
    const first: unknown = Array.isArray(value) ? value[0] : undefined;
    if (typeof first === "object" && first !== null && "message" in first) {
      return `${path.join(".")}: ${String(first.message)}`;
    }
  }
  return null;
}
