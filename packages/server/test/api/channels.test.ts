// Rules of channels: what may be stored, what is shown of it, what happens to what waits for it.
import { type Channel, channelTypeNames, channelTypes, hidden } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../src/id.ts";
import { findChannel, openChannel } from "../../src/store/channels.ts";
import { type Database, sql } from "../../src/store/db.ts";
import { wakeChannel } from "../../src/store/wake.ts";
import { createTestApi, type TestApi } from "../support/api.ts";

let test: TestApi;
beforeAll(async () => {
  test = await createTestApi({ allowNetworks: ["10.1.2.3/32"] });
});
afterAll(() => test.close());

const path = "/v1/notification-channels";
let count = 0;
const newName = () => `channel-${count++}`;

const url = "https://api.example.com/hooks/cron";
const slackUrl = "https://hooks.slack.com/services/T00/B00/xxxsecretxxx";
const slackMask = "https://hooks.slack.com/services/T00/…";

async function create(type: string, config: unknown, name = newName()): Promise<Channel> {
  const answer = await test.call({ path, body: { name, type, config } });
  expect(answer.text).toContain('"id"');
  expect(answer.status).toBe(201);
  return answer.body;
}

const patch = (id: string, body: unknown) =>
  test.call({ method: "PATCH", path: `${path}/${id}`, body });

/** The channel as the sender sees it. */
async function open(id: string) {
  const channel = await readSealed(test.db, id);
  return openChannel(test.services.vault, channel, test.clock.now());
}

async function readSealed(db: Database, id: string) {
  const [row] = await db.rows<{
    id: string;
    type: string;
    config: Record<string, unknown>;
    secrets: Buffer;
  }>(sql`select id, type, config, secrets from channels where id = ${id}`);
  if (!row) throw new Error(`no channel ${id}`);
  return row;
}

async function newExecution(status: "running" | "succeeded" | "failed" | "cancelled") {
  const { workspaceId, db, clock } = test;
  const [jobId, id] = [newId("job", clock.now()), newId("execution", clock.now())];
  const at = clock.now();
  const hasEnded = status !== "running";
  await db.run(sql`
    insert into jobs (id, workspace_id, name, kind, state, request, retry_policy)
    values (${jobId}, ${workspaceId}, 'past-job', 'one_time', 'completed', '{}', '{}')`);
  const attempts = status === "cancelled" ? 0 : 1;
  await db.run(sql`
    insert into executions (id, workspace_id, job_id, status, trigger, scheduled_for, due_at,
      started_at, finished_at, attempt_count, node_id)
    values (${id}, ${workspaceId}, ${jobId}, ${status}, 'creation', ${at},
      ${hasEnded ? null : at}, ${at}, ${hasEnded ? at : null}, ${attempts},
      ${hasEnded ? null : "node_1"})`);
  await db.run(sql`
    insert into attempts (execution_id, number, workspace_id, status, status_code, started_at,
      latency_ms, body_preview, error_class, error_message)
    select ${id}, 1, ${workspaceId}, 'HTTP_ERROR', 503, ${at}, 12.5, ${"o".repeat(5_000)},
      'status_not_successful', 'The target answered 503.'
    where ${attempts} = 1`);
  return { id, jobId };
}

async function newDelivery(channel: Channel, status: "pending" | "processing" | "sent" | "failed") {
  const { workspaceId, db, clock } = test;
  const execution = await newExecution("failed");
  const id = newId("delivery", clock.now());
  const at = clock.now();
  const hasEnded = status === "sent" || status === "failed";
  const dueAt = hasEnded ? null : new Date(at.getTime() + 3_600_000);
  const nodeId = status === "processing" ? "node_1" : null;
  const finishedAt = hasEnded ? at : null;
  const facts = (
    await test.db.rows<{ facts: unknown }>(
      sql`select jsonb_build_object('execution', jsonb_build_object('id', ${execution.id}::text))
        as facts`,
    )
  )[0]?.facts;
  await db.run(sql`
    insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
      destination_id, job_id, execution_id, event, facts, status, due_at, attempt_count, node_id,
      finished_at, reason)
    values (${id}, ${workspaceId}, ${channel.id}, ${channel.name}, ${channel.type},
      (select destination_id from channels where id = ${channel.id}),
      ${execution.jobId}, ${execution.id}, 'on_failure', ${JSON.stringify(facts)}, ${status},
      ${dueAt}, 1, ${nodeId}, ${finishedAt}, 'because')`);
  return id;
}

async function readDelivery(id: string) {
  const [row] = await test.db.rows<{
    status: string;
    due_at: Date | null;
    node_id: string | null;
    reason: string | null;
    finished_at: Date | null;
  }>(sql`select status, due_at, node_id, reason, finished_at from deliveries where id = ${id}`);
  return row;
}

describe("creating", () => {
  it.each(channelTypeNames)(
    "takes the example of %s and shows no credential of it",
    async (type) => {
      const definition = channelTypes[type];
      const channel = await create(type, definition.example);
      expect(channel).toMatchObject({ type, disabled_at: null, disabled_reason: null });
      const listed = await test.client.listChannels({ query: { name: channel.name } });
      expect(listed.items).toEqual([channel]);
      const whole = (await open(channel.id)).config;
      for (const key of definition.secrets) {
        expect(JSON.stringify(channel)).not.toContain(JSON.stringify(whole[key]));
      }
      // What was stored is taken again as it is.
      expect(definition.config.parse(whole)).toEqual(whole);
    },
  );

  it("takes the examples of the guide as they stand", async () => {
    const secret = "whsec_your_signing_secret";
    const webhook = await create("webhook", { url, secret }, "ops-webhook");
    expect(webhook.config).toEqual({ url, secret: hidden });
    const slack = await create("slack", { url: slackUrl }, "slack-alerts");
    expect(slack.config).toEqual({ url: slackMask, include_output: false });
    const email = await create("email", { email: "team@example.com" }, "team-email");
    expect(email.config).toEqual({ email: ["team@example.com"] });
  });

  it("keeps credentials out of every column in the open", async () => {
    const headers = { Authorization: "Bearer hunter2-token" };
    const webhook = await create("webhook", { url, secret: "hunter2-secret", headers });
    const slack = await create("slack", { webhook_url: `${slackUrl}hunter2` });
    const rows = await test.db.rows<{ text: string }>(sql`select c::text as text from channels c`);
    expect(JSON.stringify(rows)).not.toContain("hunter2");
    expect(webhook.config.headers).toEqual({ Authorization: hidden });
    expect((await open(webhook.id)).config).toEqual({ url, secret: "hunter2-secret", headers });
    expect((await open(slack.id)).config.url).toBe(`${slackUrl}hunter2`);
    // Sealed to its row: another row's credentials do not open in it.
    const [a, b] = [await readSealed(test.db, webhook.id), await readSealed(test.db, slack.id)];
    expect(() =>
      openChannel(test.services.vault, { ...a, secrets: b.secrets }, new Date()),
    ).toThrow(/do not open/);
  });

  it("refuses a name that is taken and names who has it", async () => {
    const first = await create("webhook", { url });
    const body = { name: first.name, type: "webhook", config: { url } };
    const answer = await test.call({ path, body });
    expect([answer.status, answer.body.error.code]).toEqual([409, "conflict"]);
    expect(answer.body.error.message).toBe(
      `The name "${first.name}" is taken by the channel ${first.id}.`,
    );
  });

  it("gives one of several channels of one name made at once the name", async () => {
    const body = { name: newName(), type: "webhook", config: { url } };
    const answers = await Promise.all(Array.from({ length: 5 }, () => test.call({ path, body })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
  });

  it.each([
    ["webhook", { url: "http://127.0.0.1/x" }],
    ["webhook", { url: "http://[::ffff:10.0.0.1]/" }],
    ["webhook", { url: "http://localhost:5432/" }],
    ["webhook", { url: "https://user:password@example.com/" }],
    ["slack", { url: "http://169.254.169.254/latest" }],
    ["slack", { webhook_url: "http://10.0.0.1/x" }],
    ["discord", { webhook_url: "http://192.168.1.1/api/webhooks/1/x" }],
  ])("refuses an address that the guard refuses: %s %j", async (type, config) => {
    const answer = await test.call({ path, body: { name: newName(), type, config } });
    expect([answer.status, answer.body.error.code]).toEqual([422, "target_not_allowed"]);
    const { message, details } = answer.body.error;
    expect(details).toEqual([{ path: "config.url", message }]);
    expect(answer.text).not.toContain("password@");
  });

  it("takes what the operator opened", async () => {
    await create("webhook", { url: "http://10.1.2.3:8080/hook" });
  });

  it.each([
    ["webhook", {}, { "config.url": "is required" }],
    [
      "webhook",
      { url: "nowhere" },
      { "config.url": "must be a whole http:// or https:// address" },
    ],
    [
      "webhook",
      { url, secrt: "x" },
      { "config.secrt": "is not a field here; fields are: url, secret, headers" },
    ],
    [
      "slack",
      { url: slackUrl, webhook_url: slackUrl },
      { "config.webhook_url": "is another name for `url`: give only one of the two" },
    ],
    ["email", { email: "nobody" }, { "config.email.0": expect.stringContaining("e-mail address") }],
    ["email", { email: 5 }, { "config.email": expect.stringContaining("e-mail address") }],
    ["slack", { url: slackMask }, { "config.url": expect.stringContaining("how a credential is") }],
    ["webhook", { url, secret: hidden }, { "config.secret": expect.stringContaining("shown") }],
  ])("says by its path what is wrong: %s %j", async (type, config, faults) => {
    const answer = await test.call({ path, body: { name: newName(), type, config } });
    expect(answer.status).toBe(400);
    const details: { path: string; message: string }[] = answer.body.error.details;
    expect(Object.fromEntries(details.map(({ path, message }) => [path, message]))).toEqual(faults);
  });
});

describe("listing", () => {
  it("shows the newest first, page by page, each once", async () => {
    const made: string[] = [];
    for (let index = 0; index < 5; index++) made.unshift((await create("webhook", { url })).id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { limit: 2, ...(cursor === undefined ? {} : { cursor }) };
      const page = await test.client.listChannels({ query });
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen.slice(0, 5)).toEqual(made);
    expect(new Set(seen).size).toBe(seen.length);
    const all = await test.db.rows(sql`select id from channels`);
    expect(seen).toHaveLength(all.length);
  });

  it("filters by type and by the whole name", async () => {
    const slack = await create("slack", { url: slackUrl });
    const byType = await test.client.listChannels({ query: { type: "slack", limit: 100 } });
    expect(byType.items.every(({ type }) => type === "slack")).toBe(true);
    expect(byType.items[0]?.id).toBe(slack.id);
    const byName = await test.client.listChannels({ query: { name: slack.name } });
    expect(byName.items.map(({ id }) => id)).toEqual([slack.id]);
    expect((await test.client.listChannels({ query: { name: "channel" } })).items).toEqual([]);
  });
});

describe("changing", () => {
  it("merges field by field, and null takes a field away", async () => {
    const { id, name } = await create("webhook", { url, secret: "one", headers: { A: "1" } });
    const other = "https://example.com/other";
    const moved = await patch(id, { config: { url: other } });
    expect(moved.status).toBe(200);
    expect(moved.body).toMatchObject({ name, config: { url: other, secret: hidden } });
    expect((await open(id)).config).toEqual({ url: other, secret: "one", headers: { A: "1" } });
    await patch(id, { config: { headers: null } });
    expect((await open(id)).config).toEqual({ url: other, secret: "one" });
    expect((await open(id)).signingSecrets).toEqual(["one"]);
    await patch(id, { config: { secret: null } });
    expect((await open(id)).config).toEqual({ url: other });
    expect((await open(id)).signingSecrets).toEqual([]);
  });

  it("keeps a credential that comes back as it was shown", async () => {
    const headers = { Authorization: "Bearer one", "X-Team": "ops" };
    const webhook = await create("webhook", { url, secret: "one", headers });
    // The whole answer sent back, as a form does it, with one header added.
    const config = { ...webhook.config, headers: { ...headersOf(webhook), "X-New": "2" } };
    const answer = await patch(webhook.id, { name: newName(), config });
    expect(answer.status).toBe(200);
    expect((await open(webhook.id)).config).toEqual({
      url,
      secret: "one",
      headers: { ...headers, "X-New": "2" },
    });
    const slack = await create("slack", { url: slackUrl });
    await patch(slack.id, { config: { url: slackMask, mention_text: "@here" } });
    expect((await open(slack.id)).config).toMatchObject({ url: slackUrl, mention_text: "@here" });
  });

  it("refuses the picture of a credential that is not this channel's", async () => {
    const slack = await create("slack", { url: slackUrl });
    const others = "https://hooks.slack.com/services/T99/…";
    const answer = await patch(slack.id, { config: { url: others } });
    expect(answer.body.error.details).toEqual([
      { path: "config.url", message: expect.stringContaining("how a credential is shown") },
    ]);
    const webhook = await create("webhook", { url });
    expect((await patch(webhook.id, { config: { secret: hidden } })).status).toBe(400);
    const answered = await patch(webhook.id, { config: { headers: { A: hidden } } });
    expect(answered.status).toBe(400);
  });

  it("knows a field by its other name", async () => {
    const slack = await create("slack", { url: slackUrl });
    const other = `${slackUrl}2`;
    expect((await patch(slack.id, { config: { webhook_url: other } })).status).toBe(200);
    expect((await open(slack.id)).config.url).toBe(other);
    const both = await patch(slack.id, { config: { webhook_url: other, url: other } });
    expect(both.body.error.details[0].path).toBe("config.webhook_url");
  });

  it.each([
    [{}, { "": "must name at least one field to change" }],
    [{ type: "slack" }, { type: "is not a field here; fields are: name, config, pace, retry" }],
    [{ config: { url: null } }, { "config.url": "is required" }],
    [{ config: { url: "x" } }, { "config.url": "must be a whole http:// or https:// address" }],
    [
      { config: { nope: null, more: 1 } },
      {
        "config.nope": "is not a field here; fields are: url, secret, headers",
        "config.more": "is not a field here; fields are: url, secret, headers",
      },
    ],
    [
      { config: { headers: { "bad name": "x" } } },
      { "config.headers.bad name": "is not a header name" },
    ],
    [{ config: null }, { config: "must be an object, not null" }],
    [{ name: null }, { name: "must be a string, not null" }],
  ])("changes nothing when anything is wrong: %j", async (body, faults) => {
    const webhook = await create("webhook", { url, secret: "one" });
    const answer = await patch(webhook.id, body);
    expect(answer.status).toBe(400);
    const details: { path: string; message: string }[] = answer.body.error.details;
    expect(Object.fromEntries(details.map(({ path, message }) => [path, message]))).toEqual(faults);
    expect((await test.client.getChannel({ params: { id: webhook.id } })).updated_at).toBe(
      webhook.updated_at,
    );
  });

  it("asks the guard about the new address, and not about one that stays", async () => {
    const webhook = await create("webhook", { url });
    const answer = await patch(webhook.id, { config: { url: "http://127.0.0.1/" } });
    expect([answer.status, answer.body.error.code]).toEqual([422, "target_not_allowed"]);
    // An operator has closed a network since: the name may still be changed.
    await test.db.run(sql`
      update channels set config = '{"url": "http://127.0.0.1/"}' where id = ${webhook.id}`);
    expect((await patch(webhook.id, { name: newName() })).status).toBe(200);
  });

  it("refuses a name that is taken, and takes its own again", async () => {
    const [a, b] = [await create("webhook", { url }), await create("webhook", { url })];
    const answer = await patch(b.id, { name: a.name });
    expect(answer.body.error).toMatchObject({
      code: "conflict",
      message: `The name "${a.name}" is taken by the channel ${a.id}.`,
    });
    expect((await patch(b.id, { name: b.name })).status).toBe(200);
  });

  it("loses neither of two changes at once", async () => {
    const webhook = await create("webhook", { url });
    await Promise.all([
      patch(webhook.id, { config: { secret: "one" } }),
      patch(webhook.id, { config: { headers: { A: "1" } } }),
      patch(webhook.id, { config: { url: `${url}2` } }),
    ]);
    expect((await open(webhook.id)).config).toEqual({
      url: `${url}2`,
      secret: "one",
      headers: { A: "1" },
    });
  });

  function headersOf(channel: Channel): Record<string, unknown> {
    const { headers } = channel.config;
    return typeof headers === "object" && headers !== null ? { ...headers } : {};
  }
});

describe("rotating the signing secret", () => {
  const rotate = (id: string, body?: unknown) =>
    test.call({ method: "POST", path: `${path}/${id}/rotate-secret`, body });
  const day = 24 * 3_600_000;

  it("answers a new one, and lets the old one sign for 24 hours", async () => {
    const { id } = await create("webhook", { url, secret: "one" });
    const answer = await rotate(id);
    expect(answer.status).toBe(200);
    const { secret, previous_secret_expires_at } = answer.body;
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const endsAt = Date.parse(previous_secret_expires_at);
    expect(Math.abs(endsAt - test.clock.now().getTime() - day)).toBeLessThan(10_000);
    expect((await open(id)).signingSecrets).toEqual([secret, "one"]);
    test.clock.advance(day);
    expect((await open(id)).signingSecrets).toEqual([secret]);
  });

  it("takes a secret of the client's own", async () => {
    const { id } = await create("webhook", { url, secret: "one" });
    expect((await rotate(id, { secret: "two" })).body.secret).toBe("two");
    expect((await open(id)).signingSecrets).toEqual(["two", "one"]);
    for (const secret of ["two", "", "x".repeat(501), hidden, 5]) {
      const answer = await rotate(id, { secret });
      expect(answer.status).toBe(secret === "two" ? 422 : 400);
      if (answer.status === 400) expect(answer.body.error.details[0].path).toBe("secret");
    }
    expect((await open(id)).signingSecrets).toEqual(["two", "one"]);
  });

  it("keeps the last three that are still valid, newest first", async () => {
    const { id } = await create("webhook", { url, secret: "s0" });
    for (const secret of ["s1", "s2", "s3", "s4"]) await rotate(id, { secret });
    expect((await open(id)).signingSecrets).toEqual(["s4", "s3", "s2", "s1"]);
    test.clock.advance(day);
    await rotate(id, { secret: "s5" });
    expect((await open(id)).signingSecrets).toEqual(["s5", "s4"]);
    // Back to one that was replaced: it signs once, not twice.
    await rotate(id, { secret: "s4" });
    expect((await open(id)).signingSecrets).toEqual(["s4", "s5"]);
  });

  it("gives a channel without a secret its first one", async () => {
    const { id } = await create("webhook", { url });
    const { body } = await rotate(id);
    expect(body.previous_secret_expires_at).toBeNull();
    expect((await open(id)).signingSecrets).toEqual([body.secret]);
  });

  it("is forgotten when the secret is changed or taken away by hand", async () => {
    const { id } = await create("webhook", { url, secret: "one" });
    await rotate(id, { secret: "two" });
    await patch(id, { config: { url: `${url}2` } });
    expect((await open(id)).signingSecrets).toEqual(["two", "one"]);
    await patch(id, { config: { secret: "three" } });
    expect((await open(id)).signingSecrets).toEqual(["three"]);
  });

  it("is refused by types that sign nothing", async () => {
    const { id } = await create("slack", { url: slackUrl });
    const answer = await rotate(id);
    expect([answer.status, answer.body.error.code]).toEqual([422, "unprocessable"]);
  });
});

describe("deleting", () => {
  it("takes its rules along and ends what was not sent, with the reason", async () => {
    const channel = await create("webhook", { url });
    const other = await create("webhook", { url });
    const ids = {
      pending: await newDelivery(channel, "pending"),
      processing: await newDelivery(channel, "processing"),
      sent: await newDelivery(channel, "sent"),
      failed: await newDelivery(channel, "failed"),
      other: await newDelivery(other, "pending"),
    };
    const { jobId } = await newExecution("failed");
    await test.client.addRule({
      params: { id: jobId },
      body: { channel_id: channel.id, event: "on_failure" },
    });
    await test.client.deleteChannel({ params: { id: channel.id } });
    const ended = { status: "failed", due_at: null, node_id: null, finished_at: expect.any(Date) };
    expect(await readDelivery(ids.pending)).toEqual({
      ...ended,
      reason: "The channel was deleted before this could be sent.",
    });
    expect(await readDelivery(ids.processing)).toEqual({
      ...ended,
      reason: "The channel was deleted while this was being sent; it may have arrived.",
    });
    for (const id of [ids.sent, ids.failed]) {
      expect(await readDelivery(id)).toMatchObject({ reason: "because" });
    }
    expect(await readDelivery(ids.other)).toMatchObject({ status: "pending", reason: "because" });
    expect((await test.client.listRules({ params: { id: jobId } })).items).toEqual([]);
    const again = await test.call({ method: "DELETE", path: `${path}/${channel.id}` });
    expect(again.status).toBe(404);
    await create("webhook", { url }, channel.name);
  });
});

describe("enabling", () => {
  const enable = (id: string) => test.client.enableChannel({ params: { id } });

  it("makes what waits due now and wakes the sender", async () => {
    const channel = await create("webhook", { url });
    const other = await create("webhook", { url });
    await test.db.run(sql`
      update channels set disabled_at = now(), disabled_reason = 'The receiver answered 410.'
      where id in (${channel.id}, ${other.id})`);
    const waiting = await newDelivery(channel, "pending");
    const elsewhere = await newDelivery(other, "pending");
    const shown = await test.client.getChannel({ params: { id: channel.id } });
    expect(shown.disabled_reason).toBe("The receiver answered 410.");
    const woken: string[] = [];
    const listening = await test.db.listen(wakeChannel, (payload) => woken.push(payload));
    const enabled = await enable(channel.id);
    expect(enabled).toMatchObject({ disabled_at: null, disabled_reason: null });
    const delivery = await readDelivery(waiting);
    expect(delivery?.due_at?.getTime()).toBeLessThanOrEqual(test.clock.now().getTime());
    expect(delivery?.reason).toBe("The channel was enabled again.");
    expect((await readDelivery(elsewhere))?.reason).toBe("because");
    await expect.poll(() => woken).toEqual(["sender"]);
    await listening.stop();
  });

  it("changes nothing on a channel that is not disabled", async () => {
    const channel = await create("webhook", { url });
    const waiting = await newDelivery(channel, "pending");
    expect(await enable(channel.id)).toEqual({ ...channel, waited: 0 });
    expect((await readDelivery(waiting))?.reason).toBe("because");
  });
});

describe("testing", () => {
  const send = (id: string, body?: unknown) =>
    test.call({ method: "POST", path: `${path}/${id}/test`, body });
  const last = () => {
    const message = test.tests.at(-1);
    if (!message) throw new Error("nothing was sent");
    return message;
  };

  it("sends a made-up message when no execution is named, and answers the exchange", async () => {
    const { id } = await create("webhook", { url });
    const answer = await send(id);
    expect(answer.status).toBe(200);
    expect(answer.body.verdict).toBe("sent");
    const { workspaceId } = test;
    expect(last()).toMatchObject({ workspaceId, channelId: id, event: "on_failure" });
    expect(last().facts.execution).toMatchObject({ status: "failed", attempts: 3 });
    for (const event of ["on_success", "on_completion"] as const) {
      await send(id, { event });
      expect(last().event).toBe(event);
      expect(last().facts.execution.status).toBe("succeeded");
      expect(last().facts.url).toMatch(/^https:\/\/cron\.example\.com\/executions\/exec_0+$/);
    }
  });

  it("tells a past execution as it went", async () => {
    const { id } = await create("webhook", { url });
    const failed = await newExecution("failed");
    await send(id, { execution_id: failed.id });
    expect(last()).toMatchObject({
      event: "on_failure",
      facts: {
        job: { id: failed.jobId, name: "past-job", kind: "one_time" },
        execution: { id: failed.id, status: "failed", trigger: "creation", attempts: 1 },
        last_attempt: { number: 1, status: "HTTP_ERROR", status_code: 503, latency_ms: 12.5 },
        url: `https://cron.example.com/executions/${failed.id}`,
      },
    });
    expect(last().output).toHaveLength(2_000);
    await send(id, { execution_id: failed.id, event: "on_completion" });
    expect(last().event).toBe("on_completion");
    // What did not happen is not told.
    await send(id, { execution_id: failed.id, event: "on_success" });
    expect(last().event).toBe("on_failure");
    const cancelled = await newExecution("cancelled");
    await send(id, { execution_id: cancelled.id });
    expect(last()).toMatchObject({ event: "on_completion", output: null });
    expect(last().facts.last_attempt).toBeNull();
  });

  it("refuses an execution that has not ended, is unknown or is somebody else's", async () => {
    const { id } = await create("webhook", { url });
    const before = test.tests.length;
    const running = await newExecution("running");
    const early = await send(id, { execution_id: running.id });
    expect([early.status, early.body.error.code]).toEqual([422, "unprocessable"]);
    const failed = await newExecution("failed");
    const stranger = await test.addTenant();
    await test.db.run(
      sql`update executions set workspace_id = ${stranger.workspaceId} where id = ${failed.id}`,
    );
    for (const execution_id of ["exec_x", failed.id]) {
      const answer = await send(id, { execution_id });
      expect(answer.body.error.details).toEqual([
        { path: "execution_id", message: "is not an execution of this workspace" },
      ]);
    }
    expect(test.tests).toHaveLength(before);
  });

  it("keeps no transaction open while the receiver thinks", async () => {
    const { id } = await create("webhook", { url });
    let idle: number | undefined;
    Object.assign(test.services, {
      testSend: async (message: Parameters<TestApi["services"]["testSend"]>[0]) => {
        const rows = await test.db.rows(sql`
          select pid from pg_stat_activity
          where datname = current_database() and state like 'idle in transaction%'`);
        idle = rows.length;
        return before(message);
      },
    });
    expect((await send(id)).status).toBe(200);
    expect(idle).toBe(0);
    Object.assign(test.services, { testSend: before });
  });
  let before: TestApi["services"]["testSend"];
  beforeAll(() => {
    before = test.services.testSend;
  });
});

describe("another workspace", () => {
  it("finds nothing of it, by any way", async () => {
    const channel = await create("webhook", { url, secret: "one" });
    const waiting = await newDelivery(channel, "pending");
    const stranger = await test.addTenant();
    const at = `${path}/${channel.id}`;
    for (const call of [
      { path: at },
      { method: "PATCH", path: at, body: { name: "mine" } },
      { method: "DELETE", path: at },
      { method: "POST", path: `${at}/test` },
      { method: "POST", path: `${at}/rotate-secret` },
      { method: "POST", path: `${at}/enable` },
    ] as const) {
      const answer = await test.call({ ...call, token: stranger.token });
      expect([answer.status, answer.body.error.code], call.path).toEqual([404, "not_found"]);
    }
    expect((await stranger.client.listChannels()).items).toEqual([]);
    expect(await test.client.getChannel({ params: { id: channel.id } })).toEqual(channel);
    expect((await readDelivery(waiting))?.status).toBe("pending");
    // Names are each workspace's own.
    const body = { name: channel.name, type: "webhook" as const, config: { url } };
    expect((await stranger.client.createChannel({ body })).id).not.toBe(channel.id);
    const found = await findChannel(test.db, test.services.vault, stranger.workspaceId, channel.id);
    expect(found).toBeUndefined();
  });
});
