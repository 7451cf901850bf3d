// What is special to ntfy: where it is sent, how loud it is, bytes, and its answers.
import { describe, expect, it } from "vitest";
import { makeNotice } from "../../test/notices.ts";
import { answer, requestBody } from "../../test/vendor/ntfy.ts";
import type { Notice } from "./channel.ts";
import { ntfy } from "./ntfy.ts";

const topic = "backups-8f2k";

function render(notice: Notice, config: Record<string, unknown> = {}) {
  const message = ntfy.render(notice, ntfy.config.parse({ topic, ...config }));
  if (message.kind !== "http") throw new Error("an ntfy message is an HTTP message");
  return { ...message, json: requestBody.parse(JSON.parse(message.body)) };
}

const judge = (statusCode: number, json: object, headers = {}) =>
  ntfy.judge({ statusCode, headers, body: JSON.stringify(json) });

describe("an ntfy message", () => {
  it("goes as JSON to the root of the server, with the topic in it", () => {
    const { url, json, headers } = render(makeNotice("failed"));
    expect([url, json.topic]).toEqual(["https://ntfy.sh/", topic]);
    expect(headers).not.toHaveProperty("authorization");
    const own = render(makeNotice("failed"), { url: "http://ntfy.lan:8080", access_token: "tk_1" });
    expect(own.url).toBe("http://ntfy.lan:8080/");
    expect(own.headers.authorization).toBe("Bearer tk_1");
  });

  it("is loud for a failure, and at most normal for anything else", () => {
    const priorityOf = (status: "failed" | "succeeded" | "cancelled", config = {}) =>
      render(makeNotice(status), config).json.priority;
    expect([priorityOf("failed"), priorityOf("succeeded"), priorityOf("cancelled")]).toEqual([
      4, 3, 3,
    ]);
    expect([priorityOf("failed", { priority: 5 }), priorityOf("failed", { priority: 1 })]).toEqual([
      5, 1,
    ]);
    expect(priorityOf("succeeded", { priority: 1 })).toBe(1);
  });

  it("opens the execution when it is tapped, where there is an address", () => {
    const { click } = render(makeNotice("failed")).json;
    expect(click).toMatch(/^https:\/\/trigrun\.example\.com\/executions\//);
    expect(render(makeNotice("failed", { url: "" })).json).not.toHaveProperty("click");
  });

  it.each(["o", '"', "€", "😀", "\n"])("never becomes a file, whatever it is of: %j", (piece) => {
    const { json, body } = render(
      makeNotice("failed", { name: piece.repeat(500), output: `x${piece.repeat(1e4)}x` }),
    );
    const bytes = Buffer.byteLength(json.message ?? "");
    expect(bytes).toBeLessThanOrEqual(4096);
    expect(bytes).toBeGreaterThan(2000);
    expect(Buffer.byteLength(body)).toBeLessThan(2 * 4096);
  });
});

describe("the config of ntfy", () => {
  it("takes a server's address alone, so that a topic in it is not overlooked", () => {
    for (const url of [
      "https://ntfy.sh/mytopic",
      "https://ntfy.sh/?auth=x",
      "ntfy.sh",
      "ftp://n",
    ]) {
      expect(ntfy.config.safeParse({ topic, url }).success, url).toBe(false);
    }
    expect(ntfy.config.parse({ topic }).url).toBe("https://ntfy.sh");
  });

  it("takes the topics that ntfy takes", () => {
    for (const name of ["", "a/b", "a b", "x".repeat(65), "ü"]) {
      expect(ntfy.config.safeParse({ topic: name }).success, name).toBe(false);
    }
    expect(ntfy.config.safeParse({ topic: "A-z_0".repeat(12) }).success).toBe(true);
  });

  it.each(["docs", "static", "file", "app", "account", "login", "v1"])(
    "refuses the topic %s, which ntfy keeps for itself",
    (name) => {
      const [issue] = ntfy.config.safeParse({ topic: name }).error?.issues ?? [];
      expect(issue).toMatchObject({ path: ["topic"] });
      expect(issue?.message).toContain("keeps for itself");
    },
  );

  it("refuses a token that is none", () => {
    const issuesOf = (access_token: string) =>
      ntfy.config.safeParse({ topic, access_token }).error?.issues;
    expect(issuesOf("tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2")).toBeUndefined();
    expect(issuesOf("password")).toMatchObject([
      { path: ["access_token"], message: "must be an access token: it begins with tk_" },
    ]);
  });

  it("shows neither the topic nor the token", () => {
    expect([ntfy.mask("topic", topic), ntfy.mask("access_token", "tk_1")]).toEqual([
      "••••",
      "••••",
    ]);
  });
});

describe("the verdict of ntfy", () => {
  it.each([
    [401, 40101, "unauthorized", "access_token"],
    [403, 40301, "forbidden", "may not write to this topic"],
    [404, 40401, "page not found", "address of an ntfy server"],
    [400, 40010, "invalid request: topic name is not allowed", "check `topic`"],
  ])("says what to do about %i, for good", (http, code, error, hint) => {
    const { verdict, reason } = judge(http, { code, http, error });
    expect(verdict).toBe("permanent");
    expect(reason).toMatch(new RegExp(`^The ntfy server answered ${http}: .*${hint}`));
    expect(reason).toMatch(new RegExp(`It said: ${error}$`));
  });

  it("tries again at the limit, and when no device of a topic is there", () => {
    const limit = { code: 42908, http: 429, error: "limit reached: daily message quota reached" };
    expect(judge(429, limit)).toMatchObject({ verdict: "retry" });
    expect(judge(507, { code: 50701, http: 507, error: "topic is inactive" }).verdict).toBe(
      "retry",
    );
  });
});

describe("the test's own ntfy", () => {
  const body = (change: object) => JSON.stringify({ topic, message: "m", ...change });

  it.each([
    ["a topic in the address", "https://ntfy.sh/mytopic", body({}), 404],
    ["a topic that is none", "https://ntfy.sh/", body({ topic: "a b" }), 400],
    ["a sixth priority", "https://ntfy.sh/", body({ priority: 6 }), 400],
    [
      "a message that would be a file",
      "https://ntfy.sh/",
      body({ message: "é".repeat(2049) }),
      400,
    ],
    ["JSON that is too long", "https://ntfy.sh/", body({ title: "x".repeat(8192) }), 413],
  ])("refuses %s", (_, url, text, statusCode) => {
    expect(answer({ url, body: text }).statusCode).toBe(statusCode);
  });

  it("refuses a token that is none", () => {
    const headers = { authorization: "Bearer other" };
    expect(answer({ url: "https://ntfy.sh/", body: body({}), headers }).statusCode).toBe(401);
  });
});
