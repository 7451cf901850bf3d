// A webhook receiver as its owner would write it: it verifies each signature with the published
// library of the Standard Webhooks specification, and knows a repeat by its `webhook-id`.
import { type ExecutionEvent, executionEvent } from "@trigrun/contract";
import { Webhook } from "standardwebhooks";
import { type Call, type Reply, startHttpReceiver } from "./http-receiver.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import type { Narrator } from "./narrator.ts";

export interface WebhookReceiver {
  readonly url: string;
  readonly ledger: Ledger;
  close(): Promise<void>;
}

export interface WebhookOptions {
  readonly channel: string;
  readonly secret: string;
  /** In the library's words: `raw` means the secret's own characters, else it is base64. */
  readonly format?: "raw";
  /** So many calls are answered 500 before the first one is taken. */
  readonly failures: number;
  readonly narrator: Narrator;
}

export async function startWebhook(options: WebhookOptions): Promise<WebhookReceiver> {
  const { channel, narrator, format } = options;
  const ledger = createLedger(channel);
  const verifier = new Webhook(options.secret, format === undefined ? {} : { format });
  const calls = new Map<string, { readonly body: string; isTaken: boolean }>();
  let failuresLeft = options.failures;

  const answer = (call: Call): Reply => {
    const read = readCall(verifier, call);
    if ("refusal" in read) {
      ledger.problems.push(`${channel} got a call that it cannot trust: ${read.refusal}.`);
      narrator.tell("webhook", `✗ ${channel}: ${read.refusal}, answers 401`, "bad");
      return { statusCode: 401, body: "not trusted" };
    }
    const { id, event } = read;
    const earlier = calls.get(id);
    if (earlier !== undefined) ledger.problems.push(...findWrongRepeat(id, earlier, call.body));
    const isTaken = failuresLeft === 0;
    if (!isTaken) failuresLeft -= 1;
    else if (earlier?.isTaken !== true) ledger.accepted.push(event.data.event);
    calls.set(id, { body: call.body, isTaken });
    narrator.tell(
      "webhook",
      `${channel}: ${event.type}, signature verified by standardwebhooks ✓\n` +
        `webhook-id ${id}${earlier === undefined ? "" : " again"}, ` +
        (isTaken ? "answers 200 ok" : "answers 500, this once"),
    );
    return isTaken ? { statusCode: 200, body: "ok" } : { statusCode: 500, body: "restarting" };
  };
  const { origin, close } = await startHttpReceiver(answer);
  return { url: `${origin}/hooks/cron`, ledger, close };
}

type ReadCall =
  | { readonly id: string; readonly event: ExecutionEvent }
  | { readonly refusal: string };

function readCall(verifier: Webhook, { method, headers, body }: Call): ReadCall {
  if (method !== "POST") return { refusal: `a ${method} is no webhook` };
  const header = (name: string) => String(headers[name] ?? "");
  try {
    const json = verifier.verify(body, {
      "webhook-id": header("webhook-id"),
      "webhook-timestamp": header("webhook-timestamp"),
      "webhook-signature": header("webhook-signature"),
    });
    const event = executionEvent.safeParse(json);
    if (event.success) return { id: header("webhook-id"), event: event.data };
    const issue = event.error.issues[0];
    return { refusal: `the body is no event (${issue?.path.join(".")}: ${issue?.message})` };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return { refusal: `the signature does not hold (${words})` };
  }
}

function findWrongRepeat(
  id: string,
  earlier: { readonly body: string; readonly isTaken: boolean },
  body: string,
): string[] {
  return [
    ...(earlier.body === body ? [] : [`Another body came under the webhook-id ${id}.`]),
    ...(earlier.isTaken ? [`${id} came again, though it had been answered 200.`] : []),
  ];
}
