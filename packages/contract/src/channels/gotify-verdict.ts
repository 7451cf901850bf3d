// What a Gotify server's answers mean, in words that say what to do about it.
// https://gotify.net/api-docs#/message/createMessage
import { judgeService, type Service, textOf } from "./service-verdict.ts";
import type { Reply, Verdict } from "./verdict.ts";

const service: Service = {
  name: "Gotify",
  advice: {
    400: "it refused the message; report this as a fault of TrigRun",
    401: "`app_token` is wrong; copy it from the application's row in Gotify",
    403: "the token is not an application's; client tokens cannot send",
    404: "it has nothing there; check that `url` is the address of a Gotify server",
  },
  wordsOf: ({ error, errorDescription }) => textOf(errorDescription) ?? textOf(error),
};

export function judgeGotify(reply: Reply): Verdict {
  return judgeService(reply, service);
}
