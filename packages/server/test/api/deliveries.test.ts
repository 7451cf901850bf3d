// Deliveries over the API: lists and filters, one with its tries, and sending again by hand.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { createTestApi, type TestApi } from "../support/api.ts";
import { createJobParams, hourly } from "../support/jobs.ts";
import { refusalOf } from "../support/refusal.ts";
import {
  type DeliveryRow,
  insertDeliveryRow,
  insertExecutionRow,
  rowsMadeAt,
} from "../support/rows.ts";
import { hearWake } from "../support/wakes.ts";

let api: TestApi;
let channels = 0;

beforeAll(async () => {
  api = await createTestApi();
});

afterAll(async () => {
  await api.close();
});

const plus = (milliseconds: number) => new Date(rowsMadeAt.getTime() + milliseconds);

async function addChannel(disabledReason?: string): Promise<string> {
  channels += 1;
  const config = { url: "https://api.example.com/hook" };
  const body = { name: `channel ${channels}`, type: "webhook", config } as const;
  const { id } = await api.client.createChannel({ body });
  if (disabledReason !== undefined) {
    await api.db.run(sql`
      update channels set disabled_at = now(), disabled_reason = ${disabledReason}
      where id = ${id}`);
  }
  return id;
}

const addJob = async (name = "told") => (await createJobParams(api, { ...hourly, name })).params.id;

/** Each of an execution of its own, unless the test names one. */
async function insert(row: Partial<DeliveryRow> & { jobId: string; channelId: string }) {
  const { workspaceId } = api;
  const run = { workspaceId, jobId: row.jobId, status: "failed", trigger: "manual" } as const;
  const executionId = row.executionId ?? (await insertExecutionRow(api.db, run));
  return insertDeliveryRow(api.db, { workspaceId, executionId, ...row });
}

async function insertOne(row: Partial<DeliveryRow> = {}) {
  const channelId = row.channelId ?? (await addChannel());
  const id = await insert({ ...row, jobId: await addJob(), channelId });
  return { params: { id }, channelId };
}

async function idsOf(query: object): Promise<string[]> {
  return (await api.client.listDeliveries({ query })).items.map(({ id }) => id);
}

const missing = "chan_00000000000000000000000000000000";

describe("listing deliveries", () => {
  it("filters by status, channel, job, event and time, alone and together", async () => {
    const [jobId, otherJob] = [await addJob(), await addJob()];
    const [channelId, otherChannel] = [await addChannel(), await addChannel()];
    const sent = await insert({ jobId, channelId, status: "sent", event: "on_completion" });
    const failed = await insert({ jobId, channelId, madeAt: plus(1_000) });
    const pending = await insert({
      jobId: otherJob,
      channelId,
      status: "pending",
      madeAt: plus(2_000),
    });
    const other = await insert({ jobId, channelId: otherChannel, madeAt: plus(3_000) });
    expect(await idsOf({ channel_id: channelId })).toEqual([pending, failed, sent]);
    expect(await idsOf({ job_id: jobId })).toEqual([other, failed, sent]);
    expect(await idsOf({ job_id: jobId, status: "failed" })).toEqual([other, failed]);
    expect(await idsOf({ job_id: jobId, event: "on_completion" })).toEqual([sent]);
    expect(await idsOf({ job_id: jobId, channel_id: otherChannel })).toEqual([other]);
    const from = plus(1_000).toISOString();
    const to = plus(3_000).toISOString();
    expect(await idsOf({ job_id: jobId, from })).toEqual([other, failed]);
    expect(await idsOf({ from, to })).toEqual([pending, failed]);
    expect(await idsOf({ from: to, to: from })).toEqual([]);
  });

  it("shows each under the name that its channel had, and its job has", async () => {
    const jobId = await addJob("before");
    const id = await insert({ jobId, channelId: missing });
    await api.client.updateJob({ params: { id: jobId }, body: { name: "after" } });
    const { items } = await api.client.listDeliveries({ query: { job_id: jobId } });
    expect(items).toEqual([
      {
        id,
        status: "failed",
        event: "on_failure",
        channel_id: missing,
        channel_name: "the channel",
        channel_type: "webhook",
        job_id: jobId,
        job_name: "after",
        execution_id: expect.stringMatching(/^exec_/),
        digest_id: null,
        attempt_count: 1,
        max_attempts: 10,
        next_attempt_at: null,
        reason: "as it was",
        created_at: rowsMadeAt.toISOString(),
        finished_at: rowsMadeAt.toISOString(),
      },
    ]);
  });

  it("pages newest first, without a gap or a repeat", async () => {
    const [jobId, channelId] = [await addJob(), await addChannel()];
    const made: string[] = [];
    for (let number = 0; number < 5; number += 1) {
      made.unshift(await insert({ jobId, channelId, madeAt: plus(number) }));
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { job_id: jobId, limit: 2, ...(cursor === undefined ? {} : { cursor }) };
      const page = await api.client.listDeliveries({ query });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(made);
  });

  it("lists those of one execution", async () => {
    const [jobId, channelId] = [await addJob(), await addChannel()];
    const executionId = await insertExecutionRow(api.db, { workspaceId: api.workspaceId, jobId });
    const row = { jobId, channelId, executionId };
    const first = await insert({ ...row, event: "on_success", status: "sent" });
    const second = await insert({ ...row, event: "on_completion", madeAt: plus(1) });
    await insert({ jobId, channelId });
    const params = { id: executionId };
    const list = async (query: object) => api.client.listExecutionNotifications({ params, query });
    const { items, next_cursor } = await list({ limit: 1 });
    expect(items.map(({ id }) => id)).toEqual([second]);
    const rest = await list({ cursor: next_cursor ?? undefined });
    expect(rest.items.map(({ id }) => id)).toEqual([first]);
  });

  it("shows nothing of another workspace, whatever the filter names", async () => {
    const stranger = await api.addTenant();
    const jobId = await addJob();
    const channelId = await addChannel();
    await insert({ jobId, channelId });
    for (const query of [{}, { job_id: jobId }, { channel_id: channelId }]) {
      expect((await stranger.client.listDeliveries({ query })).items).toEqual([]);
    }
  });

  it.each([
    [
      "a cursor of another list",
      { cursor: Buffer.from(`exec_${"0".repeat(32)}`).toString("base64url") },
      /^invalid_cursor/,
    ],
    ["an unknown status", { status: "delivered" }, /^validation_failed status: /],
    ["an unknown event", { event: "on_start" }, /^validation_failed event: /],
    ["a day that does not exist", { from: "2026-02-30T00:00:00Z" }, /^validation_failed from: /],
  ])("refuses %s", async (_, query, refusal) => {
    expect(await refusalOf(api.client.listDeliveries({ query: query as object }))).toMatch(refusal);
  });
});

describe("reading a delivery", () => {
  it("shows what is told, and every try with its exchange", async () => {
    const { params } = await insertOne({ status: "sent", attemptCount: 2 });
    const delivery = await api.client.getDelivery({ params });
    expect(delivery.payload).toMatchObject({
      type: "execution.failed",
      timestamp: rowsMadeAt.toISOString(),
      data: { event: "on_failure", execution: { id: delivery.execution_id } },
    });
    expect(delivery.attempts.map(({ number }) => number)).toEqual([1, 2]);
    expect(delivery.attempts[0]).toEqual({
      number: 1,
      started_at: rowsMadeAt.toISOString(),
      latency_ms: 12.5,
      verdict: "sent",
      reason: "it went so",
      request: { method: "POST", url: "https://api.example.com/hook", headers: {}, body: "{}" },
      response: { status_code: 503, headers: {}, body: "no", body_truncated: false },
      phases: { dns_ms: null, connect_ms: null, tls_ms: null, first_byte_ms: null, body_ms: null },
      error_class: null,
      error_message: null,
      next_attempt_at: null,
      next_attempt_reason: null,
    });
  });

  it("answers an unknown id and another workspace's id alike, on every route", async () => {
    const { client } = await api.addTenant();
    const { params } = await insertOne();
    for (const call of [
      (id: string) => client.getDelivery({ params: { id } }),
      (id: string) => client.retryDelivery({ params: { id } }),
    ]) {
      const unknown = await refusalOf(call("dlv_00000000000000000000000000000000"));
      expect(unknown).toBe(
        "not_found : There is no delivery with this id in this workspace, or no longer.",
      );
      expect(await refusalOf(call(params.id))).toBe(unknown);
      expect(await refusalOf(call("nonsense"))).toBe(unknown);
    }
    expect(await api.client.getDelivery({ params })).toMatchObject({ status: "failed" });
  });
});

describe("retrying a delivery", () => {
  it("makes a failed one pending and due now", async () => {
    const { params } = await insertOne({ attemptCount: 10 });
    const before = api.clock.now();
    const retried = await api.client.retryDelivery({ params });
    expect(retried).toMatchObject({
      id: params.id,
      status: "pending",
      reason: "Retried by hand.",
      attempt_count: 10,
      finished_at: null,
    });
    const dueMs = Date.parse(retried.next_attempt_at ?? "");
    expect(dueMs).toBeGreaterThan(before.getTime());
    expect(dueMs).toBeLessThan(api.clock.now().getTime());
  });

  it("makes a pending one due now", async () => {
    const dueAt = new Date(api.clock.now().getTime() + 3_600_000);
    const { params } = await insertOne({ status: "pending", dueAt });
    const retried = await api.client.retryDelivery({ params });
    expect(Date.parse(retried.next_attempt_at ?? "")).toBeLessThan(dueAt.getTime());
  });

  it("sends a sent one again only when asked to", async () => {
    const { params } = await insertOne({ status: "sent" });
    expect(await refusalOf(api.client.retryDelivery({ params }))).toMatch(
      /^conflict : .*sent already\. Give "resend": true/,
    );
    const retried = await api.client.retryDelivery({ params, body: { resend: true } });
    expect(retried).toMatchObject({ id: params.id, status: "pending", finished_at: null });
  });

  it.each([{}, { resend: true }])("refuses one that is being sent, with %j", async (body) => {
    const { params } = await insertOne({ status: "processing" });
    expect(await refusalOf(api.client.retryDelivery({ params, body }))).toMatch(
      /^conflict : The delivery is being sent at this moment/,
    );
  });

  it.each(["failed", "sent"] as const)("refuses a %s one whose channel is gone", async (status) => {
    const { params } = await insertOne({ status, channelId: missing });
    const call = api.client.retryDelivery({ params, body: { resend: true } });
    expect(await refusalOf(call)).toMatch(/^conflict : The channel "the channel" was deleted/);
  });

  it.each(["failed", "pending"] as const)(
    "refuses a %s one whose channel is disabled, and says what to do",
    async (status) => {
      const channelId = await addChannel("The receiver answered 410 Gone.");
      const { params } = await insertOne({ status, channelId });
      expect(await refusalOf(api.client.retryDelivery({ params }))).toBe(
        'conflict : The channel "the channel" is disabled: The receiver answered 410 Gone. ' +
          "Enable the channel first.",
      );
      await api.client.enableChannel({ params: { id: channelId } });
      expect(await api.client.retryDelivery({ params })).toMatchObject({ status: "pending" });
    },
  );

  it("wakes the sender", async () => {
    const { params } = await insertOne();
    await hearWake(api.db, "sender", () => api.client.retryDelivery({ params }));
    await hearWake(api.db, "sender", async () => {
      await insertOne();
      await api.client.retryDeliveries({ body: {} });
    });
  });

  it("is kept from those who may only read", async () => {
    const { params } = await insertOne();
    const token = await api.addToken("member");
    const path = `/v1/notification-deliveries/${params.id}/retry`;
    expect(await api.call({ method: "POST", path, token })).toMatchObject({ status: 403 });
  });
});

describe("retrying deliveries in bulk", () => {
  it("counts first when it is dry, and then restarts just those", async () => {
    const [jobId, channelId] = [await addJob(), await addChannel()];
    const early = await insert({ jobId, channelId });
    const late = await insert({ jobId, channelId, madeAt: plus(1_000) });
    const sent = await insert({ jobId, channelId, status: "sent" });
    const completion = await insert({ jobId, channelId, event: "on_completion" });
    const body = {
      job_id: jobId,
      channel_id: channelId,
      event: "on_failure",
      to: plus(1_000).toISOString(),
    } as const;
    const retry = (fields: object) => api.client.retryDeliveries({ body: { ...body, ...fields } });
    expect(await retry({ dry_run: true })).toEqual({ dry_run: true, count: 1 });
    expect(await idsOf({ job_id: jobId, status: "pending" })).toEqual([]);
    expect(await retry({})).toEqual({ dry_run: false, count: 1 });
    expect(await idsOf({ job_id: jobId, status: "pending" })).toEqual([early]);
    expect(await retry({})).toEqual({ dry_run: false, count: 0 });
    expect(await idsOf({ job_id: jobId, status: "failed" })).toEqual(
      [late, completion].sort().reverse(),
    );
    expect(await idsOf({ job_id: jobId, status: "sent" })).toEqual([sent]);
  });

  it("leaves those whose channel is gone or disabled", async () => {
    const jobId = await addJob();
    await insert({ jobId, channelId: missing });
    await insert({ jobId, channelId: await addChannel("It answered 410.") });
    const body = { job_id: jobId };
    expect(await api.client.retryDeliveries({ body: { ...body, dry_run: true } })).toMatchObject({
      count: 0,
    });
    expect(await api.client.retryDeliveries({ body })).toEqual({ dry_run: false, count: 0 });
  });

  it("touches nothing of another workspace", async () => {
    const stranger = await api.addTenant();
    const { params, channelId } = await insertOne();
    for (const body of [{}, { channel_id: channelId }]) {
      expect(await stranger.client.retryDeliveries({ body })).toMatchObject({ count: 0 });
    }
    expect(await api.client.getDelivery({ params })).toMatchObject({ status: "failed" });
  });

  it("refuses a filter that it does not know", async () => {
    const body = { status: "sent" } as object;
    expect(await refusalOf(api.client.retryDeliveries({ body }))).toMatch(
      /^validation_failed status: /,
    );
  });
});
