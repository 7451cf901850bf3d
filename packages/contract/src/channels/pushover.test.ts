// What is special to Pushover: its short messages, priorities, emergencies, and its answers.
import { describe, expect, it } from "vitest";
import { makeNotice } from "../../test/notices.ts";
import { answer, requestBody } from "../../test/vendor/pushover.ts";
import type { Notice } from "./channel.ts";
import { pushover } from "./pushover.ts";

const app_token = "azGDORePK8gMaC0QOYAMyEEuzJnyUi";
const user_key = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG";

function render(notice: Notice, config: Record<string, unknown> = {}) {
  const message = pushover.render(
    notice,
    pushover.config.parse({ app_token, user_key, ...config }),
  );
  if (message.kind !== "http") throw new Error("a Pushover message is an HTTP message");
  return { ...message, json: requestBody.parse(JSON.parse(message.body)) };
}

const judge = (statusCode: number, json: object | string, headers = {}) =>
  pushover.judge({
    statusCode,
    headers,
    body: typeof json === "string" ? json : JSON.stringify(json),
  });

describe("a Pushover message", () => {
  it("is plain text, so that nothing in it is read as HTML", () => {
    const { json } = render(makeNotice("failed", { name: "<b>x</b> & y" }));
    expect(json).not.toHaveProperty("html");
    expect(json.message).toContain("<\u200bb>x<\u200b/b> & y failed");
  });

  it("fills its 1,024 characters with output, after all facts", () => {
    const { message } = render(
      makeNotice("failed", {
        name: "n".repeat(200),
        output: "o".repeat(1e5),
        lastAttempt: { error_message: "e".repeat(1e4) },
      }),
    ).json;
    expect(message).toHaveLength(1024);
    expect(message).toMatch(/Next run: 2026-11-24 10:00:00 UTC\n\nOutput:\no+…$/);
  });

  it("is of the time when the execution ended", () => {
    expect(render(makeNotice("failed")).json.timestamp).toBe(
      Date.parse("2026-11-23T10:00:04Z") / 1000,
    );
  });

  it("links to the execution, unless the address is too long for it", () => {
    const long = `https://a.example/${"x".repeat(500)}`;
    expect(render(makeNotice("failed")).json).toMatchObject({ url_title: "Open the execution" });
    expect(render(makeNotice("failed", { url: long })).json).not.toHaveProperty("url");
  });
});

describe("its priority", () => {
  const priorityOf = (notice: Notice, priority: number) => render(notice, { priority }).json;

  it("is for failures, and everything else has at most the normal one", () => {
    expect(priorityOf(makeNotice("failed"), 1).priority).toBe(1);
    expect(priorityOf(makeNotice("succeeded"), 1).priority).toBe(0);
    expect(priorityOf(makeNotice("cancelled"), -2).priority).toBe(-2);
  });

  it("rings until acknowledged at 2, but never for a test or a success", () => {
    expect(priorityOf(makeNotice("failed"), 2)).toMatchObject({
      priority: 2,
      retry: 60,
      expire: 3600,
    });
    for (const notice of [makeNotice("failed", { isTest: true }), makeNotice("succeeded")]) {
      const json = priorityOf(notice, 2);
      expect(json.priority).toBeLessThan(2);
      expect(json).not.toHaveProperty("retry");
    }
  });
});

describe("the config of Pushover", () => {
  it("refuses what is no token or key", () => {
    for (const key of ["", "short", `${user_key}x`, "a-b".repeat(10)]) {
      expect(pushover.config.safeParse({ app_token, user_key: key }).success).toBe(false);
    }
    expect(pushover.config.safeParse({ app_token, user_key, priority: 3 }).success).toBe(false);
  });
});

describe("the verdict of Pushover", () => {
  it("takes 200 with status 1 for sent, and no other", () => {
    expect(judge(200, { status: 1, request: "r" }).verdict).toBe("sent");
    expect(judge(200, { status: 0, errors: ["message cannot be blank"] })).toEqual({
      verdict: "permanent",
      reason: "Pushover answered 200 and refused the message. It said: message cannot be blank",
    });
    expect(judge(200, { status: 0 }).reason).toMatch(/nothing about why$/);
  });

  it("never repeats what was refused", () => {
    const errors = ["user identifier is invalid"];
    const verdict = judge(400, { user: "invalid", errors, status: 0 });
    expect(verdict.verdict).toBe("permanent");
    expect(verdict.reason).toMatch(
      /^Pushover answered 400: check `app_token` and `user_key`.*: user/,
    );
  });

  it("waits for the month's end at the limit", () => {
    const headers = {
      date: "Mon, 30 Nov 2026 23:00:00 GMT",
      "x-limit-app-reset": String(Date.parse("2026-12-01T06:00:00Z") / 1000),
    };
    expect(judge(429, {}, headers)).toMatchObject({
      verdict: "retry",
      retryAfterSeconds: 7 * 3600,
    });
    expect(judge(429, {}, { "x-limit-app-reset": "soon" }).retryAfterSeconds).toBe(5);
  });

  it("repeats after a fault of Pushover's own, but no sooner than after 5 seconds", () => {
    expect(judge(500, "")).toMatchObject({ verdict: "retry", retryAfterSeconds: 5 });
    expect(judge(503, "", { "retry-after": "60" }).retryAfterSeconds).toBe(60);
  });
});

describe("the test's own Pushover", () => {
  const url = "https://api.pushover.net/1/messages.json";
  const valid = render(makeNotice("failed")).json;

  it.each([
    ["a token that is none", { token: "x" }],
    ["a message that is too long", { message: "😀".repeat(1025) }],
    ["a title that is too long", { title: "x".repeat(251) }],
    ["an address that is too long", { url: `https://a.example/${"x".repeat(512)}` }],
    ["an emergency without an end", { priority: 2, retry: 60 }],
    ["an emergency that rings too often", { priority: 2, retry: 29, expire: 60 }],
  ])("refuses %s", (_, change) => {
    const reply = answer({ url, body: JSON.stringify({ ...valid, ...change }) });
    expect(reply.statusCode).toBe(400);
    expect(pushover.judge(reply).verdict).toBe("permanent");
  });

  it("counts an emoji as one character", () => {
    const body = JSON.stringify({ ...valid, message: "😀".repeat(1024) });
    expect(answer({ url, body }).statusCode).toBe(200);
  });
});
