// What Pushover's answers mean, in words that say what to do about it.
// https://pushover.net/api#friendly
import { judgeService, type Service, textOf } from "./service-verdict.ts";
import { quote, type Reply, readJsonObject, readRetryAfter, type Verdict } from "./verdict.ts";

function firstErrorOf({ errors }: Readonly<Record<string, unknown>>): string | null {
  return Array.isArray(errors) ? textOf(errors[0]) : null;
}

const service: Service = {
  name: "Pushover",
  advice: {
    400: "check `app_token` and `user_key`, and that the user has an active device",
    429: "the application's messages of this month are used up; buy more or wait for the next",
  },
  wordsOf: firstErrorOf,
};

// The same page: a request may be repeated, but no sooner than after 5 seconds.
const pauseSeconds = 5;

export function judgePushover(reply: Reply): Verdict {
  const verdict = judgeService(reply, service);
  switch (verdict.verdict) {
    case "sent":
      return judgeAccepted(reply) ?? verdict;
    case "retry":
      return { ...verdict, retryAfterSeconds: readWait(reply) ?? pauseSeconds };
    case "permanent":
      return verdict;
  }
}

/** 200 with a status that is not 1 was refused; null when it was taken. */
function judgeAccepted({ statusCode, body }: Reply): Verdict | null {
  const json = readJsonObject(body);
  if (json === null || json.status === undefined || json.status === 1) return null;
  const words = quote(firstErrorOf(json) ?? "") || "nothing about why";
  const reason = `Pushover answered ${statusCode} and refused the message. It said: ${words}`;
  return { verdict: "permanent", reason };
}

/** With 429 a header says at which second the month's count begins anew. */
function readWait(reply: Reply): number | null {
  const asked = readRetryAfter(reply);
  if (asked !== null || reply.statusCode !== 429) return asked;
  const resetSeconds = Number(reply.headers["x-limit-app-reset"] ?? "");
  const sentMs = Date.parse(reply.headers.date ?? "");
  if (!(resetSeconds > 0) || Number.isNaN(sentMs)) return null;
  return Math.max(0, resetSeconds - sentMs / 1000);
}
