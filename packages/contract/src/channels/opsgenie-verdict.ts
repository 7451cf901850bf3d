// What Opsgenie's and Jira Service Management's answers mean, in words that say what to do about
// it. https://docs.opsgenie.com/docs/response
import { judgeService, type Service, textOf } from "./service-verdict.ts";
import type { Reply, Verdict } from "./verdict.ts";

const service: Service = {
  name: "The Alert API",
  advice: {
    401: "`api_key` is wrong or its integration is disabled; check it, and `region`",
    402: "the account's plan does not include this; ask whoever pays for it",
    403: "the key may not do this; give the API integration the right to create and update alerts",
    422: "it refused the alert; report this as a fault of TrigRun",
    // https://docs.opsgenie.com/docs/api-rate-limiting
    429: "the account's limit of requests is reached",
  },
  wordsOf: ({ message, errors }) => {
    const isObject = typeof errors === "object" && errors !== null;
    const [first] = isObject ? Object.entries(errors) : [];
    const detail = first === undefined ? null : `${first[0]}: ${String(first[1])}`;
    return [textOf(message), detail].filter((words) => words !== null).join(" ") || null;
  },
};

export function judgeOpsgenie(reply: Reply): Verdict {
  return judgeService(reply, service);
}
