// What is special to Telegram: HTML in one message, a token in the address, its answers.
import { describe, expect, it } from "vitest";
import { hostileText, makeDigest, makeNotice } from "../../test/notices.ts";
import { answer, requestBody } from "../../test/vendor/telegram.ts";
import type { Notice } from "./channel.ts";
import { telegram } from "./telegram.ts";

const bot_token = "123456789:AAE-example-token-of-35-characters_x";
const chat_id = "-1001234567890";

function render(notice: Notice, config: Record<string, unknown> = {}) {
  const message = telegram.render(notice, telegram.config.parse({ bot_token, chat_id, ...config }));
  if (message.kind !== "http") throw new Error("a Telegram message is an HTTP message");
  return { ...message, json: requestBody.parse(JSON.parse(message.body)) };
}

const judge = (statusCode: number, json: object, headers = {}) =>
  telegram.judge({ statusCode, headers, body: JSON.stringify(json) });

const issueOf = (config: Record<string, unknown>) =>
  telegram.config.safeParse({ bot_token, chat_id, ...config }).error?.issues[0];

describe("a Telegram message", () => {
  it("goes to the chat, and to its topic", () => {
    expect(render(makeNotice("failed")).url).toBe(
      `https://api.telegram.org/bot${bot_token}/sendMessage`,
    );
    expect(render(makeNotice("failed"), { message_thread_id: 5 }).json).toMatchObject({
      chat_id,
      message_thread_id: 5,
    });
  });

  it("goes to a server of one's own, under a path or not", () => {
    const { url } = render(makeNotice("failed"), { api_url: "http://127.0.0.1:8081/tg/" });
    expect(url).toBe(`http://127.0.0.1:8081/tg/bot${bot_token}/sendMessage`);
  });

  it("fills what room there is with output, and closes its tag", () => {
    const { text } = render(makeNotice("failed", { output: "&".repeat(1e5) })).json;
    expect(text).toMatch(/&amp;…<\/pre>$/);
    expect(text.length).toBeLessThanOrEqual(4096);
    expect(text.length).toBeGreaterThan(4090);
  });

  it("counts the notifications of a digest that there is no room for", () => {
    const { deliveries } = makeDigest().event.data;
    const long = deliveries.map((delivery) => ({ ...delivery, error_message: "&".repeat(120) }));
    const { text } = render(makeDigest({ deliveries: long, total: 1000 })).json;
    expect(text).toMatch(/\nand \d+ more$/);
    expect(text.length).toBeLessThanOrEqual(4096);
  });

  it("escapes foreign text", () => {
    const { text } = render(makeNotice("failed", { name: hostileText })).json;
    expect(text).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(text).not.toContain("<script");
  });
});

describe("the config of Telegram", () => {
  it.each(["-1001234567890", "123456", "@my_channel"])("takes the chat %s", (chat) => {
    expect(issueOf({ chat_id: chat })).toBeUndefined();
  });

  it.each([
    [{ chat_id: "my_channel" }, "must be a chat's number or @channelname"],
    [{ chat_id: "https://t.me/my_channel" }, "must be a chat's number or @channelname"],
    [{ chat_id: -1001234567890 }, "must be text: as a number it could lose digits"],
    [{ bot_token: "AAE-example" }, "must be a token as @BotFather gives it: 123456:ABC…"],
    [{ bot_token: `bot${bot_token}` }, "must be a token as @BotFather gives it: 123456:ABC…"],
    [{ api_url: "https://api.telegram.org/bot123456:abc" }, "no token, no query"],
    [{ api_url: "https://api.telegram.org/?x=1" }, "no token, no query"],
  ])("refuses what Telegram would: %j", (config, message) => {
    expect(issueOf(config)?.message).toContain(message);
  });

  it("shows the bot's number, and nothing of its secret", () => {
    expect(telegram.mask("bot_token", bot_token)).toBe("123456789:…");
  });
});

describe("the verdict of Telegram", () => {
  it("pauses for as long as the body says", () => {
    const parameters = { retry_after: 17 };
    const description = "Too Many Requests: retry after 17";
    expect(judge(429, { ok: false, description, parameters })).toMatchObject({
      verdict: "retry",
      retryAfterSeconds: 17,
      pauseSeconds: 17,
    });
  });

  it.each([
    [400, "Bad Request: chat not found", "check `chat_id`"],
    [403, "Forbidden: bot was blocked by the user", "add it again"],
    [400, "Bad Request: group chat was upgraded to a supergroup chat", "its new number"],
    [400, "Bad Request: message thread not found", "check `message_thread_id`"],
    [400, "Bad Request: not enough rights to send text messages to the chat", "give it the right"],
    [401, "Unauthorized", "get it from @BotFather again"],
    [404, "Not Found", "get it from @BotFather again"],
  ])("explains %i %s, for good", (statusCode, description, hint) => {
    const verdict = judge(statusCode, { ok: false, description });
    expect(verdict.verdict).toBe("permanent");
    expect(verdict.reason).toContain(hint);
  });
});

describe("the test's own Telegram", () => {
  const { url, json } = render(makeNotice("failed"));
  const answerTo = (text: string) => answer({ url, body: JSON.stringify({ ...json, text }) });

  it.each([
    ["<strong>x</strong> &lt; &amp; &#39;", 200],
    ["<strong>x", 400],
    ["<strong>x</pre>", 400],
    ["<h1>x</h1>", 400],
    ["a & b", 400],
    ["a < b", 400],
    ["x".repeat(4097), 400],
    [`<pre>${"&amp;".repeat(4096)}</pre>`, 200],
  ])("answers to %.20s as Telegram does", (text, statusCode) => {
    expect(answerTo(text).statusCode).toBe(statusCode);
  });
});
