// Rules of `Idempotency-Key`: one key, one piece of work, one answer.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { createTestApi, exampleExchange, type TestApi } from "../support/api.ts";

let test: TestApi;
beforeAll(async () => {
  test = await createTestApi();
});
afterAll(() => test.close());

const path = "/v1/notification-channels";
let count = 0;

function newChannel(name = `channel-${count++}`) {
  const config = { url: "https://example.com/hook", secret: "whsec_something" };
  return { name, type: "webhook", config };
}

function post(key: string, body: unknown, extra: { path?: string; token?: string } = {}) {
  const headers = { "idempotency-key": key };
  return test.call({ method: "POST", path, body, headers, ...extra });
}

async function countChannels(name: string): Promise<number> {
  const rows = await test.db.rows(sql`select id from channels where name = ${name}`);
  return rows.length;
}

describe("the same key", () => {
  it("answers the first result again, to the byte, and creates nothing", async () => {
    const body = newChannel();
    const first = await post("same", body);
    const again = await post("same", body);
    expect(first.status).toBe(201);
    expect(first.headers["idempotent-replayed"]).toBeUndefined();
    expect(again.status).toBe(201);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    expect(again.text).toBe(first.text);
    expect(await countChannels(body.name)).toBe(1);
  });

  it("knows the body again however it is written", async () => {
    const body = newChannel();
    const first = await post("spelling", body);
    const config = { secret: "whsec_something", url: "https://example.com/hook" };
    const text = JSON.stringify({ type: "webhook", config, name: body.name }, null, 2);
    expect((await post("spelling", text)).text).toBe(first.text);
  });

  it.each([
    ["body", () => ({ ...newChannel(), name: "another" }), {}],
    ["path", () => ({}), { path: "/v1/jobs/job_x/notification-rules" }],
  ])("with another %s is a conflict that says so", async (what, toBody, extra) => {
    const body = newChannel();
    await post(`conflict-${what}`, body);
    const other = what === "path" ? { channel_id: "chan_x", event: "on_failure" } : toBody();
    const answer = await post(`conflict-${what}`, other, extra);
    expect([answer.status, answer.body.error.code]).toEqual([409, "conflict"]);
    expect(answer.body.error.message).toContain(`"conflict-${what}"`);
    // The first one still stands.
    expect((await post(`conflict-${what}`, body)).status).toBe(201);
  });

  it("of two requests at once creates one thing and answers it twice", async () => {
    const body = newChannel();
    const answers = await Promise.all(Array.from({ length: 5 }, () => post("at-once", body)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    const fresh = answers.filter(({ headers }) => !headers["idempotent-replayed"]);
    expect(fresh).toHaveLength(1);
    expect(await countChannels(body.name)).toBe(1);
  });

  it("is free again after a request that failed", async () => {
    const body = newChannel();
    await post("taken", body);
    const failed = await post("failed", body);
    expect(failed.status).toBe(409);
    expect(failed.body.error.message).toContain(body.name);
    expect((await post("failed", { name: 5 })).status).toBe(400);
    expect((await post("failed", newChannel())).status).toBe(201);
  });

  it("means something new after 24 hours", async () => {
    const body = newChannel();
    const first = await post("aged", body);
    test.clock.advance(24 * 3_600_000 - 60_000);
    expect((await post("aged", body)).text).toBe(first.text);
    test.clock.advance(60_000);
    const other = await post("aged", newChannel());
    expect(other.status).toBe(201);
    expect(other.headers["idempotent-replayed"]).toBeUndefined();
    expect(other.body.id).not.toBe(first.body.id);
  });

  it("is another workspace's own", async () => {
    const stranger = await test.addTenant();
    const body = newChannel();
    const first = await post("shared", body);
    const theirs = await post("shared", body, { token: stranger.token });
    expect(theirs.status).toBe(201);
    expect(theirs.body.id).not.toBe(first.body.id);
  });

  it("keeps the status, too: 200 for a rule that stood, 202 for a run", async () => {
    const channel = await test.client.createChannel({
      body: { name: "for-rules", type: "webhook", config: { url: "https://example.com/x" } },
    });
    const job = await test.client.createJob({
      body: {
        name: "job",
        kind: "recurring",
        schedule: { every_n_minutes: 60 },
        request: { url: "https://example.com/run" },
      },
    });
    const rule = { channel_id: channel.id, event: "on_failure" };
    const rules = { path: `/v1/jobs/${job.id}/notification-rules` };
    expect((await post("rule-new", rule, rules)).status).toBe(201);
    expect((await post("rule-stands", rule, rules)).status).toBe(200);
    expect((await post("rule-stands", rule, rules)).status).toBe(200);
    expect((await post("rule-new", rule, rules)).status).toBe(201);
    const run = { path: `/v1/jobs/${job.id}/run-now` };
    const first = await post("run", undefined, run);
    expect(first.status).toBe(202);
    expect((await post("run", undefined, run)).body.id).toBe(first.body.id);
    const runs = await test.client.listJobExecutions({ params: { id: job.id } });
    expect(runs.items.map(({ id }) => id)).toEqual([first.body.id]);
  });
});

describe("a key on a person's own affair", () => {
  const ask = (path: string, token: string, body?: unknown) =>
    test.call({
      // One for each path, since a key means one of them.
      ...{ method: "POST", path, token, headers: { "idempotency-key": `own${path}` } },
      ...(body === undefined ? {} : { body }),
    });

  it("is that person's alone: another is not answered it, nor is it done for them", async () => {
    const [one, other] = [await test.addPerson("owner"), await test.addPerson("owner")];
    const made = await ask("/v1/workspaces", one.token, { name: "of one" });
    expect(made.status).toBe(201);
    expect((await ask("/v1/workspaces", other.token, { name: "of one" })).status).toBe(409);
    const again = await ask("/v1/workspaces", one.token, { name: "of one" });
    expect(again.text).toBe(made.text);
  });

  it("hands nobody the sign-in of another who switches workspaces", async () => {
    const [one, other] = [await test.addPerson("owner"), await test.addPerson("owner")];
    const { body } = await test.call({
      ...{ method: "POST", path: "/v1/workspaces", token: one.token, body: { name: "hers" } },
    });
    const target = { workspace_id: body.id };
    const switchBy = (token: string) => ask("/v1/auth/switch-workspace", token, target);
    expect((await switchBy(one.token)).status).toBe(200);
    const stolen = await switchBy(other.token);
    expect(stolen.status).toBe(409);
    expect(stolen.text).not.toContain("cron_ses_");
  });

  it("signs out each who asks for it", async () => {
    const [one, other] = [await test.addPerson("owner"), await test.addPerson("owner")];
    expect((await ask("/v1/auth/logout", one.token)).status).toBe(204);
    expect((await ask("/v1/auth/logout", other.token)).status).toBe(409);
    const left = await test.call({ path: "/v1/auth/me", token: other.token });
    expect(left.status).toBe(200);
  });
});

describe("the header", () => {
  it.each(["", " ", "two words", "ä", "x".repeat(256)])("is refused as %j", async (key) => {
    const answer = await post(key, newChannel());
    expect(answer.status).toBe(400);
    expect(answer.body.error.details).toEqual([
      { path: "Idempotency-Key", message: "must be 1 to 255 visible ASCII characters" },
    ]);
  });

  it("may be 255 characters long", async () => {
    expect((await post("x".repeat(255), newChannel())).status).toBe(201);
  });

  it("means nothing to methods that come to the same when they are repeated", async () => {
    const headers = { "idempotency-key": "two words" };
    expect((await test.call({ path, headers })).status).toBe(200);
    const { id } = (await post("for-methods", newChannel())).body;
    const body = { name: `changed-${id}` };
    const one = { path: `${path}/${id}`, headers };
    expect((await test.call({ ...one, method: "PATCH", body })).status).toBe(200);
    expect((await test.call({ ...one, method: "DELETE" })).status).toBe(204);
  });

  it("is refused by name where a POST does not obey it", async () => {
    const body = { kind: "cron", schedule: { cron: "0 2 * * *" } };
    const preview = { path: "/v1/schedules/preview" };
    const answer = await post("a-preview", body, preview);
    expect([answer.status, answer.body.error.code]).toEqual([400, "validation_failed"]);
    expect(answer.body.error.details).toEqual([
      { path: "Idempotency-Key", message: "must be left out: it is not obeyed here" },
    ]);
    expect((await test.call({ ...preview, body })).status).toBe(200);
  });
});

async function makeChannel(): Promise<string> {
  const { id } = await test.client.createChannel({
    body: {
      name: `acting-${count++}`,
      type: "webhook",
      config: { url: "https://example.com/hook", secret: "whsec_first" },
    },
  });
  return id;
}

describe("a key on a POST that acts on what is there", () => {
  it("rotates a secret once, and keeps no copy of it that can be read", async () => {
    const rotate = { path: `${path}/${await makeChannel()}/rotate-secret` };
    const first = await post("rotate", undefined, rotate);
    const again = await post("rotate", undefined, rotate);
    expect(first.body.secret).toMatch(/^whsec_/);
    expect(again.text).toBe(first.text);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    const [row] = await test.db.rows<{ kept: string }>(sql`
      select encode(sealed, 'base64') as kept from idempotency_keys where key = 'rotate'`);
    expect(row?.kept).not.toContain(first.body.secret);
    const bytes = Buffer.from(row?.kept ?? "", "base64");
    expect(bytes.length).toBeGreaterThan(first.text.length);
    expect(bytes.toString("latin1")).not.toContain("secret");
    const other = await post("rotate-2", undefined, rotate);
    expect(other.body.secret).not.toBe(first.body.secret);
  });

  it("pauses a job once: what happened to it since stays", async () => {
    const { id } = await test.client.createJob({
      body: {
        name: "paused",
        kind: "recurring",
        schedule: { every_n_minutes: 60 },
        request: { url: "https://example.com/run" },
      },
    });
    const pause = { path: `/v1/jobs/${id}/pause` };
    expect((await post("pause", undefined, pause)).body.state).toBe("paused");
    await test.client.resumeJob({ params: { id } });
    expect((await post("pause", undefined, pause)).body.state).toBe("paused");
    expect((await test.client.getJob({ params: { id } })).state).toBe("active");
  });

  it("retries in bulk once", async () => {
    const retry = { path: "/v1/notification-deliveries/retry" };
    const first = await post("bulk", { dry_run: false }, retry);
    expect(first.body).toEqual({ dry_run: false, count: 0 });
    const again = await post("bulk", { dry_run: false }, retry);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    expect((await post("bulk", { dry_run: true }, retry)).status).toBe(409);
  });
});

describe("a key on a test message, which no transaction waits for", () => {
  /** An API whose sender answers when it is told to. */
  async function createSlowApi() {
    const sends: { answer(): void; fail(): void }[] = [];
    const api = await createTestApi({
      services: {
        testSend: () =>
          new Promise((resolve, reject) => {
            const answer = () => resolve(exampleExchange);
            sends.push({ answer, fail: () => reject(new Error("the sender is broken")) });
          }),
      },
    });
    const { id } = (await api.call({ path, body: newChannel() })).body;
    const call = (key: string, extra = {}) =>
      api.call({
        ...{ method: "POST", path: `${path}/${id}/test`, ...extra },
        headers: { "idempotency-key": key },
      });
    const untilSending = (calls: number) =>
      expect.poll(() => sends.length, { timeout: 10_000 }).toBe(calls);
    return { api, sends, call, untilSending };
  }

  it("sends it once; a repeat meanwhile is a conflict, and later the same answer", async (on) => {
    const { api, sends, call, untilSending } = await createSlowApi();
    on.onTestFinished(() => api.close());
    const sending = call("test");
    await untilSending(1);
    const meanwhile = await call("test");
    expect(meanwhile.status).toBe(409);
    expect(meanwhile.body.error.message).toContain("still being answered");
    expect((await call("test", { body: { event: "on_success" } })).status).toBe(409);
    sends[0]?.answer();
    const first = await sending;
    expect(first.status).toBe(200);
    const again = await call("test");
    expect(again.text).toBe(first.text);
    expect(again.headers["idempotent-replayed"]).toBe("true");
    expect(sends).toHaveLength(1);
  });

  it("is free again after one that failed", async ({ onTestFinished }) => {
    const { api, sends, call, untilSending } = await createSlowApi();
    onTestFinished(() => api.close());
    const failing = call("test");
    await untilSending(1);
    sends[0]?.fail();
    expect((await failing).status).toBe(500);
    const next = call("test");
    await untilSending(2);
    sends[1]?.answer();
    expect((await next).status).toBe(200);
  });

  it("is free again two minutes after a process died over it", async ({ onTestFinished }) => {
    const { api, sends, call, untilSending } = await createSlowApi();
    onTestFinished(() => api.close());
    // As the process would be that never answers.
    const lost = call("test");
    await untilSending(1);
    api.clock.advance(110_000);
    expect((await call("test")).status).toBe(409);
    api.clock.advance(10_000);
    const next = call("test");
    await untilSending(2);
    for (const { answer } of sends) answer();
    expect((await next).status).toBe(200);
    await lost;
  });
});

it("keeps no fingerprint that a plain hash of the body would match", async () => {
  const body = newChannel();
  await post("fingerprint", body);
  const [row] = await test.db.rows<{ text: string; sealed: string }>(sql`
    select encode(fingerprint, 'hex') as text, sealed::text from idempotency_keys
    where key = 'fingerprint'`);
  const { services } = test;
  const canonical = { config: { secret: body.config.secret, url: body.config.url } };
  const text = JSON.stringify(["POST", path, { ...canonical, name: body.name, type: body.type }]);
  expect(row?.text).toBe(services.vault.fingerprint(text).toString("hex"));
  expect(row?.sealed).not.toContain("whsec_something");
});
