// What is special to Google Chat: threads, cards in HTML, an address that is a credential, answers.
import { describe, expect, it } from "vitest";
import {
  cases,
  hostileNotices,
  hostileText,
  makeDigest,
  makeNotice,
  makeWarning,
} from "../../test/notices.ts";
import { answer, requestBody } from "../../test/vendor/google-chat.ts";
import type { Notice } from "./channel.ts";
import { googleChat } from "./google-chat.ts";

const url = "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=k3y&token=t0k%3Den=";

function render(notice: Notice, config: Record<string, unknown> = { url }) {
  const message = googleChat.render(notice, googleChat.config.parse(config));
  if (message.kind !== "http") throw new Error("a Google Chat message is an HTTP message");
  const json = requestBody.parse(JSON.parse(message.body));
  const card = json.cardsV2?.[0]?.card;
  if (!card) throw new Error("a Google Chat message has a card");
  return { ...message, json, card };
}

const judge = (statusCode: number, json: object) =>
  googleChat.judge({ statusCode, headers: {}, body: JSON.stringify(json) });

describe("a Google Chat message", () => {
  it("goes into the thread of its job, a new one where there is none", () => {
    const message = render(makeNotice("failed"));
    expect(message.url).toBe(`${url}&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD`);
    expect(message.json.thread).toEqual({
      threadKey: "trigrun-job_0193a5c4f7e2aaaaaaaaaaaaaaaaaaaa",
    });
  });

  it("keeps digests and warnings out of the threads of jobs", () => {
    expect(render(makeDigest()).json.thread).toEqual({ threadKey: "trigrun-digests" });
    expect(render(makeWarning()).json.thread).toEqual({
      threadKey: "trigrun-chan_0193a5c4f7e2dddddddddddddddddddd",
    });
  });

  it("goes without a thread when it is asked to", () => {
    const message = render(makeNotice("failed"), { url, thread_per_job: false });
    expect(message.url).toBe(url);
    expect(message.json).not.toHaveProperty("thread");
  });

  it("leaves the address as it was given, so that records of it can be scrubbed", () => {
    const asked = `${url}&messageReplyOption=REPLY_MESSAGE_OR_FAIL`;
    expect(render(makeNotice("failed"), { url: asked }).url).toBe(asked);
    expect(render(makeNotice("failed"), { url: `${url}#part` }).url).toMatch(/^[^#]*NEW_THREAD$/);
    expect(googleChat.config.parse({ url: `${url}#part` }).url).toBe(url);
  });

  it("has no text, in which alone a mention rings", () => {
    expect(render(makeNotice("failed", { name: "<users/all>" })).json).not.toHaveProperty("text");
  });

  it("escapes foreign text where cards read HTML, and breaks it up where they do not", () => {
    const { card, json } = render(
      makeNotice("failed", { name: "<users/all> <b>&", output: `a\n${hostileText}` }),
    );
    expect(card.header?.title).toBe("❌ Failed: <\u200busers/all> <\u200bb>&");
    expect(json.fallbackText).not.toMatch(/<[a-z!@#]/i);
    const html = JSON.stringify(card.sections);
    expect(html).toContain("&lt;users/all&gt; &lt;b&gt;&amp; failed");
    expect(html.replaceAll("<br>", "")).not.toContain("<");
  });

  it.each(["&", '"', "€", "a\n", "<"])(
    "stays inside 32,000 bytes, whatever it is of: %j",
    (piece) => {
      const long = `x${piece.repeat(1e5)}x`;
      const { body } = render(
        makeNotice("failed", {
          name: long,
          output: long,
          lastAttempt: { error_message: long },
          url: `https://a.example/${"x".repeat(900)}`,
        }),
      );
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(32_000);
      expect(Buffer.byteLength(body)).toBeGreaterThan(20_000);
    },
  );

  it("is taken by Google Chat, whatever it is made from", () => {
    for (const notice of [...cases.map((one) => one.notice), ...hostileNotices]) {
      const reply = answer(render(notice));
      expect(reply.statusCode).toBe(200);
      expect(googleChat.judge(reply).verdict).toBe("sent");
    }
  });
});

describe("the config of Google Chat", () => {
  it("refuses an address that is no webhook's", () => {
    for (const address of ["https://chat.google.com/room/AAAA", "https://hooks.slack.com/x"]) {
      expect(googleChat.config.safeParse({ url: address }).error?.issues[0]).toMatchObject({
        path: ["url"],
        message: expect.stringContaining("/v1/spaces/"),
      });
    }
  });

  it.each([
    ["token=t0k", "`key=…` is missing"],
    ["key=k3y", "`token=…` is missing"],
    ["key=&token=t0k", "`key=…` is missing"],
  ])("refuses an address that was not copied to its end: %s", (query, message) => {
    const address = `https://chat.googleapis.com/v1/spaces/AAAA/messages?${query}`;
    expect(googleChat.config.safeParse({ url: address }).error?.issues).toMatchObject([
      { path: ["url"], message: `must be copied to its end: ${message}` },
    ]);
  });

  it("takes an address without them where something else stands before Google Chat", () => {
    const address = "http://127.0.0.1:4000/v1/spaces/AAAA/messages";
    expect(googleChat.config.safeParse({ url: address }).success).toBe(true);
  });

  it("masks key and token, and shows the space", () => {
    expect(googleChat.mask("url", url)).toBe("https://chat.googleapis.com/v1/spaces/AAAA/…");
  });
});

describe("the verdict of Google Chat", () => {
  it.each([
    [400, "INVALID_ARGUMENT", "copied whole"],
    [401, "UNAUTHENTICATED", "key or token"],
    [403, "PERMISSION_DENIED", "may not post there"],
    [404, "NOT_FOUND", "was deleted"],
  ])("says what to do about %i, for good", (code, status, hint) => {
    for (const json of [
      { error: { code, message: "Its words.", status } },
      { code, message: "Its words." },
    ]) {
      const verdict = judge(code, json);
      expect(verdict.verdict).toBe("permanent");
      expect(verdict).not.toHaveProperty("isGone");
      expect(verdict.reason).toMatch(new RegExp(`^Google Chat answered ${code}: .*${hint}`));
      expect(verdict.reason).toMatch(/It said: Its words\.$/);
    }
  });

  it("tries again at the limit of a space, and when Chat is out of order", () => {
    expect(judge(429, { error: { code: 429, message: "Quota" } }).verdict).toBe("retry");
    expect(judge(503, { code: 503, message: "Unavailable", status: "UNAVAILABLE" }).verdict).toBe(
      "retry",
    );
  });
});

describe("the test's own Google Chat", () => {
  const { body } = render(makeNotice("failed"));

  it.each([
    [404, "https://chat.googleapis.com/v1/spaces/", body],
    [401, "https://chat.googleapis.com/v1/spaces/A/messages?key=k", body],
    [400, `${url}&messageReplyOption=NEW`, body],
    [400, url, "{}"],
    [400, url, '{"cards":[]}'],
    [400, url, JSON.stringify({ text: "x".repeat(32_001) })],
    [200, url, body],
  ])("answers %i to %s %.40s", (statusCode, target, text) => {
    expect(answer({ url: target, body: text }).statusCode).toBe(statusCode);
  });
});
