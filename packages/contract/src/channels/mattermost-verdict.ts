// What Mattermost's answers to an incoming webhook mean, in words that say what to do about it.
// https://developers.mattermost.com/integrate/webhooks/incoming/#troubleshoot-incoming-webhooks
import { judgeService, type Service, textOf } from "./service-verdict.ts";
import type { Reply, Verdict } from "./verdict.ts";

const newUrl = "make a new webhook in Mattermost and give its URL to this channel";

const service: Service = {
  name: "Mattermost",
  advice: {
    // Of a webhook that was deleted as of one that never was: `web.incoming_webhook.invalid`, in
    // https://github.com/mattermost/mattermost/blob/master/server/channels/app/webhook.go
    400: `the webhook or the user to post to does not exist; check \`channel\`, or ${newUrl}`,
    403: "the webhook may not post there; unlock it, or check `channel` and who may post",
    404: "the channel to post to does not exist; check `channel` and the URL",
    429: "the server's limit of requests is reached",
    501: "the server takes no incoming webhooks; ask an administrator to enable them",
  },
  wordsOf: ({ message, id }) => textOf(message) ?? textOf(id),
};

export function judgeMattermost(reply: Reply): Verdict {
  return judgeService(reply, service);
}
