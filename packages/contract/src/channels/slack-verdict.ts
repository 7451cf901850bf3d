// What Slack's answers to an incoming webhook mean, in words that say what to do about it.
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
import { judgeStrictly, quote, type Reply, readJsonObject, type Verdict } from "./verdict.ts";

interface SlackError {
  readonly meaning: string;
  /** The webhook itself is no more: only a new address helps. */
  readonly isGone?: true;
}

const newUrl = "make a new webhook in Slack and give its URL to this channel";

const errors: Readonly<Record<string, SlackError>> = {
  invalid_payload: {
    meaning: "it could not read the message; report this as a fault of TrigRun",
  },
  no_text: { meaning: "it found no text in the message; report this as a fault of TrigRun" },
  invalid_blocks: {
    meaning: "it refused the layout of the message; report this as a fault of TrigRun",
  },
  too_many_attachments: {
    meaning: "it found over 100 attachments; report this as a fault of TrigRun",
  },
  user_not_found: {
    meaning: "the user it would post to does not exist; make the webhook anew for another",
  },
  channel_not_found: {
    meaning: "its channel was deleted or cannot be seen; make the webhook anew for another",
  },
  channel_is_archived: {
    meaning: "its channel is archived; bring it back in Slack, then enable this channel",
    isGone: true,
  },
  action_prohibited: {
    meaning: "an administrator restricts posting there; ask them to allow this webhook",
  },
  posting_to_general_channel_denied: {
    meaning: "only some may post to #general; use another channel or ask an administrator",
  },
  no_active_hooks: { meaning: `the webhook was disabled; ${newUrl}`, isGone: true },
  no_service: {
    meaning: `the webhook was disabled, removed or never existed; ${newUrl}`,
    isGone: true,
  },
  no_service_id: { meaning: `the URL names no webhook; ${newUrl}`, isGone: true },
  no_team: { meaning: `the workspace in the URL does not exist; ${newUrl}`, isGone: true },
  team_disabled: { meaning: `the workspace is no longer active; ${newUrl}`, isGone: true },
  invalid_token: { meaning: `the token in the URL is wrong or revoked; ${newUrl}`, isGone: true },
};

// Slack's own faults that pass, in answers that come with 200.
const passing = new Set([
  "fatal_error",
  "internal_error",
  "rate_limited",
  "ratelimited",
  "request_timeout",
  "rollup_error",
  "service_unavailable",
]);

export function judgeSlack(reply: Reply): Verdict {
  const { statusCode } = reply;
  const verdict = judgeStrictly(reply);
  if (verdict.verdict === "sent") return judgeAccepted(reply) ?? verdict;
  const words = wordsOf(reply);
  if (statusCode === 429) {
    return { ...verdict, reason: "Slack answered 429: it takes about one message a second." };
  }
  if (words === null) return verdict;
  if (verdict.verdict === "permanent") {
    // 410 disables a channel whatever the word, as it does for every channel type.
    return { ...judgeError(statusCode, words), ...(verdict.isGone ? { isGone: true } : {}) };
  }
  return { ...verdict, reason: `${verdict.reason} It said: ${words}` };
}

/** Not all that comes with 200 was accepted; null when it was. */
function judgeAccepted({ statusCode, body }: Reply): Verdict | null {
  // An address that is no webhook answers with a page, and nobody would ever read the message.
  if (isWebPage(body)) {
    const reason = `The receiver answered ${statusCode} with a web page: this URL is no webhook.`;
    return { verdict: "permanent", reason };
  }
  // Workflows and the Web API answer 200 to everything, and say in JSON what they mean.
  const json = readJsonObject(body);
  if (json === null || json.ok !== false) return null;
  const error = typeof json.error === "string" ? quote(json.error) : "not ok";
  if (passing.has(error)) {
    return { verdict: "retry", reason: `Slack answered ${error}: that passes.` };
  }
  return judgeError(statusCode, error);
}

function judgeError(statusCode: number, error: string): Verdict {
  // Slack says both `invalid_blocks` and `invalid_blocks_format`.
  const known = errors[error.replace(/_format$/, "")];
  if (known === undefined) {
    const reason = `Slack answered ${statusCode} and would do so again. It said: ${error}`;
    return { verdict: "permanent", reason };
  }
  return {
    verdict: "permanent",
    reason: `Slack answered ${statusCode} ${error}: ${known.meaning}.`,
    ...(known.isGone === true ? { isGone: true } : {}),
  };
}

/** What the receiver says beside its status: a word ("no_service"), or JSON with an `error`. */
function wordsOf({ body }: Reply): string | null {
  const json = readJsonObject(body);
  if (json !== null) return typeof json.error === "string" ? quote(json.error) : null;
  return isWebPage(body) ? null : quote(body) || null;
}

function isWebPage(body: string): boolean {
  return body.trimStart().startsWith("<");
}
