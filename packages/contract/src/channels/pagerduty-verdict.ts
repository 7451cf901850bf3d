// What PagerDuty's answers to an event mean, in words that say what to do about it.
// https://github.com/PagerDuty/developer-docs/blob/main/docs/events-API-v2/01-Overview.md
import { judgeService, type Service, textOf } from "./service-verdict.ts";
import type { Reply, Verdict } from "./verdict.ts";

const service: Service = {
  name: "PagerDuty",
  advice: {
    // A ruleset's key begins with "R" and takes alerts, but no change events (same page).
    400: "check that `routing_key` is of a service's Events API v2 integration, not a ruleset's",
    429: "too many events for this integration key",
  },
  wordsOf: ({ message, errors }) => {
    const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
    return [textOf(message), textOf(first)].filter((words) => words !== null).join(": ") || null;
  },
};

// https://github.com/PagerDuty/developer-docs/blob/main/docs/events-API-v2/05-Rate-Limits.md: about
// 120 events a minute for a key, and half a minute between repeats.
const pauseSeconds = 30;

export function judgePagerDuty(reply: Reply): Verdict {
  const verdict = judgeService(reply, service);
  if (reply.statusCode !== 429) return verdict;
  return { ...verdict, retryAfterSeconds: verdict.retryAfterSeconds ?? pauseSeconds };
}
