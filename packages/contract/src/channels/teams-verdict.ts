// What a Teams workflow's answers mean, and those of the old incoming webhooks, in words that say
// what to do about it.
import { judgeService, type Service, textOf } from "./service-verdict.ts";
import { quote, type Reply, readJsonObject, type Verdict, withPause } from "./verdict.ts";

const copyUrl = "copy the whole address of the workflow again, to the end of its `sig=…`";

const service: Service = {
  name: "Teams",
  advice: {
    400: `the workflow took nothing; check that it is on and not deleted, or ${copyUrl}`,
    401: `it misses its signature; let anyone trigger the workflow, and ${copyUrl}`,
    403: `the signature is wrong; ${copyUrl}`,
    404: `there is no such workflow; ${copyUrl}`,
    413: "the message is longer than Teams takes; report this as a fault of TrigRun",
    429: "the workflow or the conversation gets too many messages",
  },
  // `{"error":{"code":"WorkflowTriggerIsNotEnabled","message":…}}`, as every Azure service answers:
  // https://github.com/microsoft/api-guidelines/blob/vNext/azure/Guidelines.md#handling-errors
  wordsOf: ({ error }) => {
    if (typeof error !== "object" || error === null) return textOf(error);
    const [code, message] = ["code" in error && error.code, "message" in error && error.message];
    return [textOf(code), textOf(message)].filter((words) => words !== null).join(": ") || null;
  },
};

export function judgeTeams(reply: Reply): Verdict {
  const verdict = judgeService(reply, service);
  return verdict.verdict === "sent" ? (judgeAccepted(reply) ?? verdict) : verdict;
}

/**
 * The old webhooks answer 200 to everything and say in text what Teams answered: "Connectors do
 * not throw 429s", with an example of that text, is how
 * https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
 * puts it. Null when the message was taken.
 */
function judgeAccepted({ statusCode, headers, body }: Reply): Verdict | null {
  if (readJsonObject(body) !== null) return null;
  const inner = /Microsoft Teams endpoint returned HTTP error (\d{3})/.exec(body)?.[1];
  if (inner !== undefined) {
    const innerReply = { statusCode: Number(inner), headers, body: "" };
    return withPause(judgeService(innerReply, service), innerReply);
  }
  if (!/Webhook message delivery failed/i.test(body)) return null;
  const reason = `Teams answered ${statusCode} and dropped the message. It said: ${quote(body)}`;
  return { verdict: "permanent", reason };
}
