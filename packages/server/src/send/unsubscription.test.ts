// Who may end the mails of a channel: whoever holds the link of one of them.
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readUnsubscribeToken, toUnsubscribeHeaders, toUnsubscribeUrl } from "./unsubscription.ts";

const channelId = `chan_${"a".repeat(32)}`;
const sign = (key: string) => (text: string) => createHmac("sha256", key).update(text).digest();
const tokenOf = (url: string) => url.split("/").at(-1) ?? "";

describe("an unsubscribe link", () => {
  const url = toUnsubscribeUrl("https://cron.example.com", channelId, sign("ours"));

  it("leads to its own channel, and nowhere in another installation", () => {
    expect(url).toMatch(/^https:\/\/cron\.example\.com\/unsubscribe\/chan_/);
    expect(readUnsubscribeToken(tokenOf(url), sign("ours"))).toBe(channelId);
    expect(readUnsubscribeToken(tokenOf(url), sign("theirs"))).toBeUndefined();
  });

  it("cannot be made for another channel", () => {
    const other = tokenOf(url).replace(channelId, `chan_${"b".repeat(32)}`);
    for (const token of [other, channelId, `${channelId}.`, "", `${tokenOf(url)}x`]) {
      expect(readUnsubscribeToken(token, sign("ours"))).toBeUndefined();
    }
  });

  it("is offered for one click only over https", () => {
    expect(Object.keys(toUnsubscribeHeaders(url))).toEqual([
      "List-Unsubscribe",
      "List-Unsubscribe-Post",
    ]);
    expect(toUnsubscribeHeaders("http://127.0.0.1/x")).toEqual({
      "List-Unsubscribe": "<http://127.0.0.1/x>",
    });
  });
});
