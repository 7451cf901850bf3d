// What is special to Discord: Markdown, mentions, threads, its codes and its rate limits.
import { describe, expect, it } from "vitest";
import { hostileText, makeNotice } from "../../test/notices.ts";
import { answer, requestBody } from "../../test/vendor/discord.ts";
import type { Notice } from "./channel.ts";
import { discord } from "./discord.ts";

const url = "https://discord.com/api/webhooks/1234567890123456789/token-abc";

function render(notice: Notice, config: Record<string, unknown> = { url }) {
  const message = discord.render(notice, discord.config.parse(config));
  if (message.kind !== "http") throw new Error("a Discord message is an HTTP message");
  const json = requestBody.parse(JSON.parse(message.body));
  const [embed] = json.embeds ?? [];
  if (!embed) throw new Error("a Discord message has an embed");
  return { ...message, json, embed };
}

const judge = (statusCode: number, json: object | string, headers = {}) =>
  discord.judge({
    statusCode,
    headers,
    body: typeof json === "string" ? json : JSON.stringify(json),
  });

describe("a Discord message", () => {
  it("asks for a confirmation, in the thread it is for", () => {
    expect(render(makeNotice("failed")).url).toBe(`${url}?wait=true`);
    const thread_id = "1234567890123456788";
    expect(render(makeNotice("failed"), { url, thread_id }).url).toBe(
      `${url}?wait=true&thread_id=${thread_id}`,
    );
    expect(render(makeNotice("failed"), { url: `${url}?wait=false&thread_id=1` }).url).toBe(
      `${url}?wait=true&thread_id=1`,
    );
  });

  it("has the colour of the outcome", () => {
    const colours = (["succeeded", "failed", "cancelled"] as const).map(
      (status) => render(makeNotice(status)).embed.color,
    );
    expect(colours).toEqual([0x2e7d32, 0xc62828, 0x757575]);
  });

  it("allows no mentions at all", () => {
    expect(render(makeNotice("failed")).json.allowed_mentions).toEqual({ parse: [] });
  });

  it("holds no address but in its text, because Discord refuses hosts without a dot", () => {
    const { embed } = render(makeNotice("failed", { url: "http://cron:7400/executions/1" }));
    expect(embed.url).toBeUndefined();
    expect(embed.description).toContain("[Open the execution](http://cron:7400/executions/1)");
  });

  it("escapes what would end the link", () => {
    const { embed } = render(makeNotice("failed", { url: "https://a.example/(x)" }));
    expect(embed.description).toContain("](https://a.example/%28x%29)");
  });

  it.each([
    ["*bold* __under__ ~~gone~~", "\\*bold\\* \\_\\_under\\_\\_ \\~\\~gone\\~\\~"],
    ["`code` ||spoiler|| \\", "\\`code\\` \\|\\|spoiler\\|\\| \\\\"],
    ["_a_ my_job_name on_failure", "\\_a\\_ my_job_name on_failure"],
    ["[click](https://evil.example)", "[click]\\(https\\://evil.example)"],
    ["<@1> <#2> <@&3> <t:1:R> <https://a>", "\\<@1> \\<#2> \\<@&3> \\<t:1:R> \\<https\\://a>"],
    [":skull: 10:00:00 a:b", "\\:skull: 10:00:00 a:b"],
    ["# heading", "\\# heading"],
    ["> quote", "\\> quote"],
    ["- list", "\\- list"],
    ["1. list", "1\\. list"],
    ["4.2 s - x # y > z", "4.2 s - x # y > z"],
  ])("shows a name as it is: %s", (name, escaped) => {
    expect(render(makeNotice("succeeded", { name })).embed.description).toMatch(
      new RegExp(`^${escaped.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")} succeeded`),
    );
  });

  it("keeps the output in one block of code, and cuts it before anything else", () => {
    const { embed } = render(
      makeNotice("failed", { output: `${hostileText}\n`.repeat(1000), name: hostileText }),
    );
    const { description = "" } = embed;
    expect(description.length).toBeGreaterThan(4000);
    expect(description.match(/```/g)).toHaveLength(2);
    expect(description).toMatch(/\n```\n[\s\S]*…\n```\n\[Open the execution\]\(https:\/\/[^)]*\)$/);
  });
});

describe("the config of Discord", () => {
  it.each([
    "https://discord.com/api/webhooks/1234567890123456789/a-B_c",
    "https://canary.discord.com/api/v10/webhooks/1234567890123456789/abc/",
    "https://discordapp.com/api/webhooks/1234567890123456789/abc?thread_id=12345678901234567",
    "http://127.0.0.1:4000/hook",
    "https://mydiscord.com/anything",
  ])("takes %s", (address) => {
    expect(discord.config.safeParse({ url: address }).success).toBe(true);
  });

  it.each([
    ["https://discord.com/channels/1234567890123456789/1", "must be a webhook's URL: "],
    ["https://discord.com/api/webhooks/1234567890123456789", "must be a webhook's URL: "],
    ["https://discord.gg.discord.com/x", "must be a webhook's URL: "],
    [`${url}/slack`, "without `/slack`"],
    [`${url}/github`, "without `/github`"],
    [url.replace("https", "http"), "must begin with https://"],
  ])("refuses what Discord would: %s", (address, message) => {
    const issues = discord.config.safeParse({ url: address }).error?.issues;
    expect(issues).toMatchObject([{ path: ["url"], message: expect.stringContaining(message) }]);
  });

  it("takes a thread's id as text only, since a number would lose digits", () => {
    const messageOf = (thread_id: unknown) =>
      discord.config.safeParse({ url, thread_id }).error?.issues[0]?.message;
    expect(messageOf("1234567890123456788")).toBeUndefined();
    expect(messageOf(1234567890123456)).toContain("would lose digits");
    expect(messageOf("general")).toContain("17 to 20 digits");
  });

  it.each([
    [url, "https://discord.com/api/webhooks/1234567890123456789/…"],
    ["https://discord.com/api/v10/webhooks/12/abc", "https://discord.com/api/v10/webhooks/12/…"],
    ["https://discord.com/api/webhooks/token", "https://discord.com/…"],
    ["http://u:p@127.0.0.1:4000/hook?x=1", "http://127.0.0.1:4000/…"],
  ])("masks %s", (address, masked) => {
    expect(discord.mask("url", address)).toBe(masked);
  });
});

describe("the verdict of Discord", () => {
  it("takes 200 and 204 for sent", () => {
    expect(judge(200, { id: "1" }).verdict).toBe("sent");
    expect(judge(204, "").verdict).toBe("sent");
  });

  it("waits for the fraction of a second that the body names", () => {
    const body = { message: "You are being rate limited.", retry_after: 64.57, global: false };
    expect(judge(429, body, { "retry-after": "65" })).toEqual({
      verdict: "retry",
      reason: "Discord answered 429: the rate limit of this webhook is reached.",
      retryAfterSeconds: 64.57,
      pauseSeconds: 64.57,
    });
    expect(judge(429, { ...body, global: true }).reason).toContain("server's address");
  });

  it("reads the headers where the body says nothing", () => {
    const waitOf = (headers: object, body: object | string = "<html>") =>
      judge(429, body, headers).retryAfterSeconds;
    expect(waitOf({ "retry-after": "65" })).toBe(65);
    expect(waitOf({ "x-ratelimit-reset-after": "1.5" })).toBe(1.5);
    expect(waitOf({ "retry-after": "65" }, { retry_after: -1 })).toBe(65);
    expect(waitOf({ "x-ratelimit-reset-after": "soon" }, { retry_after: "9" })).toBeNull();
  });

  it("pauses after the last message that the webhook's bucket had", () => {
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.25" };
    expect(judge(200, {}, headers)).toMatchObject({ verdict: "sent", pauseSeconds: 1.25 });
    const more = { ...headers, "x-ratelimit-remaining": "4" };
    expect(judge(200, {}, more)).not.toHaveProperty("pauseSeconds");
    expect(judge(200, {}, { "x-ratelimit-remaining": "0" })).not.toHaveProperty("pauseSeconds");
  });

  it("says whose limit it is, by the body or by the header", () => {
    const { reason } = judge(429, "<html>", { "x-ratelimit-global": "true", "retry-after": "3" });
    expect(reason).toContain("of this server's address");
  });

  it.each([
    [404, 10015, true],
    [401, 50027, true],
    [404, 10003, false],
    [403, 50013, false],
    [400, 50083, false],
    [400, 160005, false],
    [400, 200000, false],
    [400, 220001, false],
    [400, 240000, false],
  ])("explains %i (code %i), and whether the webhook is gone", (statusCode, code, isGone) => {
    const verdict = judge(statusCode, { code, message: "Discord's words" });
    expect(verdict.verdict).toBe("permanent");
    expect(verdict.isGone === true).toBe(isGone);
    expect(verdict.reason).toMatch(
      new RegExp(`^Discord answered ${statusCode} \\(code ${code}\\): `),
    );
    expect(verdict.reason).not.toContain("Discord's words");
  });

  it("gives Discord's message, with the field it is about", () => {
    const errors = { embeds: { 0: { title: { _errors: [{ code: "X", message: "Too long." }] } } } };
    expect(judge(400, { code: 50035, message: "Invalid Form Body", errors }).reason).toBe(
      "Discord answered 400 (code 50035): Invalid Form Body: embeds.0.title: Too long.",
    );
    expect(judge(400, { code: 50035, message: "Invalid Form Body", errors: "?" }).reason).toBe(
      "Discord answered 400 (code 50035): Invalid Form Body",
    );
  });

  it.each([401, 403, 404])("takes %i without a code for permanent, but not for gone", (status) => {
    const verdict = judge(status, "<html>blocked</html>");
    expect(verdict.verdict).toBe("permanent");
    expect(verdict.isGone).toBeUndefined();
  });

  it("never takes a fault of Discord's own for the end of a webhook", () => {
    expect(judge(503, { code: 10015, message: "?" })).not.toHaveProperty("isGone");
    expect(judge(502, { code: 0, message: "502: Bad Gateway" }).verdict).toBe("retry");
  });

  it("is not led around by errors without end", () => {
    const deep = `${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`;
    expect(judge(400, `{"code":50035,"message":"m","errors":${deep}}`).reason).toBe(
      "Discord answered 400 (code 50035): m",
    );
  });
});

describe("the test's own Discord", () => {
  const embedded = (embed: object) => JSON.stringify({ embeds: [embed] });

  it.each([
    ["not json", 50109],
    ["{}", 50006],
    ['{"content":"x","colour":1}', 50035],
    [embedded({ title: "x".repeat(257) }), 50035],
    [embedded({ fields: [{ name: "n", value: "" }] }), 50035],
    [embedded({ title: "x", url: "http://localhost:7400/" }), 50035],
    [
      embedded({
        description: "x".repeat(4096),
        fields: [
          { name: "n", value: "x".repeat(1000) },
          { name: "n", value: "x".repeat(1000) },
        ],
      }),
      50035,
    ],
  ])("refuses %.60s with code %i", (body, code) => {
    expect(JSON.parse(answer({ url, body }).body)).toMatchObject({ code });
    expect(judge(400, answer({ url, body }).body).verdict).toBe("permanent");
  });

  it("confirms only who asked for it", () => {
    const body = '{"content":"x"}';
    expect(answer({ url, body }).statusCode).toBe(204);
    expect(answer({ url: `${url}?wait=true`, body }).statusCode).toBe(200);
    expect(answer({ url: `${url}?wait=true&thread_id=x`, body }).statusCode).toBe(400);
  });
});
