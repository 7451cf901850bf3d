// What is special to PagerDuty: which event an end becomes, the key that ties them, its answers.
import { describe, expect, it } from "vitest";
import { makeDigest, makeNotice, makeWarning } from "../../test/notices.ts";
import { answer, changeBody, requestBody } from "../../test/vendor/pagerduty.ts";
import type { Notice } from "./channel.ts";
import { pagerduty } from "./pagerduty.ts";

const routing_key = "0123456789abcdef0123456789abcdef";
const job = "job_0193a5c4f7e2aaaaaaaaaaaaaaaaaaaa";

function render(notice: Notice, config: Record<string, unknown> = {}) {
  const message = pagerduty.render(notice, pagerduty.config.parse({ routing_key, ...config }));
  if (message.kind !== "http") throw new Error("an event is an HTTP message");
  return { ...message, json: JSON.parse(message.body) };
}

const renderAlert = (notice: Notice, config?: Record<string, unknown>) =>
  requestBody.parse(render(notice, config).json);

const judge = (statusCode: number, json: object, headers = {}) =>
  pagerduty.judge({ statusCode, headers, body: JSON.stringify(json) });

describe("an alert event", () => {
  it("opens with a failure and resolves with the next success, whichever rule tells of it", () => {
    for (const event of ["on_failure", "on_completion"] as const) {
      expect(renderAlert(makeNotice("failed", { event }))).toMatchObject({
        event_action: "trigger",
        dedup_key: `trigrun-${job}`,
      });
    }
    for (const event of ["on_success", "on_completion"] as const) {
      expect(renderAlert(makeNotice("succeeded", { event }))).toMatchObject({
        event_action: "resolve",
        dedup_key: `trigrun-${job}`,
      });
    }
  });

  it("never resolves a real alert by a test", () => {
    const { dedup_key, payload } = renderAlert(makeNotice("succeeded", { isTest: true }));
    expect(dedup_key).toBe(`trigrun-test-${job}`);
    expect(payload?.summary).toMatch(/^\[Test\] This is a test of the channel, not an alarm\. /);
  });

  it("is as grave as it is set, but harmless when it resolves", () => {
    const severityOf = (status: "failed" | "succeeded", config = {}) =>
      renderAlert(makeNotice(status), config).payload?.severity;
    expect(severityOf("failed")).toBe("error");
    expect(severityOf("failed", { severity: "critical" })).toBe("critical");
    expect(severityOf("succeeded", { severity: "critical" })).toBe("info");
  });

  it("says where, what and of which kind in the fields of the common event format", () => {
    const { payload, client_url, links } = renderAlert(makeNotice("failed"), { group: "billing" });
    expect(payload).toMatchObject({
      source: "trigrun.example.com",
      component: "nightly-backup",
      group: "billing",
      class: "execution.failed",
      timestamp: "2026-11-23T10:00:04.222Z",
      custom_details: { Attempts: "3 of 3", "Last response": "HTTP 503 after 120 ms" },
    });
    expect(links).toEqual([{ href: client_url, text: "Open the execution" }]);
  });

  it("does without an address where there is none", () => {
    const alert = renderAlert(makeNotice("failed", { url: "" }));
    expect(alert.payload?.source).toBe("TrigRun");
    expect(alert).not.toHaveProperty("links");
    expect(alert).not.toHaveProperty("client_url");
  });
});

describe("a cancelled execution", () => {
  it("is a change event, which rings nobody and leaves an open alert alone", () => {
    const { url, json } = render(makeNotice("cancelled"));
    expect(url).toBe("https://events.pagerduty.com/v2/change/enqueue");
    const change = changeBody.parse(json);
    expect(change.payload.summary).toBe(
      "nightly-backup was cancelled before the first attempt: The job was deleted.",
    );
  });
});

describe("a digest and a warning", () => {
  it("ring about failures under a key of their own, which no success resolves", () => {
    expect(renderAlert(makeDigest())).toMatchObject({
      event_action: "trigger",
      dedup_key: expect.stringMatching(/^trigrun-digest-dlv_/),
      payload: { severity: "error", class: "notifications.digest" },
    });
    expect(renderAlert(makeDigest()).payload).not.toHaveProperty("component");
  });

  it("are a change event where nothing failed", () => {
    const { url, json } = render(makeDigest({ failed: 0 }));
    expect(url).toMatch(/\/change\/enqueue$/);
    expect(changeBody.parse(json).payload.summary).toContain("14 succeeded, 14 cancelled");
  });

  it("warn about a channel, however grave failures are", () => {
    const { dedup_key, payload } = renderAlert(makeWarning(), { severity: "critical" });
    expect(dedup_key).toMatch(/^trigrun-chan_/);
    expect(payload).toMatchObject({ severity: "warning", component: "ops-slack" });
  });
});

describe("the config of PagerDuty", () => {
  it("sends to the account's region", () => {
    expect(render(makeNotice("failed"), { region: "eu" }).url).toBe(
      "https://events.eu.pagerduty.com/v2/enqueue",
    );
    expect(pagerduty.config.safeParse({ routing_key, region: "mars" }).success).toBe(false);
  });

  it("refuses what is no integration key", () => {
    for (const key of ["", "short", `${routing_key}0`, `${routing_key.slice(1)}\n`]) {
      expect(pagerduty.config.safeParse({ routing_key: key }).success).toBe(false);
    }
  });
});

describe("the verdict of PagerDuty", () => {
  it("takes 202 for sent", () => {
    expect(judge(202, { status: "success", message: "Event processed" }).verdict).toBe("sent");
  });

  it("says what is wrong with an event that is refused for good", () => {
    const errors = ["Length of 'routing_key' is incorrect (should be 32 characters)"];
    const message = "Event object is invalid";
    const verdict = judge(400, { status: "invalid event", message, errors });
    expect(verdict).toMatchObject({ verdict: "permanent" });
    expect(verdict.reason).toMatch(
      /^PagerDuty answered 400: check that `routing_key` .*\. It said: /,
    );
    expect(verdict.reason).toContain(`${message}: ${errors[0]}`);
  });

  it("waits half a minute at the limit, or as long as it is asked to", () => {
    expect(judge(429, {})).toMatchObject({ verdict: "retry", retryAfterSeconds: 30 });
    expect(judge(429, {}, { "retry-after": "90" }).retryAfterSeconds).toBe(90);
    expect(judge(500, {}).retryAfterSeconds).toBeNull();
  });
});

describe("the test's own PagerDuty", () => {
  const url = "https://events.pagerduty.com/v2/enqueue";
  const valid = render(makeNotice("failed")).json;

  it.each([
    ["a short key", { routing_key: "x" }],
    ["a trigger without a payload", { payload: undefined }],
    ["a summary that is too long", { payload: { ...valid.payload, summary: "x".repeat(1025) } }],
    ["an unknown severity", { payload: { ...valid.payload, severity: "fatal" } }],
    ["a resolve without a key", { event_action: "resolve", dedup_key: undefined }],
    ["an event of 512 KB", { payload: { ...valid.payload, class: "x".repeat(512 * 1024) } }],
  ])("refuses %s", (_, change) => {
    expect(answer({ url, body: JSON.stringify({ ...valid, ...change }) }).statusCode).toBe(400);
  });

  it("takes changes of services and not of rulesets", () => {
    const target = "https://events.pagerduty.com/v2/change/enqueue";
    const { json } = render(makeNotice("cancelled"));
    expect(answer({ url: target, body: JSON.stringify(json) }).statusCode).toBe(202);
    const ofRuleset = { ...json, routing_key: `R${routing_key.slice(1)}` };
    expect(answer({ url: target, body: JSON.stringify(ofRuleset) }).statusCode).toBe(400);
  });
});
