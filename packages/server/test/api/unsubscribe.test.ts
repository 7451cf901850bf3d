// Ending the mails of a channel by the link in one of them.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toUnsubscribeUrl } from "../../src/send/unsubscription.ts";
import { createTestApi, type TestApi } from "../support/api.ts";

let test: TestApi;
let channelId: string;
let url: URL;
beforeAll(async () => {
  test = await createTestApi();
  const channel = await test.client.createChannel({
    body: { name: "<b>ops</b>", type: "email", config: { email: "ops@example.com" } },
  });
  channelId = channel.id;
  const { vault, publicUrl } = test.services;
  url = new URL(toUnsubscribeUrl(publicUrl, channelId, vault.fingerprint));
});
afterAll(() => test.close());

const channel = () => test.client.getChannel({ params: { id: channelId } });

async function visit(method: "GET" | "POST", path: string, payload?: string) {
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const sent = payload === undefined ? {} : { headers: form, payload };
  return test.app.inject({ method, url: path, ...sent });
}

describe("the link in a mail", () => {
  it("asks first, and changes nothing when it is only opened", async () => {
    const answer = await visit("GET", url.pathname);
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain("&#60;b&#62;ops&#60;/b&#62;");
    expect(answer.headers["content-security-policy"]).toContain("form-action 'self'");
    expect((await channel()).disabled_at).toBeNull();
  });

  it("of another channel, or made up, is no page", async () => {
    const forged = url.pathname.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
    for (const path of [forged, "/unsubscribe/x", `/unsubscribe/${channelId}`]) {
      expect((await visit("GET", path)).statusCode).toBe(404);
      expect((await visit("POST", path, "List-Unsubscribe=One-Click")).statusCode).toBe(404);
    }
    expect((await channel()).disabled_at).toBeNull();
  });

  it("takes no more of a body than any other route", async () => {
    const answer = await visit("POST", url.pathname, "x".repeat(1_100_000));
    expect(answer.statusCode).toBe(413);
    expect((await channel()).disabled_at).toBeNull();
  });

  it("disables the channel by one click, with the reason; a second one does no harm", async () => {
    const others = { name: "other", type: "webhook", config: { url: "https://api.example.com/" } };
    await test.client.createChannel({ body: others as never });
    for (let click = 0; click < 2; click += 1) {
      const answer = await visit("POST", url.pathname, "List-Unsubscribe=One-Click");
      expect(answer.statusCode).toBe(200);
      expect(answer.body).toContain(`cronctl channels enable ${channelId}`);
    }
    expect(await channel()).toMatchObject({
      disabled_reason: "Somebody who got its mails unsubscribed.",
    });
    const { items } = await test.client.listDeliveries();
    expect(items).toMatchObject([{ event: "channel_disabled", channel_name: "other" }]);
  });
});
