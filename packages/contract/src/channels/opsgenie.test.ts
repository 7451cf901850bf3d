// What is special to the Alert API: which request an end becomes, its servers, its answers.
import { describe, expect, it } from "vitest";
import { makeDigest, makeNotice, makeWarning } from "../../test/notices.ts";
import { actionBody, answer, requestBody } from "../../test/vendor/opsgenie.ts";
import type { Notice } from "./channel.ts";
import { opsgenie } from "./opsgenie.ts";

const api_key = "eb243592-faa2-4ba2-a551q-1afdf565c889";
const alias = "trigrun-job_0193a5c4f7e2aaaaaaaaaaaaaaaaaaaa";
const alerts = "https://api.opsgenie.com/v2/alerts";

function render(notice: Notice, config: Record<string, unknown> = {}) {
  const message = opsgenie.render(notice, opsgenie.config.parse({ api_key, ...config }));
  if (message.kind !== "http") throw new Error("an alert is an HTTP message");
  return { ...message, json: JSON.parse(message.body) };
}

const judge = (statusCode: number, json: object = {}) =>
  opsgenie.judge({ statusCode, headers: {}, body: JSON.stringify(json) });

describe("an alert", () => {
  it("opens with a failure, under the alias of the job", () => {
    const { url, json, headers } = render(makeNotice("failed"), { priority: "P1" });
    expect(url).toBe(alerts);
    expect(headers.authorization).toBe(`GenieKey ${api_key}`);
    expect(requestBody.parse(json)).toMatchObject({
      alias,
      message: "Failed: nightly-backup",
      entity: "nightly-backup",
      priority: "P1",
      tags: ["trigrun", "cron"],
    });
  });

  it("closes with the next success, and says why", () => {
    const { url, json } = render(makeNotice("succeeded", { event: "on_completion" }));
    expect(url).toBe(`${alerts}/${alias}/close?identifierType=alias`);
    expect(actionBody.parse(json).note).toMatch(
      /^Succeeded: nightly-backup\n\nnightly-backup succ/,
    );
  });

  it("gets a note from a cancelled execution, and neither opens nor closes", () => {
    const { url, json } = render(makeNotice("cancelled"));
    expect(url).toBe(`${alerts}/${alias}/notes?identifierType=alias`);
    expect(actionBody.parse(json).note).toContain("was cancelled");
  });

  it("of a digest or a warning has an alias of its own, which no success closes", () => {
    const [digest, warning] = [makeDigest(), makeWarning()].map((notice) => {
      const { url, json } = render(notice, { priority: "P1" });
      expect(url).toBe(alerts);
      return requestBody.parse(json);
    });
    expect(digest).toMatchObject({ alias: expect.stringMatching(/^trigrun-digest-dlv_/) });
    expect(digest).toMatchObject({ priority: "P1", tags: ["trigrun", "digest"] });
    expect(digest).not.toHaveProperty("entity");
    expect(warning).toMatchObject({ alias: expect.stringMatching(/^trigrun-chan_/) });
    expect(warning).toMatchObject({ priority: "P1", entity: "ops-slack" });
  });

  it("wakes nobody for a digest without failures", () => {
    expect(render(makeDigest({ failed: 0 }), { priority: "P1" }).json.priority).toBe("P5");
  });

  it("is never closed by a test", () => {
    const { url } = render(makeNotice("succeeded", { isTest: true }));
    expect(url).toContain("/trigrun-test-job_");
  });

  it("fills the description with output, and not more", () => {
    const { json } = render(makeNotice("failed", { output: "o".repeat(1e5) }));
    expect(json.description).toHaveLength(15_000);
    const { note } = render(makeNotice("succeeded", { output: "o".repeat(1e5) })).json;
    expect(note).toHaveLength(15_000);
  });

  it("holds nothing that would be shown as HTML", () => {
    const { json } = render(makeNotice("failed", { name: "<b>x</b>", output: "<script>" }));
    for (const text of [json.message, json.description, json.entity]) {
      expect(text).not.toMatch(/<[a-z/]/i);
    }
  });
});

describe("the config of Opsgenie", () => {
  it.each([
    ["us", "https://api.opsgenie.com/v2/alerts"],
    ["eu", "https://api.eu.opsgenie.com/v2/alerts"],
    ["jsm", "https://api.atlassian.com/jsm/ops/integration/v2/alerts"],
  ])("sends to where the key is from: %s", (region, url) => {
    expect(render(makeNotice("failed"), { region }).url).toBe(url);
  });

  it("refuses a key that could not stand in a header", () => {
    for (const key of ["", "a b", "a\r\nx: y", "schlüssel"]) {
      expect(opsgenie.config.safeParse({ api_key: key }).success).toBe(false);
    }
  });
});

describe("the verdict of the Alert API", () => {
  it("takes 202 for sent", () => {
    expect(judge(202, { result: "Request will be processed" }).verdict).toBe("sent");
  });

  it.each([
    [401, "region"],
    [402, "plan"],
    [403, "create and update alerts"],
    [422, "report this"],
  ])("says what to do about %i, for good", (statusCode, hint) => {
    const verdict = judge(statusCode, { message: "Not so", errors: { message: "is empty" } });
    expect(verdict.verdict).toBe("permanent");
    expect(verdict.reason).toMatch(new RegExp(`^The Alert API answered ${statusCode}: .*${hint}`));
    expect(verdict.reason).toMatch(/It said: Not so message: is empty$/);
  });

  it("tries again at the limit of requests", () => {
    expect(judge(429).verdict).toBe("retry");
  });
});

describe("the test's own Alert API", () => {
  const headers = { authorization: `GenieKey ${api_key}` };
  const valid = render(makeNotice("failed")).json;

  it.each([
    [401, alerts, valid, {}],
    [404, `${alerts}/${alias}/close`, {}, headers],
    [404, "https://api.opsgenie.com/v1/alerts", valid, headers],
    [422, alerts, { ...valid, message: "x".repeat(131) }, headers],
    [422, alerts, { ...valid, tags: Array.from({ length: 21 }, () => "t") }, headers],
    [422, alerts, { ...valid, details: { a: "x".repeat(8000) } }, headers],
    [422, alerts, { ...valid, description: "x".repeat(15_001) }, headers],
  ])("answers %i to what its documentation forbids: %s", (statusCode, url, json, given) => {
    const reply = answer({ url, body: JSON.stringify(json), headers: given });
    expect(reply.statusCode).toBe(statusCode);
    expect(opsgenie.judge(reply).verdict).toBe("permanent");
  });
});
