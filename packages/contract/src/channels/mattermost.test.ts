// What is special to Mattermost: the attachment, its Markdown, Slack's mentions, and its answers.
import { describe, expect, it } from "vitest";
import { hostileText, makeNotice } from "../../test/notices.ts";
import { answer, requestBody } from "../../test/vendor/mattermost.ts";
import type { Notice } from "./channel.ts";
import { mattermost } from "./mattermost.ts";

const url = "https://mattermost.example.com/hooks/3x7yq9z1bpr8tmwk5hcn4dfe2a";

function render(notice: Notice, config: Record<string, unknown> = {}) {
  const message = mattermost.render(notice, mattermost.config.parse({ url, ...config }));
  if (message.kind !== "http") throw new Error("a Mattermost message is an HTTP message");
  const json = requestBody.parse(JSON.parse(message.body));
  const [attachment] = json.attachments ?? [];
  if (!attachment) throw new Error("a Mattermost message has an attachment");
  return { ...message, json, attachment };
}

const judge = (statusCode: number, body: object | string) =>
  mattermost.judge({
    statusCode,
    headers: {},
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

describe("a Mattermost message", () => {
  it("goes to the webhook's own channel, and mentions nobody, unless it is asked to", () => {
    const { json } = render(makeNotice("failed"));
    expect(Object.keys(json)).toEqual(["attachments"]);
    const asked = render(makeNotice("failed"), { channel: "@alice", mention_text: "@here *now*" });
    expect(asked.json).toMatchObject({ channel: "@alice", text: "@here *now*" });
  });

  it("has the colour of the outcome, and a title that leads to the execution", () => {
    const colours = (["succeeded", "failed", "cancelled"] as const).map(
      (status) => render(makeNotice(status)).attachment.color,
    );
    expect(colours).toEqual(["#2e7d32", "#c62828", "#757575"]);
    expect(render(makeNotice("failed")).attachment.title_link).toContain("/executions/exec_");
    expect(render(makeNotice("failed", { url: "" })).attachment).not.toHaveProperty("title_link");
  });

  it("turns no foreign text into a mention, in blocks of code neither", () => {
    const { attachment } = render(
      makeNotice("failed", {
        name: hostileText,
        output: hostileText,
        lastAttempt: { error_message: `@alice ${hostileText}` },
      }),
    );
    for (const text of [attachment.fallback, attachment.title, attachment.text]) {
      expect(text).not.toMatch(/@\w|<!|<@|<#|<https?:/);
    }
  });

  it.each([
    ["*bold* __under__ ~~gone~~", "\\*bold\\* \\_\\_under\\_\\_ \\~\\~gone\\~\\~"],
    ["`code` a|b \\", "\\`code\\` a\\|b \\\\"],
    ["_a_ my_job_name on_failure", "\\_a\\_ my_job_name on_failure"],
    ["[click](https://evil.example)", "[click]\\(https:\u200b//evil.example)"],
    ["<!channel> @alice a@b.example", "<\u200b!channel> @\u200balice a@\u200bb.example"],
    [":skull: 10:00:00 a:b", ":\u200bskull: 10:00:00 a:b"],
    ["# heading", "\\# heading"],
    ["1. list", "1\\. list"],
    ["4.2 s - x # y > z", "4.2 s - x # y > z"],
  ])("shows a name as it is: %s", (name, escaped) => {
    const { text = "" } = render(makeNotice("succeeded", { name })).attachment;
    expect(text.startsWith(`${escaped} succeeded`), text).toBe(true);
  });

  it("keeps the output in one block of code, and cuts it before anything else", () => {
    const { text = "" } = render(
      makeNotice("failed", { output: `${hostileText}\n`.repeat(1000), name: hostileText }),
    ).attachment;
    expect(text.length).toBeLessThanOrEqual(4000);
    expect(text.length).toBeGreaterThan(3900);
    expect(text.match(/```/g)).toHaveLength(2);
    expect(text).toMatch(/\n```\n[\s\S]*…\n```$/);
  });
});

describe("the config of Mattermost", () => {
  it("refuses an address that is no incoming webhook's", () => {
    for (const address of [
      "https://mattermost.example.com/",
      "https://mattermost.example.com/hooks/",
      "https://hooks.slack.com/services/T00/B00/xxx",
    ]) {
      const result = mattermost.config.safeParse({ webhook_url: address });
      expect(result.error?.issues[0]).toMatchObject({
        path: ["webhook_url"],
        message: expect.stringContaining("/hooks/"),
      });
    }
    expect(mattermost.config.safeParse({ url: "https://a.example/mm/hooks/k3y" }).success).toBe(
      true,
    );
  });

  it.each(["town-square", "#ops_1", "@jane.doe", "abc__def"])("takes the channel %s", (channel) => {
    expect(mattermost.config.safeParse({ url, channel }).success).toBe(true);
  });

  it.each(["Town Square", "", "@", "#", "Ops", "a/b", "@@x", "x".repeat(65), "-x"])(
    "refuses a channel that no server has: %j",
    (channel) => {
      expect(mattermost.config.safeParse({ url, channel }).error?.issues).toMatchObject([
        { path: ["channel"], message: expect.stringContaining("(town-square), or @user") },
      ]);
    },
  );

  it("refuses more than one line", () => {
    expect(mattermost.config.safeParse({ url, mention_text: "@here\nx" }).success).toBe(false);
    expect(mattermost.config.safeParse({ url, channel: "a\u0000" }).success).toBe(false);
  });

  it.each([
    [url, "https://mattermost.example.com/hooks/…"],
    ["http://u:p@10.0.0.1:8065/mm/hooks/k3y?x=1", "http://10.0.0.1:8065/mm/hooks/…"],
  ])("masks %s", (address, masked) => {
    expect(mattermost.mask("url", address)).toBe(masked);
  });
});

describe("the verdict of Mattermost", () => {
  it("takes ok for sent", () => {
    expect(judge(200, "ok").verdict).toBe("sent");
  });

  it.each([
    [400, "web.incoming_webhook.invalid.app_error", "Invalid webhook.", "make a new webhook"],
    [403, "web.incoming_webhook.channel_locked.app_error", "Not permitted.", "unlock it"],
    [404, "web.incoming_webhook.channel.app_error", "Couldn't find the channel.", "`channel`"],
  ])("says what to do about %i, for good", (status_code, id, message, hint) => {
    const verdict = judge(status_code, { id, message, detailed_error: "", status_code });
    expect(verdict.verdict).toBe("permanent");
    expect(verdict).not.toHaveProperty("isGone");
    expect(verdict.reason).toMatch(new RegExp(`^Mattermost answered ${status_code}: .*${hint}`));
    expect(verdict.reason.endsWith(`It said: ${message}`)).toBe(true);
  });

  it("tries again where webhooks are switched off, which an administrator can undo", () => {
    const { verdict, reason } = judge(501, {});
    expect(verdict).toBe("retry");
    expect(reason).toContain("ask an administrator");
  });
});

describe("the test's own Mattermost", () => {
  it.each([
    [404, "https://mattermost.example.com/", '{"text":"x"}'],
    [400, url, "not json"],
    [400, url, "{}"],
    [400, url, '{"text":"x","colour":"red"}'],
    [400, url, JSON.stringify({ attachments: [{ text: "without a fallback" }] })],
    [400, url, JSON.stringify({ text: "x".repeat(16_384) })],
    [200, url, '{"text":"x"}'],
  ])("answers %i to %s %.60s", (statusCode, target, body) => {
    expect(answer({ url: target, body }).statusCode).toBe(statusCode);
  });
});
