// What is special to webhooks: the event unchanged, signing, headers of the user's own.
import { describe, expect, it } from "vitest";
import { makeDigest, makeNotice, makeWarning } from "../../test/notices.ts";
import { executionEvent } from "../events/index.ts";
import type { HttpMessage, Notice } from "./channel.ts";
import { webhook } from "./webhook.ts";

const url = "https://api.example.com/hooks/cron?team=1";

function render(
  config: Record<string, unknown>,
  notice: Notice = makeNotice("failed"),
): HttpMessage {
  const message = webhook.render(notice, webhook.config.parse(config));
  if (message.kind !== "http") throw new Error("a webhook is an HTTP message");
  return message;
}

describe("webhook", () => {
  it("posts the event as it is, to the address as it is", () => {
    const notice = makeNotice("failed", { event: "on_failure" });
    const message = render({ url }, notice);
    expect(message).toMatchObject({ method: "POST", url });
    expect(JSON.parse(message.body)).toEqual(notice.event);
    expect(executionEvent.parse(JSON.parse(message.body))).toEqual(notice.event);
  });

  it("posts digests and warnings in the same envelope", () => {
    for (const notice of [makeDigest(), makeWarning()]) {
      expect(JSON.parse(render({ url }, notice).body)).toEqual(notice.event);
    }
  });

  it("never adds the output, which is not part of the event", () => {
    const notice = makeNotice("failed", { output: "private" });
    expect(render({ url }, notice).body).not.toContain("private");
  });

  it("is signed exactly when it has a secret", () => {
    expect(render({ url }).isSigned).toBe(false);
    expect(render({ url, secret: "whsec_your_signing_secret" }).isSigned).toBe(true);
    expect(render({ url, secret: "any text, even ünïcode" }).isSigned).toBe(true);
  });

  it("sends its own headers in lower case, and a content type once", () => {
    const headers = { Authorization: "Bearer x", "X-Team": "ops" };
    expect(render({ url, headers }).headers).toEqual({
      "content-type": "application/json",
      authorization: "Bearer x",
      "x-team": "ops",
    });
    const own = { "Content-Type": "application/vnd.example+json" };
    expect(render({ url, headers: own }).headers).toEqual({
      "content-type": "application/vnd.example+json",
    });
  });

  it("hides the secret whole and of headers all but the names", () => {
    expect(webhook.mask("secret", "whsec_abc")).toBe("••••");
    expect(webhook.mask("headers", { Authorization: "Bearer x", "X-Team": "ops" })).toEqual({
      Authorization: "••••",
      "X-Team": "••••",
    });
  });

  it.each([
    [{ url: "ftp://a.example" }],
    [{ url: "api.example.com/hooks" }],
    [{ url, secret: "" }],
    [{ url, headers: { "bad name": "x" } }],
    [{ url, headers: { "x-a": "two\r\nlines" } }],
    [{ url, headers: { "Content-Length": "5" } }],
  ])("refuses %j", (config) => {
    expect(webhook.config.safeParse(config).success).toBe(false);
  });
});
