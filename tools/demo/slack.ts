// A Slack incoming webhook in small: it validates each message by Slack's documented rules and
// answers in Slack's words. It shows what a person would see first.
import { answer as answerAsSlack, requestBody } from "../../packages/contract/test/vendor/slack.ts";
import { type Call, type Reply, startHttpReceiver } from "./http-receiver.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import type { Narrator } from "./narrator.ts";

export interface SlackReceiver {
  readonly url: string;
  readonly ledger: Ledger;
  close(): Promise<void>;
}

const path = "/services/T0DEMO/B0DEMO/a-slack-token";

export async function startSlack(channel: string, narrator: Narrator): Promise<SlackReceiver> {
  const ledger = createLedger(channel);
  const answer = (call: Call): Reply => {
    const reply = answerCall(call);
    if (reply.statusCode !== 200) {
      ledger.problems.push(`Slack refused a message: ${reply.statusCode} ${reply.body}.`);
      narrator.tell("slack", `✗ refused: ${reply.statusCode} ${reply.body}`, "bad");
      return reply;
    }
    const seen = readMessage(call.body);
    ledger.accepted.push(seen.event);
    narrator.tell("slack", `${seen.header}\nBlock Kit valid ✓, answers 200 ok`);
    return reply;
  };
  const { origin, close } = await startHttpReceiver(answer);
  return { url: origin + path, ledger, close };
}

function answerCall({ method, url, headers, body }: Call): Reply {
  if (method !== "POST" || url.pathname !== path) return { statusCode: 404, body: "no_service" };
  // Anything else is read as a form, which holds no payload.
  const isJson = /^application\/json\b/.test(headers["content-type"] ?? "");
  if (!isJson) return { statusCode: 400, body: "invalid_payload" };
  return answerAsSlack({ url: url.href, body });
}

/** Of a message that was found valid. */
function readMessage(body: string): { header: string; event: string } {
  const { blocks = [], text = "" } = requestBody.parse(JSON.parse(body));
  const header = blocks.find((block) => block.type === "header");
  const fields = blocks.flatMap((block) => (block.type === "section" ? (block.fields ?? []) : []));
  const event = fields.find((field) => field.text.startsWith("*Event*\n"));
  return {
    header: header?.text.text ?? text,
    event: event?.text.slice("*Event*\n".length) ?? "none",
  };
}
