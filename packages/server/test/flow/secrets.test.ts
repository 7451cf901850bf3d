// Secrets on their way: filled in when the attempt is made, and nowhere to be found afterwards,
// however a hostile target answers.

import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { raw, sql } from "../../src/store/db.ts";
import { createStory, type Story } from "../support/story.ts";

let story: Story;
beforeEach(async () => {
  story = await createStory("2026-03-01T10:00:00Z");
});
afterEach(() => story.close());

const value = "sk \"live\" <p&ss>/w+rd=é~'x'";

async function put(name: string, text: string): Promise<void> {
  await story.client.createSecret({ body: { name, value: text } });
}

async function theExecution() {
  const [{ id } = { id: "" }] = (await story.client.listExecutions()).items;
  return story.client.getExecution({ params: { id } });
}

const once = { kind: "one_time", schedule: {} } as const;

describe("an attempt", () => {
  it("carries the values, in whole and in part, and escaped where the body is JSON", async () => {
    await put("key", value);
    const target = await story.addReceiver();
    await story.addJob(target.url, {
      ...once,
      request: {
        method: "POST",
        headers: { authorization: "Bearer secret://key", "x-plain": "secret://key" },
        body: { list: ["secret://key", "a secret://key b"], "secret://key": 1 },
      },
    });
    await story.tick();
    const [call] = target.calls;
    const sent = Buffer.from(call?.headers["x-plain"]?.toString() ?? "", "latin1");
    expect(sent.toString("latin1")).toBe(value);
    expect(call?.headers.authorization).toBe(`Bearer ${call?.headers["x-plain"]}`);
    expect(JSON.parse(call?.body ?? "")).toEqual({
      list: [value, `a ${value} b`],
      "secret://key": 1,
    });
  });

  it("uses the value of the moment: a retry sends what was set meanwhile", async () => {
    await put("key", "old-value");
    const target = await story.addReceiver();
    target.answers(503, 200);
    await story.addJob(target.url, { ...once, request: { method: "POST", body: "secret://key" } });
    await story.tick();
    await put("key", "new-value");
    story.clock.at("2026-03-01T10:00:10Z");
    await story.tick();
    expect(target.calls.map(({ body }) => body)).toEqual(["old-value", "new-value"]);
  });

  it("sends an unknown name as it is written, and execution and explanation say so", async () => {
    const target = await story.addReceiver();
    target.answers(503, 200);
    await story.addJob(target.url, { ...once, request: { headers: { "x-key": "secret://none" } } });
    await story.tick();
    story.clock.at("2026-03-01T10:00:10Z");
    await story.tick();
    expect(target.calls.map(({ headers }) => headers["x-key"])).toEqual([
      "secret://none",
      "secret://none",
    ]);
    const execution = await theExecution();
    const warning = 'There is no secret "none": "secret://none" was sent as it is written.';
    expect(execution).toMatchObject({ status: "succeeded", warnings: [warning] });
    const { sentences } = await story.client.explainExecution({ params: { id: execution.id } });
    expect(sentences).toContain(warning);
  });

  it("is not made with a secret that no header can carry or no key opens", async () => {
    await put("lines", "two\nlines");
    await put("broken", "some-value");
    await story.db.run(sql`
      update secrets set sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)
      where name = 'broken'`);
    const target = await story.addReceiver();
    const retry_policy = { max_attempts: 1, retry_on_statuses: [] };
    for (const [name, errorClass] of [
      ["lines", "invalid_request"],
      ["broken", "secret_unreadable"],
    ]) {
      const headers = { "x-key": `secret://${name}` };
      await story.addJob(target.url, { ...once, retry_policy, request: { headers } });
      await story.tick();
      const execution = await theExecution();
      expect(execution).toMatchObject({
        status: "failed",
        attempts: [{ status: "CONNECTION_ERROR", error_class: errorClass }],
      });
      expect(JSON.stringify(execution)).not.toContain("two\\nlines");
    }
    expect(target.calls).toEqual([]);
  });

  it("belongs to one workspace: another's secret of that name is none", async () => {
    const other = await story.addTenant();
    await other.client.createSecret({ body: { name: "theirs", value: "not-for-you" } });
    const target = await story.addReceiver();
    await story.addJob(target.url, {
      ...once,
      request: { headers: { "x-key": "secret://theirs" } },
    });
    await story.tick();
    expect(target.calls[0]?.headers["x-key"]).toBe("secret://theirs");
  });

  it("that follows a redirect to another origin leaves the secret headers behind", async () => {
    await put("key", "a-plain-value");
    const second = await story.addReceiver();
    const first = await story.addReceiver();
    first.answers({ status: 307, headers: { location: `${second.url}/next` } });
    await story.addJob(first.url, {
      ...once,
      request: { headers: { "x-name": "secret://key", "x-open": "1" }, follow_redirects: true },
    });
    await story.tick();
    expect(first.calls[0]?.headers["x-name"]).toBe("a-plain-value");
    expect(second.calls[0]?.headers).toMatchObject({ "x-open": "1" });
    expect(second.calls[0]?.headers["x-name"]).toBeUndefined();
  });
});

/** Every spelling in which a target may give back what it was sent. */
function spell(text: string): string[] {
  const bytes = Buffer.from(text);
  const ascii = JSON.stringify(text).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return [
    text,
    JSON.stringify(text),
    ascii,
    ascii.replaceAll("/", "\\/"),
    encodeURIComponent(text),
    encodeURIComponent(text).toLowerCase(),
    new URLSearchParams({ text }).toString(),
    bytes.toString("base64"),
    bytes.toString("base64url"),
    Buffer.from(`user:${text}`).toString("base64"),
    bytes.toString("hex"),
    text.toUpperCase(),
  ];
}

/** A target that answers with all it was sent, in every spelling, in body, headers and reason. */
async function startHostile(secret: string): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const heard = request.headers["x-key"]?.toString() ?? "";
      const inHeader = (text: string) => encodeURIComponent(text).slice(0, 900);
      response.writeHead(500, {
        etag: `"${heard}"`,
        "x-request-id": heard.repeat(40),
        "x-ratelimit-limit": inHeader(secret),
        server: Buffer.from(secret).toString("base64"),
      });
      response.end(spell(secret).join("\n"));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an address with a port.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function dumpRows(): Promise<string> {
  const tables = await story.db.rows<{ name: string }>(
    sql`select relname as name from pg_class
        where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  const rows: string[] = [];
  for (const { name } of tables) {
    const found = await story.db.rows<{ text: string }>(
      raw(`select t::text as text from ${name} t`),
    );
    rows.push(...found.map(({ text }) => text));
  }
  return rows.join("\n");
}

/** Parts of the secret that no record may hold: any ten characters of it in any spelling. */
function expectNowhere(text: string, secret: string): void {
  for (const form of spell(secret)) {
    // The edges of base64 and the name of a form's field are not the secret's own.
    const inner = form.slice(8, -4);
    for (let at = 0; at + 10 <= inner.length; at += 5) {
      expect(text, form).not.toContain(inner.slice(at, at + 10));
    }
  }
}

describe("a hostile target", () => {
  it.each([
    ["plain", randomBytes(18).toString("base64url")],
    ["full of special characters", `${randomBytes(9).toString("hex")} "<&'>/+=%\\ é ${"Zz9"}`],
  ])("cannot have a secret recorded or told that is %s", async (_kind, secret) => {
    await put("key", secret);
    const hostile = await startHostile(secret);
    const ops = await story.addReceiver();
    const chat = await story.addReceiver();
    try {
      const jobId = await story.addJob(hostile.url, {
        retry_policy: { max_attempts: 1, retry_on_statuses: [] },
        request: {
          method: "POST",
          headers: { "x-key": "secret://key", authorization: "Basic secret://key" },
          body: "secret://key",
        },
      });
      await story.tell(jobId, "on_failure", ops.url);
      const slack = await story.client.createChannel({
        body: {
          name: "chat",
          type: "slack",
          config: { url: `${chat.url}/services/T00/B00/abcdefghijkl`, include_output: true },
        },
      });
      const rule = { channel_id: slack.id, event: "on_failure" as const };
      await story.client.addRule({ params: { id: jobId }, body: rule });
      story.clock.at("2026-03-01T10:10:00Z");
      await story.tick();
      const execution = await theExecution();
      const [attempt] = execution.attempts;
      expect(attempt?.status_code).toBe(500);
      expect(attempt?.body_preview).toContain("secret://key");
      expect(attempt?.response_headers?.etag).toContain("secret://key");
      const { sentences } = await story.client.explainExecution({ params: { id: execution.id } });
      expect(ops.calls).toHaveLength(1);
      expect(chat.calls[0]?.body).toContain("secret://key");
      expectNowhere(JSON.stringify(execution), secret);
      expectNowhere(sentences.join("\n"), secret);
      expectNowhere(JSON.stringify([ops.calls, chat.calls]), secret);
      expectNowhere(await dumpRows(), secret);
      expectNowhere(story.lines.join("\n"), secret);
      expectNowhere(JSON.stringify(story.logged), secret);
    } finally {
      hostile.server.closeAllConnections();
      await new Promise((resolve) => hostile.server.close(resolve));
    }
  });

  it("cannot leave the beginning of a secret at the end of a long body", async () => {
    const secret = "abcdefghijklmnopqrstuvwxyz0123456789";
    await put("key", secret);
    const target = await story.addReceiver();
    // The 64 KB that are kept end within the secret.
    target.answers({ status: 500, body: `${"-".repeat(65_536 - 20)}${secret}${"-".repeat(99)}` });
    await story.addJob(target.url, {
      ...once,
      retry_policy: { max_attempts: 1, retry_on_statuses: [] },
      request: { headers: { "x-key": "secret://key" } },
    });
    await story.tick();
    const { attempts } = await theExecution();
    expect(attempts[0]?.body_truncated).toBe(true);
    expect(attempts[0]?.body_preview?.slice(-20)).toBe("--------secret://key");
  });
});
