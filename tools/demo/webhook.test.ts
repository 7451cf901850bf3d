// The demo's webhook receiver: it believes nothing that is not signed, and knows a repeat.
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";
import { makeNotice } from "../../packages/contract/test/notices.ts";
import { createNarrator } from "./narrator.ts";
import { startWebhook, type WebhookOptions, type WebhookReceiver } from "./webhook.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const body = JSON.stringify(makeNotice("failed", { event: "on_failure" }).event);
const narrator = createNarrator({ write: () => undefined }, () => 0);
const opened: WebhookReceiver[] = [];

async function start(options: Partial<WebhookOptions> = {}): Promise<WebhookReceiver> {
  const channel = "ops-webhook";
  const receiver = await startWebhook({ channel, secret, failures: 0, narrator, ...options });
  opened.push(receiver);
  return receiver;
}

afterEach(async () => {
  for (const { close } of opened.splice(0)) await close();
});

interface Sent {
  readonly id?: string;
  readonly text?: string;
  readonly signer?: Webhook;
  readonly at?: Date;
}

async function send({ url }: WebhookReceiver, sent: Sent = {}): Promise<number> {
  const { id = "dlv_1", text = body, signer = new Webhook(secret), at = new Date() } = sent;
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": signer.sign(id, at, text),
  };
  return (await fetch(url, { method: "POST", headers, body: text })).status;
}

describe("the webhook receiver", () => {
  it("takes what is signed with its secret and notes the event", async () => {
    const receiver = await start();
    expect(await send(receiver)).toBe(200);
    expect(receiver.ledger).toMatchObject({ accepted: ["on_failure"], problems: [] });
  });

  it("takes a secret as its own characters where it is told so", async () => {
    const plain = "whsec_your_signing_secret";
    const receiver = await start({ secret: plain, format: "raw" });
    const signer = new Webhook(plain, { format: "raw" });
    expect(await send(receiver, { signer })).toBe(200);
    expect(receiver.ledger.problems).toEqual([]);
  });

  it.each([
    ["another secret", { signer: new Webhook(Buffer.alloc(32, 8).toString("base64")) }],
    ["an old timestamp", { at: new Date(Date.now() - 3_600_000) }],
    ["a body that is no event", { text: '{"type":"execution.exploded"}' }],
  ])("refuses %s with 401 and notes it as a problem", async (_what, sent) => {
    const receiver = await start();
    expect(await send(receiver, sent)).toBe(401);
    expect(receiver.ledger.accepted).toEqual([]);
    expect(receiver.ledger.problems).toHaveLength(1);
  });

  it("refuses what is not signed at all, and a GET", async () => {
    const receiver = await start();
    expect((await fetch(receiver.url, { method: "POST", body })).status).toBe(401);
    expect((await fetch(receiver.url)).status).toBe(401);
    expect(receiver.ledger.problems).toHaveLength(2);
  });

  it("fails as often as it is told, then takes the repeat once", async () => {
    const receiver = await start({ failures: 1 });
    expect([await send(receiver), await send(receiver)]).toEqual([500, 200]);
    expect(receiver.ledger).toMatchObject({ accepted: ["on_failure"], problems: [] });
  });

  it("notes a repeat of what it has taken, and another body under a known id", async () => {
    const receiver = await start();
    await send(receiver);
    await send(receiver);
    const text = JSON.stringify(makeNotice("succeeded", { event: "on_success" }).event);
    await send(receiver, { text });
    expect(receiver.ledger.accepted).toEqual(["on_failure"]);
    expect(receiver.ledger.problems).toEqual([
      "dlv_1 came again, though it had been answered 200.",
      "Another body came under the webhook-id dlv_1.",
      "dlv_1 came again, though it had been answered 200.",
    ]);
  });
});
