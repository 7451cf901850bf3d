// What is special to Teams: the card, its size, masked addresses, and two kinds of answers.
import { describe, expect, it } from "vitest";
import { hostileText, makeNotice } from "../../test/notices.ts";
import { answer, requestBody } from "../../test/vendor/teams.ts";
import type { Notice } from "./channel.ts";
import { teams } from "./teams.ts";

const id = "7e2c2dc8cc4a4678b1113ede1d55d5a1";
const workflow = `https://prod-11.westeurope.logic.azure.com:443/workflows/${id}`;
const url = `${workflow}/triggers/manual/paths/invoke?api-version=2016-06-01&sv=1.0&sig=s3cr3t`;

function render(notice: Notice, config: Record<string, unknown> = {}) {
  const message = teams.render(notice, teams.config.parse({ url, ...config }));
  if (message.kind !== "http") throw new Error("a Teams message is an HTTP message");
  const [attachment] = requestBody.parse(JSON.parse(message.body)).attachments;
  if (!attachment) throw new Error("a Teams message has a card");
  return { ...message, card: attachment.content };
}

const judge = (statusCode: number, body: object | string, headers = {}) =>
  teams.judge({
    statusCode,
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

describe("a Teams message", () => {
  it("goes to the workflow's address as it is", () => {
    expect(render(makeNotice("failed")).url).toBe(url);
  });

  it("has the colour of the outcome in its heading", () => {
    const colours = (["succeeded", "failed", "cancelled"] as const).map((status) => {
      const [heading] = render(makeNotice(status)).card.body;
      return heading?.type === "RichTextBlock" ? heading.inlines[0]?.color : undefined;
    });
    expect(colours).toEqual(["Good", "Attention", "Default"]);
  });

  it("has foreign text only where Teams reads no Markdown", () => {
    const { card } = render(
      makeNotice("failed", {
        name: hostileText,
        output: hostileText,
        lastAttempt: { error_message: hostileText, error_class: hostileText },
      }),
    );
    for (const element of card.body) {
      if (element.type === "RichTextBlock") continue;
      expect(element.type).toBe("FactSet");
      expect(JSON.stringify(element)).not.toMatch(/bold|evil|script/);
    }
  });

  it("keeps the lines of the output, in letters of one width", () => {
    const { card } = render(makeNotice("failed", { output: "one\n  two" }));
    expect(card.body.at(-1)).toMatchObject({
      inlines: [{ text: "one\n  two", fontType: "Monospace" }],
    });
  });

  it.each(["o", '"', "\\", "€", "<b>"])(
    "stays below 20,000 bytes, whatever it is of: %s",
    (piece) => {
      const long = piece.repeat(1e5);
      const { body } = render(
        makeNotice("failed", {
          name: long,
          output: long,
          lastAttempt: { error_message: long },
          url: `https://a.example/${"x".repeat(900)}`,
        }),
      );
      expect(Buffer.byteLength(body)).toBeLessThan(20_000);
      expect(Buffer.byteLength(body)).toBeGreaterThan(12_000);
    },
  );

  it("is as wide as it is asked to be", () => {
    expect(render(makeNotice("failed")).card).not.toHaveProperty("msteams");
    expect(render(makeNotice("failed"), { full_width: true }).card.msteams).toEqual({
      width: "Full",
    });
  });
});

describe("the config of Teams", () => {
  const direct = `https://x.environment.api.powerplatform.com/powerautomate/automations/direct/workflows/${id}/`;

  it.each([
    url,
    `${direct}triggers/manual/paths/invoke?api-version=1&sig=s3cr3t`,
    "https://acme.webhook.office.com/webhookb2/a@b/IncomingWebhook/c/d",
    "https://proxy.example.com/teams",
  ])("takes %s", (address) => {
    expect(teams.config.safeParse({ url: address }).success).toBe(true);
  });

  it.each([
    ["https://teams.microsoft.com/l/channel/19%3aabc/General", "must be a workflow's URL: "],
    [`https://prod-11.westeurope.logic.azure.com/workflows/${id}`, "must be a workflow's URL: "],
    [url.replace("&sig=s3cr3t", ""), "must be copied to its end: `sig=…` is missing"],
    [`${direct}triggers/manual/paths/invoke?api-version=1`, "`sig=…` is missing"],
    ["https://acme.webhook.office.com/webhookb2/a@b", "…/webhookb2/…/IncomingWebhook/…/…"],
    [url.replace("https", "http"), "must begin with https://"],
  ])("refuses what Teams would: %s", (address, message) => {
    const issues = teams.config.safeParse({ url: address }).error?.issues;
    expect(issues).toMatchObject([{ path: ["url"], message: expect.stringContaining(message) }]);
  });

  it.each([
    [url, `https://prod-11.westeurope.logic.azure.com/workflows/${id}/…`],
    [`${direct}triggers/manual/paths/invoke?sig=s3cr3t`, `${direct}…`],
    [
      "https://acme.webhook.office.com/webhookb2/a@b/IncomingWebhook/c/d",
      "https://acme.webhook.office.com/…",
    ],
  ])("masks %s", (address, masked) => {
    expect(teams.mask("url", address)).toBe(masked);
  });
});

describe("the verdict of Teams", () => {
  it("takes a workflow's 202 and an old webhook's 1 for sent", () => {
    expect(judge(202, "").verdict).toBe("sent");
    expect(judge(200, "1").verdict).toBe("sent");
  });

  it.each([
    [401, "DirectApiAuthorizationRequired", "misses its signature"],
    [400, "WorkflowTriggerIsNotEnabled", "check that it is on"],
    [404, "WorkflowNotFound", "there is no such workflow"],
  ])("says what to do about %i %s, for good", (statusCode, code, hint) => {
    const verdict = judge(statusCode, { error: { code, message: "Its own words." } });
    expect(verdict.verdict).toBe("permanent");
    expect(verdict).not.toHaveProperty("isGone");
    expect(verdict.reason).toMatch(new RegExp(`^Teams answered ${statusCode}: .*${hint}.*sig=`));
    expect(verdict.reason).toMatch(new RegExp(`It said: ${code}: Its own words\\.$`));
  });

  it("reads what an old webhook says in a 200", () => {
    const said = (code: number) =>
      "Webhook message delivery failed with error: " +
      `Microsoft Teams endpoint returned HTTP error ${code} with ContextId tcid=0`;
    expect(judge(200, said(429), { "retry-after": "9" })).toMatchObject({
      verdict: "retry",
      retryAfterSeconds: 9,
      pauseSeconds: 9,
    });
    expect(judge(200, said(503)).verdict).toBe("retry");
    expect(judge(200, said(413))).toMatchObject({ verdict: "permanent" });
    expect(judge(200, said(413)).reason).toContain("longer than Teams takes");
    expect(judge(200, "Webhook message delivery failed with error: unknown")).toMatchObject({
      verdict: "permanent",
      reason: expect.stringContaining("dropped the message"),
    });
  });
});

describe("the test's own Teams", () => {
  const { body } = render(makeNotice("failed"));

  it.each([
    [401, url.replace("&sig=s3cr3t", ""), body],
    [400, url.replace("api-version=2016-06-01&", ""), body],
    [400, url, '{"text":"hello"}'],
    [400, url, body.replace("RichTextBlock", "RichText")],
    [413, url, body.replace("nightly-backup", "x".repeat(21_000))],
    [202, url, body],
  ])("answers %i to what a workflow would", (statusCode, target, text) => {
    expect(answer({ url: target, body: text }).statusCode).toBe(statusCode);
  });
});
