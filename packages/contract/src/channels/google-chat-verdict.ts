// What Google Chat's answers to a webhook mean, in words that say what to do about it.
// https://developers.google.com/workspace/chat/quickstart/webhooks#handle_errors
import { judgeService, type Service, textOf } from "./service-verdict.ts";
import type { Reply, Verdict } from "./verdict.ts";

const newUrl = "make a new webhook in the space and give its URL to this channel";

const service: Service = {
  name: "Google Chat",
  advice: {
    400: "it refused the message or the URL; check that the URL was copied whole",
    401: `the key or token in the URL is wrong; copy it again, or ${newUrl}`,
    403: `the webhook may not post there; ask an administrator to allow webhooks, or ${newUrl}`,
    404: `the webhook or its space was deleted; ${newUrl}`,
    // https://developers.google.com/workspace/chat/limits: shared by all webhooks of the space.
    429: "a space takes one message a second from all its webhooks",
  },
  // A `google.rpc.Status`, which Google's servers wrap in `error`.
  wordsOf: ({ error, message }) => {
    const isWrapped = typeof error === "object" && error !== null && "message" in error;
    return textOf(isWrapped ? error.message : message);
  },
};

export function judgeGoogleChat(reply: Reply): Verdict {
  return judgeService(reply, service);
}
