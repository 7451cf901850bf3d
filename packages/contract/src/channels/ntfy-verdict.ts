// What an ntfy server's answers mean, in words that say what to do about it. Its codes:
// https://github.com/binwiederhier/ntfy/blob/main/server/errors.go
import { judgeService, type Service, textOf } from "./service-verdict.ts";
import type { Reply, Verdict } from "./verdict.ts";

const service: Service = {
  name: "The ntfy server",
  advice: {
    400: "it cannot use this message; check `topic`",
    401: "`access_token` is wrong or has run out; make a new one",
    403: "it may not write to this topic; check `access_token` and the topic's access rules",
    404: "it has nothing there; check that `url` is the address of an ntfy server",
    413: "the message is longer than this server takes; report this as a fault of TrigRun",
    429: "the server's limit of messages is reached",
  },
  wordsOf: ({ error }) => textOf(error),
};

export function judgeNtfy(reply: Reply): Verdict {
  return judgeService(reply, service);
}
