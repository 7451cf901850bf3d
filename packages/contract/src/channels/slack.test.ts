// What is special to Slack: Block Kit, mentions, compatible receivers, its error words.
import { describe, expect, it } from "vitest";
import { hostileText, makeNotice } from "../../test/notices.ts";
import { answer, requestBody } from "../../test/vendor/slack.ts";
import type { Notice } from "./channel.ts";
import { slack } from "./slack.ts";

const url = "https://hooks.slack.com/services/T00/B00/xxx";

function render(notice: Notice, config: Record<string, unknown> = { url }) {
  const message = slack.render(notice, slack.config.parse(config));
  if (message.kind !== "http") throw new Error("a Slack message is an HTTP message");
  return { ...message, json: requestBody.parse(JSON.parse(message.body)) };
}

const judge = (statusCode: number, body: string, headers = {}) =>
  slack.judge({ statusCode, headers, body });

describe("a Slack message", () => {
  it("goes to the webhook's address as it is", () => {
    expect(render(makeNotice("failed")).url).toBe(url);
  });

  it("says in its text all that the blocks say", () => {
    const { text, blocks = [] } = render(makeNotice("failed", { output: "free: 0 bytes" })).json;
    for (const line of JSON.stringify(blocks).match(/(?<=\\n|"text":")[\w -]+/g) ?? []) {
      if (!["section", "header", "Output"].includes(line)) expect(text).toContain(line);
    }
    expect(text).toContain("```\nfree: 0 bytes\n```");
  });

  it("keeps to 4,000 characters of text, unless all of it is escapes", () => {
    const long = makeNotice("failed", {
      name: "n".repeat(200),
      output: "o".repeat(1e5),
      lastAttempt: { error_message: "e".repeat(1e4) },
    });
    expect(render(long).json.text?.length).toBe(4000);
  });

  it("lets no foreign text mention, link or format anything, in blocks of code neither", () => {
    const { json } = render(
      makeNotice("failed", {
        name: hostileText,
        output: hostileText,
        lastAttempt: { error_message: hostileText },
      }),
    );
    const link = "<https://trigrun.example.com/executions/exec_0193a5c4f7e2bbbbbbbbbbbbbbbbbbbb|";
    const signs = JSON.stringify(json)
      .replaceAll(link, "")
      .match(/<[^\s]*/g);
    expect(signs).toBeNull();
    expect(json.text?.split("```")[0]).not.toContain("[click](");
    for (const block of json.blocks ?? []) {
      const isForeign = JSON.stringify(block).includes("click");
      if (!isForeign || block.type !== "section" || block.text?.type !== "mrkdwn") continue;
      expect(block.text.text).toMatch(/^\*Output\*\n```\n[\s\S]*\n```$/);
      expect(block.text.text.match(/```/g)).toHaveLength(2);
    }
  });

  it("says the whole name where the header has no room for it", () => {
    const name = `${"x".repeat(180)}-backup`;
    const { blocks = [] } = render(makeNotice("succeeded", { name })).json;
    expect(blocks[0]).toMatchObject({ text: { text: expect.stringMatching(/x…$/) } });
    expect(blocks[1]).toMatchObject({ text: { text: `${name} succeeded on attempt 1 of 3.` } });
  });
});

describe("mention_text", () => {
  const mentionOf = (mention_text: string) => {
    const { text, blocks = [] } = render(makeNotice("failed"), { url, mention_text }).json;
    const [first] = blocks;
    const mention = first?.type === "section" ? first.text?.text : undefined;
    expect(text?.startsWith(`${mention}\n`)).toBe(true);
    return mention;
  };

  it.each([
    ["@channel", "<!channel>"],
    ["@here", "<!here>"],
    ["@everyone", "<!everyone>"],
    ["<!here>", "<!here>"],
    ["<!subteam^S012AB3CD>", "<!subteam^S012AB3CD>"],
    ["<!subteam^S012AB3CD|@ops>", "<!subteam^S012AB3CD|@ops>"],
    ["<@U012AB3CD>", "<@U012AB3CD>"],
    ["<@U1> and <@U2>: *now*", "<@U1> and <@U2>: *now*"],
    [
      "@here see <https://wiki.example/a?b|the runbook>",
      "<!here> see <https://wiki.example/a?b|the runbook>",
    ],
    ["a < b & c <script>", "a &lt; b &amp; c &lt;script&gt;"],
    ["@channels", "@channels"],
    ["<!date^1^x|y>", "&lt;!date^1^x|y&gt;"],
  ])("works as its owner means it: %s", (text, expected) => {
    expect(mentionOf(text)).toBe(expected);
  });

  it("refuses more than one line", () => {
    expect(slack.config.safeParse({ url, mention_text: "@here\nx" }).success).toBe(false);
  });
});

describe("the config of Slack", () => {
  it.each(["http://127.0.0.1:4000/hook", "https://mattermost.example/hooks/abc"])(
    "takes receivers that speak like Slack: %s",
    (address) => {
      expect(slack.config.parse({ url: address })).toEqual({ url: address, include_output: false });
    },
  );

  it.each([
    "https://hooks.slack.com/services/T00/B00/xxx",
    "https://hooks.slack.com/services/E0AB/B0CD/AbC1/",
    "https://hooks.slack.com/triggers/T01AB/123/abc",
    "https://hooks.slack.com/workflows/T01AB/A0/1/x",
    "https://hooks.slack-gov.com/services/T00/B00/xxx",
  ])("takes the addresses that Slack gives out: %s", (address) => {
    expect(slack.config.safeParse({ url: address }).success).toBe(true);
  });

  it.each([
    ["https://acme.slack.com/archives/C012AB3CD", "must be an incoming webhook's URL: "],
    ["https://hooks.slack.com/", "must be an incoming webhook's URL: "],
    ["https://hooks.slack.com/services/T00/B00", "must be an incoming webhook's URL: "],
    ["https://slack.com/api/chat.postMessage", "must be an incoming webhook's URL: "],
    ["https://HOOKS.slack.com./services/T00", "must be an incoming webhook's URL: "],
    ["https://hooks.slack.com/services/T00/…", "is how a credential is shown"],
    ["http://hooks.slack.com/services/T00/B00/xxx", "must begin with https:// on this host"],
  ])("refuses what Slack would: %s", (webhook_url, message) => {
    expect(slack.config.safeParse({ webhook_url }).error?.issues).toEqual([
      expect.objectContaining({
        path: ["webhook_url"],
        message: expect.stringContaining(message),
      }),
    ]);
  });

  it("says what is missing, and what is too much", () => {
    const messageOf = (config: object) => slack.config.safeParse(config).error?.issues[0];
    expect(messageOf({})).toMatchObject({ path: ["url"], message: "is required" });
    expect(messageOf({ url, webhook_url: url })).toMatchObject({ path: ["webhook_url"] });
  });

  it.each([
    [url, "https://hooks.slack.com/services/T00/…"],
    ["https://hooks.slack.com/workflows/T01AB/A0/1/x", "https://hooks.slack.com/workflows/T01AB/…"],
    ["https://hooks.slack.com/services/xoxb-secret/B00", "https://hooks.slack.com/…"],
    ["https://user:pw@mm.example:8065/hooks/secret?key=1#x", "https://mm.example:8065/…"],
    ["http://127.0.0.1:4000/T00/B00", "http://127.0.0.1:4000/…"],
  ])("masks %s", (address, masked) => {
    expect(slack.mask("url", address)).toBe(masked);
  });
});

describe("the verdict of Slack", () => {
  it("takes ok for sent, from a workflow too", () => {
    expect(judge(200, "ok").verdict).toBe("sent");
    expect(judge(200, '{"ok":true}').verdict).toBe("sent");
    expect(judge(200, '{"success":true}').verdict).toBe("sent");
  });

  it.each([
    [400, "invalid_payload", false],
    [400, "invalid_blocks_format", false],
    [400, "too_many_attachments", false],
    [404, "user_not_found", false],
    [404, "channel_not_found", false],
    [403, "action_prohibited", false],
    [403, "posting_to_general_channel_denied", false],
    [410, "channel_is_archived", true],
    [404, "no_service", true],
    [404, "no_service_id", true],
    [404, "no_active_hooks", true],
    [404, "no_team", true],
    [403, "team_disabled", true],
    [403, "invalid_token", true],
  ])("explains %i %s, and whether the webhook is gone", (statusCode, body, isGone) => {
    const verdict = judge(statusCode, body);
    expect(verdict.verdict).toBe("permanent");
    expect(verdict.isGone === true).toBe(isGone);
    expect(verdict.reason).toMatch(new RegExp(`^Slack answered ${statusCode} ${body}: .*; .*\\.$`));
  });

  it("gives what it does not know in the receiver's words", () => {
    expect(judge(400, "new_error")).toEqual({
      verdict: "permanent",
      reason: "Slack answered 400 and would do so again. It said: new_error",
    });
    expect(judge(418, "<html>teapot</html>").reason).not.toContain("html");
  });

  it("waits as long as it is asked to", () => {
    const verdict = judge(429, "rate_limited", { "retry-after": "30" });
    expect(verdict).toMatchObject({ verdict: "retry", retryAfterSeconds: 30 });
  });

  it("tries again after a fault of Slack's own", () => {
    const verdict = judge(500, "rollup_error");
    expect(verdict.verdict).toBe("retry");
    expect(verdict.reason).toContain("rollup_error");
  });

  it("does not take every 200 for sent", () => {
    expect(judge(200, '{"ok":false,"error":"invalid_token"}')).toMatchObject({
      verdict: "permanent",
      isGone: true,
    });
    expect(judge(200, '{"ok":false,"error":"internal_error"}').verdict).toBe("retry");
    expect(judge(200, '{"ok":false}').verdict).toBe("permanent");
    const page = judge(200, "\n<!doctype html><title>Sign in</title>");
    expect(page).toMatchObject({ verdict: "permanent" });
    expect(page.reason).toContain("web page");
  });
});

describe("the test's own Slack", () => {
  it.each([
    ["not json", "invalid_payload"],
    ["{}", "no_text"],
    ['{"blocks":[]}', "invalid_blocks"],
    ['{"text":"x","colour":"red"}', "invalid_blocks"],
    [
      `{"blocks":[{"type":"header","text":{"type":"plain_text","text":"${"x".repeat(151)}"}}]}`,
      "invalid_blocks",
    ],
    ['{"blocks":[{"type":"header","text":{"type":"mrkdwn","text":"x"}}]}', "invalid_blocks"],
    ['{"blocks":[{"type":"section"}]}', "invalid_blocks"],
    ['{"text":"x"}', "ok"],
  ])("answers %.60s with %s", (body, expected) => {
    expect(answer({ url, body }).body).toBe(expected);
  });
});
