// What is special to Gotify: one's own server, plain text, priorities, and its answers.
import { describe, expect, it } from "vitest";
import { makeNotice } from "../../test/notices.ts";
import { answer, requestBody } from "../../test/vendor/gotify.ts";
import type { Notice } from "./channel.ts";
import { gotify } from "./gotify.ts";

const url = "https://gotify.example.com";
const app_token = "AbCdEfGhIjKlMnO";

function render(notice: Notice, config: Record<string, unknown> = {}) {
  const message = gotify.render(notice, gotify.config.parse({ url, app_token, ...config }));
  if (message.kind !== "http") throw new Error("a Gotify message is an HTTP message");
  return { ...message, json: requestBody.parse(JSON.parse(message.body)) };
}

const judge = (statusCode: number, json: object | string) =>
  gotify.judge({
    statusCode,
    headers: {},
    body: typeof json === "string" ? json : JSON.stringify(json),
  });

describe("a Gotify message", () => {
  it.each([
    [url, `${url}/message`],
    [`${url}/`, `${url}/message`],
    ["http://10.0.0.1:8080/gotify//", "http://10.0.0.1:8080/gotify/message"],
  ])("goes to the server of %s, with the token in a header", (server, target) => {
    const message = render(makeNotice("failed"), { url: server });
    expect(message.url).toBe(target);
    expect(message.headers["x-gotify-key"]).toBe(app_token);
  });

  it("is plain text, whose images nobody's phone would load", () => {
    const name = "![x](https://evil.example/pixel.png)";
    const { json } = render(makeNotice("failed", { name }));
    expect(json.extras?.["client::display"]).toEqual({ contentType: "text/plain" });
    expect(json.message).toContain(name);
  });

  it("opens the execution when it is tapped, and says its address for who cannot tap", () => {
    const { extras, message } = render(makeNotice("failed")).json;
    const link = extras?.["client::notification"]?.click?.url;
    expect(link).toMatch(/^https:\/\/trigrun\.example\.com\/executions\//);
    expect(message.split("\n")).toContain(link);
    const without = render(makeNotice("failed", { url: "" })).json;
    expect(without.extras).not.toHaveProperty("client::notification");
  });

  it("leaves the priority to the application unless it is set", () => {
    const priorityOf = (status: "failed" | "succeeded", config = {}) =>
      render(makeNotice(status), config).json.priority;
    expect(priorityOf("failed")).toBeUndefined();
    expect(priorityOf("failed", { priority: 9 })).toBe(9);
    expect(priorityOf("succeeded", { priority: 9 })).toBe(5);
    expect(priorityOf("succeeded", { priority: 0 })).toBe(0);
  });
});

describe("the config of Gotify", () => {
  it.each(["AbCdEfGhIjKlMnO", "gtfy_app.AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfG"])(
    "takes the token of an application, old or new: %s",
    (token) => {
      expect(gotify.config.safeParse({ url, app_token: token }).success).toBe(true);
    },
  );

  it.each(["CbCdEfGhIjKlMnO", "PbCdEfGhIjKlMnO", `P${"x".repeat(22)}`, "gtfy_client.AbCd"])(
    "refuses the token of a client or a plugin: %s",
    (token) => {
      const [issue] = gotify.config.safeParse({ url, app_token: token }).error?.issues ?? [];
      expect(issue?.message).toBe(
        "must be an application's token; this is a client's or a plugin's",
      );
    },
  );

  it("refuses an address with a query, and a token that could not stand in a header", () => {
    expect(gotify.config.safeParse({ url: `${url}/?token=x`, app_token }).success).toBe(false);
    expect(gotify.config.safeParse({ url: `${url}/#x`, app_token }).success).toBe(false);
    expect(gotify.config.safeParse({ url, app_token: "a\nb" }).success).toBe(false);
    expect(gotify.config.safeParse({ url, app_token, priority: 11 }).success).toBe(false);
  });
});

describe("the verdict of Gotify", () => {
  it.each([
    [401, "app_token"],
    [403, "client tokens cannot send"],
    [404, "address of a Gotify server"],
  ])("says what to do about %i, for good", (statusCode, hint) => {
    const errorDescription = "you need to provide a valid access token";
    const verdict = judge(statusCode, { error: "Nope", errorCode: statusCode, errorDescription });
    expect(verdict.verdict).toBe("permanent");
    expect(verdict.reason).toMatch(new RegExp(`^Gotify answered ${statusCode}: .*${hint}`));
    expect(verdict.reason).toMatch(new RegExp(`It said: ${errorDescription}$`));
  });

  it("takes the page of a login before the server for no answer of Gotify's", () => {
    expect(judge(200, "<!doctype html><title>Sign in</title>").verdict).toBe("permanent");
  });
});

describe("the test's own Gotify", () => {
  const headers = { "x-gotify-key": app_token };

  it.each([
    [401, `${url}/message`, '{"message":"m"}', {}],
    [400, `${url}/message`, '{"title":"t"}', headers],
    [400, `${url}/message`, "not json", headers],
    [404, `${url}/`, '{"message":"m"}', headers],
    [200, `${url}/message`, '{"message":"m"}', headers],
  ])("answers %i to %s %s", (statusCode, target, body, given) => {
    expect(answer({ url: target, body, headers: given }).statusCode).toBe(statusCode);
  });
});
