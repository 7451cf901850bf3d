// A Discord webhook in small: it validates each message by Discord's documented rules and answers
// in Discord's words. It shows what a person would see first.
import {
  answer as answerAsDiscord,
  requestBody,
} from "../../packages/contract/test/vendor/discord.ts";
import { type Call, type Reply, startHttpReceiver } from "./http-receiver.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import type { Narrator } from "./narrator.ts";

export interface DiscordReceiver {
  readonly url: string;
  readonly ledger: Ledger;
  close(): Promise<void>;
}

const path = "/api/webhooks/1234567890123456789/a-discord-token";

export async function startDiscord(channel: string, narrator: Narrator): Promise<DiscordReceiver> {
  const ledger = createLedger(channel);
  const answer = (call: Call): Reply => {
    const reply = answerCall(call);
    if (reply.statusCode >= 300) {
      ledger.problems.push(`Discord refused a message: ${reply.statusCode} ${reply.body}`);
      narrator.tell("discord", `✗ refused: ${reply.statusCode} ${reply.body}`, "bad");
      return reply;
    }
    const seen = readMessage(call.body);
    ledger.accepted.push(seen.event);
    const said = reply.statusCode === 204 ? "" : " with the message";
    narrator.tell("discord", `${seen.title}\nembed valid ✓, answers ${reply.statusCode}${said}`);
    return reply;
  };
  const { origin, close } = await startHttpReceiver(answer);
  return { url: origin + path, ledger, close };
}

function answerCall({ method, url, headers, body }: Call): Reply {
  if (url.pathname !== path) return toReply(404, { message: "Unknown Webhook", code: 10015 });
  if (method !== "POST") return toReply(405, { message: "405: Method Not Allowed", code: 0 });
  if (!/^application\/json\b/.test(headers["content-type"] ?? "")) {
    return toReply(400, { message: "Cannot send an empty message", code: 50006 });
  }
  return answerAsDiscord({ url: url.href, body });
}

function toReply(statusCode: number, json: object): Reply {
  const headers = { "content-type": "application/json" };
  return { statusCode, headers, body: JSON.stringify(json) };
}

/** Of a message that was found valid. */
function readMessage(body: string): { title: string; event: string } {
  const { embeds = [], content = "" } = requestBody.parse(JSON.parse(body));
  const event = embeds.flatMap(({ fields = [] }) => fields).find(({ name }) => name === "Event");
  // As Discord shows it: the backslashes before Markdown's signs are not seen.
  const title = (embeds[0]?.title ?? content).replace(/\\(?=[\\*~`|<_#>+()[\]-])/g, "");
  return { title, event: event?.value.replaceAll("\\", "") ?? "none" };
}
