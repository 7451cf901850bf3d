// Executions over the API: lists and filters, attempts, replay and cancel.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { createTestApi, type TestApi } from "../support/api.ts";
import {
  createJobParams,
  hourly,
  type JobParams,
  listExecutionsOf,
  oneTime,
} from "../support/jobs.ts";
import { refusalOf } from "../support/refusal.ts";
import { type ExecutionRow, insertExecutionRow } from "../support/rows.ts";
import { hearWake } from "../support/wakes.ts";

let api: TestApi;

beforeAll(async () => {
  api = await createTestApi();
});

afterAll(async () => {
  await api.close();
});

const at = (text: string) => new Date(`2026-11-${text}Z`);

async function insert(job: JobParams, row: Partial<ExecutionRow> = {}): Promise<string> {
  const { workspaceId } = api;
  return insertExecutionRow(api.db, { workspaceId, jobId: job.params.id, ...row });
}

async function idsOf(query: object): Promise<string[]> {
  return (await api.client.listExecutions({ query })).items.map(({ id }) => id);
}

describe("listing executions", () => {
  it("filters by status, job, name and time, alone and together", async () => {
    const job = await createJobParams(api, { ...hourly, name: "filtered" });
    const other = await createJobParams(api, { ...hourly, name: "other" });
    const first = await insert(job, { scheduledFor: at("01T10:00:00"), status: "failed" });
    const second = await insert(job, { scheduledFor: at("02T10:00:00") });
    const third = await insert(job, { scheduledFor: at("03T10:00:00"), status: "failed" });
    const foreign = await insert(other, { scheduledFor: at("02T11:00:00"), status: "failed" });
    const job_id = job.params.id;
    expect(await idsOf({ job_id })).toEqual([third, second, first]);
    expect(await idsOf({ job_id, status: "failed" })).toEqual([third, first]);
    expect(await idsOf({ job_name: "filtered", status: "succeeded" })).toEqual([second]);
    const from = "2026-11-02T10:00:00Z";
    const to = "2026-11-03T10:00:00.000Z";
    expect(await idsOf({ from, to })).toEqual([foreign, second]);
    expect(await idsOf({ from, to, status: "failed" })).toEqual([foreign]);
    expect(await idsOf({ job_name: "filtered", from })).toEqual([third, second]);
    expect(await idsOf({ job_name: "filter" })).toEqual([]);
  });

  it("shows what came of each", async () => {
    const job = await createJobParams(api, { ...hourly, name: "shown" });
    const scheduledFor = at("05T10:00:00");
    await insert(job, { scheduledFor, status: "failed" });
    await insert(job, { scheduledFor: at("05T11:00:00"), status: "running" });
    const [running, failed] = await listExecutionsOf(api, job);
    expect(failed).toMatchObject({
      job_id: job.params.id,
      job_name: "shown",
      status: "failed",
      trigger: "schedule",
      scheduled_for: "2026-11-05T10:00:00.000Z",
      started_at: "2026-11-05T10:00:00.000Z",
      finished_at: "2026-11-05T10:00:01.500Z",
      duration_ms: 1_500,
      attempt_count: 1,
      next_attempt_at: null,
      replay_of: null,
    });
    expect(running).toMatchObject({ finished_at: null, duration_ms: null });
  });

  it("tells the next attempt of one that waits, and none while it is being made", async () => {
    const job = await createJobParams(api, hourly);
    const dueAt = at("05T10:05:00");
    const id = await insert(job, { scheduledFor: at("05T10:00:00"), status: "running", dueAt });
    const read = () => api.client.getExecution({ params: { id } });
    expect(await read()).toMatchObject({ next_attempt_at: dueAt.toISOString() });
    await api.db.run(sql`update executions set node_id = 'node_x' where id = ${id}`);
    expect(await read()).toMatchObject({ next_attempt_at: null });
  });

  it("pages newest first, without a gap or a repeat, under any filter", async () => {
    const job = await createJobParams(api, { ...hourly, name: "paged" });
    const made: string[] = [];
    for (let day = 10; day < 17; day += 1) {
      made.unshift(await insert(job, { scheduledFor: at(`${day}T00:00:00`) }));
    }
    for (const filter of [
      { job_name: "paged" },
      { from: "2026-11-10T00:00:00Z", to: "2026-11-17T00:00:00Z" },
    ]) {
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const query = { ...filter, limit: 3, ...(cursor === undefined ? {} : { cursor }) };
        const page = await api.client.listExecutions({ query });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual(made);
    }
  });

  it("shows nothing of another workspace, whatever the filter names", async () => {
    const stranger = await api.addTenant();
    const job = await createJobParams(api, { ...hourly, name: "mine" });
    await insert(job);
    for (const query of [{}, { job_id: job.params.id }, { job_name: "mine" }]) {
      expect((await stranger.client.listExecutions({ query })).items).toEqual([]);
    }
  });

  it.each([
    [
      "a cursor of another list",
      { cursor: Buffer.from(`job_${"0".repeat(32)}`).toString("base64url") },
      /^invalid_cursor/,
    ],
    ["a cursor of nowhere", { cursor: "%%%" }, /^invalid_cursor/],
    ["an unknown status", { status: "done" }, /^validation_failed status: /],
    ["a time without a zone", { from: "2026-11-01T00:00:00" }, /^validation_failed from: /],
    ["an impossible day", { to: "2026-11-31T00:00:00Z" }, /^validation_failed to: /],
    ["a limit out of bounds", { limit: 101 }, /^validation_failed limit: /],
    ["an unknown filter", { state: "failed" }, /^validation_failed state: /],
  ])("refuses %s", async (_, query, refusal) => {
    expect(await refusalOf(api.client.listExecutions({ query: query as object }))).toMatch(refusal);
  });

  it.each(["0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])(
    "takes %s, the end of the calendar, as a time like any other",
    async (instant) => {
      const query = { from: instant, to: instant };
      expect((await api.client.listExecutions({ query })).items).toEqual([]);
    },
  );
});

describe("reading an execution", () => {
  it("shows its attempts in order, with phases", async () => {
    const job = await createJobParams(api, hourly);
    const id = await insert(job, { scheduledFor: at("06T10:00:00"), status: "failed" });
    const { attempts } = await api.client.getExecution({ params: { id } });
    expect(attempts).toEqual([
      {
        number: 1,
        status: "HTTP_ERROR",
        status_code: 503,
        latency_ms: 1_500,
        body_preview: "the body",
        body_truncated: false,
        response_headers: { date: "today" },
        error_class: "http_status",
        error_message: "answered 503",
        started_at: "2026-11-06T10:00:00.000Z",
        phases: {
          dns_ms: null,
          connect_ms: null,
          tls_ms: null,
          first_byte_ms: 1_400,
          body_ms: null,
        },
      },
    ]);
  });

  it("answers an unknown id and another workspace's id alike, on every route", async () => {
    const stranger = await api.addTenant();
    const foreign = await insert(await createJobParams(api, hourly));
    const { client } = stranger;
    for (const call of [
      (id: string) => client.getExecution({ params: { id } }),
      (id: string) => client.replayExecution({ params: { id } }),
      (id: string) => client.cancelExecution({ params: { id } }),
      (id: string) => client.listExecutionNotifications({ params: { id } }),
    ]) {
      const unknown = await refusalOf(call("exec_00000000000000000000000000000000"));
      expect(unknown).toBe(
        "not_found : There is no execution with this id in this workspace, or no longer.",
      );
      expect(await refusalOf(call(foreign))).toBe(unknown);
      expect(await refusalOf(call("nonsense"))).toBe(unknown);
    }
  });
});

describe("replaying an execution", () => {
  it.each(["succeeded", "failed", "cancelled"] as const)(
    "queues one that %s again",
    async (status) => {
      const job = await createJobParams(api, hourly);
      const id = await insert(job, { status });
      const replay = await api.client.replayExecution({ params: { id } });
      expect(replay).toMatchObject({
        job_id: job.params.id,
        status: "queued",
        trigger: "replay",
        replay_of: id,
        attempt_count: 0,
        next_attempt_at: replay.scheduled_for,
      });
      expect(replay.id).not.toBe(id);
    },
  );

  it.each(["queued", "running"] as const)("refuses one that is %s", async (status) => {
    const id = await insert(await createJobParams(api, hourly), { status });
    expect(await refusalOf(api.client.replayExecution({ params: { id } }))).toMatch(
      new RegExp(`^unprocessable : The execution is ${status}: only one that has ended`),
    );
  });

  it("refuses when the job was deleted", async () => {
    const job = await createJobParams(api, { ...hourly, name: "gone" });
    const id = await insert(job);
    await api.client.deleteJob(job);
    expect(await refusalOf(api.client.replayExecution({ params: { id } }))).toMatch(
      /^unprocessable : The job "gone" was deleted/,
    );
  });

  it("wakes the runner", async () => {
    const id = await insert(await createJobParams(api, hourly));
    await hearWake(api.db, "runner", () => api.client.replayExecution({ params: { id } }));
  });

  it("replays once for one Idempotency-Key", async () => {
    const job = await createJobParams(api, hourly);
    const id = await insert(job);
    const replay = () =>
      api.call({
        method: "POST",
        path: `/v1/executions/${id}/replay`,
        headers: { "idempotency-key": "replay-once" },
      });
    const first = await replay();
    expect(await replay()).toMatchObject({ status: 202, body: first.body });
    expect(await listExecutionsOf(api, job)).toHaveLength(2);
  });
});

describe("cancelling an execution", () => {
  async function createWatchedJob(): Promise<JobParams> {
    const { id } = await api.client.createChannel({
      body: {
        name: `watch ${api.clock.now().getTime()}`,
        type: "webhook",
        config: { url: "https://api.example.com/hook" },
      },
    });
    const events = ["on_success", "on_failure", "on_completion"];
    const notification_rules = events.map((event) => ({ channel_id: id, event }));
    return createJobParams(api, { ...oneTime, notification_rules });
  }

  it("ends a queued one and tells of its completion", async () => {
    const job = await createWatchedJob();
    const [queued] = await listExecutionsOf(api, job);
    const params = { id: queued?.id ?? "" };
    const cancelled = await api.client.cancelExecution({ params });
    expect(cancelled).toMatchObject({
      status: "cancelled",
      reason: "Cancelled by hand.",
      started_at: null,
      duration_ms: null,
      next_attempt_at: null,
    });
    const { items } = await api.client.listExecutionNotifications({ params });
    expect(items).toEqual([
      expect.objectContaining({
        event: "on_completion",
        status: "pending",
        execution_id: params.id,
        job_id: job.params.id,
        channel_type: "webhook",
      }),
    ]);
    // It was the only run of a one_time job.
    expect(await api.client.getJob(job)).toMatchObject({ state: "completed" });
  });

  it("ends a running one, and one that waits for a retry", async () => {
    const job = await createJobParams(api, hourly);
    for (const node of ["node_x", null]) {
      const id = await insert(job, { status: "running", scheduledFor: api.clock.now() });
      await api.db.run(sql`update executions set node_id = ${node} where id = ${id}`);
      const cancelled = await api.client.cancelExecution({ params: { id } });
      expect(cancelled).toMatchObject({ status: "cancelled", next_attempt_at: null });
    }
  });

  it("wakes the sender", async () => {
    const id = await insert(await createJobParams(api, hourly), { status: "queued" });
    await hearWake(api.db, "sender", () => api.client.cancelExecution({ params: { id } }));
  });

  it("tells the node that makes the request", async () => {
    const id = await insert(await createJobParams(api, hourly), { status: "running" });
    await api.db.run(sql`update executions set node_id = 'node_x' where id = ${id}`);
    const params = { id };
    await hearWake(api.db, `cancel ${id}`, () => api.client.cancelExecution({ params }));
  });

  it.each(["succeeded", "failed", "cancelled"] as const)("refuses one that %s", async (status) => {
    const job = await createJobParams(api, hourly);
    const id = await insert(job, { status, scheduledFor: at("07T10:00:00") });
    expect(await refusalOf(api.client.cancelExecution({ params: { id } }))).toBe(
      `conflict : The execution has ended already: ${status} at 2026-11-07T10:00:01.500Z.`,
    );
  });
});

describe("roles", () => {
  it.each(["replay", "cancel"])("keeps %s from those who may only read", async (action) => {
    const id = await insert(await createJobParams(api, hourly));
    const token = await api.addToken("member");
    const path = `/v1/executions/${id}/${action}`;
    expect(await api.call({ method: "POST", path, token })).toMatchObject({ status: 403 });
  });
});
