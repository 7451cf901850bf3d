// The demo's Slack: it takes what Slack takes, refuses what Slack refuses, and keeps account.
import { channelTypes } from "@trigrun/contract";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeNotice } from "../../packages/contract/test/notices.ts";
import { createNarrator } from "./narrator.ts";
import { type SlackReceiver, startSlack } from "./slack.ts";

const json = { "content-type": "application/json" };
let said = "";
let slack: SlackReceiver;

beforeEach(async () => {
  said = "";
  const write = (text: string) => {
    said += text;
  };
  slack = await startSlack(
    "slack-alerts",
    createNarrator({ write }, () => 0),
  );
});
afterEach(() => slack.close());

async function post(body: string, init: RequestInit = {}, url = slack.url) {
  const answer = await fetch(url, { method: "POST", headers: json, body, ...init });
  return { status: answer.status, text: await answer.text() };
}

describe("the Slack receiver", () => {
  it("takes a message of ours, shows its header and notes its event", async () => {
    const notice = makeNotice("failed", { event: "on_failure" });
    const message = channelTypes.slack.render(notice, { url: slack.url });
    const body = message.kind === "http" ? message.body : "";
    expect(await post(body)).toEqual({ status: 200, text: "ok" });
    expect(slack.ledger).toMatchObject({ accepted: ["on_failure"], problems: [] });
    expect(said).toContain("Failed: nightly-backup");
  });

  it.each([
    ["blocks that break a rule", JSON.stringify({ blocks: [{ type: "headline" }] })],
    ["a field that Slack does not know", JSON.stringify({ text: "hello", colour: "red" })],
    ["a message without text", "{}"],
    ["no JSON", "payload"],
  ])("refuses %s with 400 and notes it as a problem", async (_what, body) => {
    expect((await post(body)).status).toBe(400);
    expect(slack.ledger.accepted).toEqual([]);
    expect(slack.ledger.problems).toHaveLength(1);
    expect(said).toContain("refused");
  });

  it("reads a body that is not sent as JSON as no payload", async () => {
    const answer = await post('{"text":"hello"}', { headers: { "content-type": "text/plain" } });
    expect(answer).toEqual({ status: 400, text: "invalid_payload" });
    expect(slack.ledger.problems).toHaveLength(1);
  });

  it("knows its own address only", async () => {
    const answer = await post('{"text":"hello"}', {}, slack.url.replace(/[^/]+$/, "another"));
    expect(answer).toEqual({ status: 404, text: "no_service" });
    expect(slack.ledger.problems).toHaveLength(1);
  });
});
