// The figures of a node that runs: each is there, says what happened, and names nobody.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWatchServer } from "../../src/api/watch-server.ts";
import { readConfig } from "../../src/config.ts";
import { createMetrics, type Metrics } from "../../src/metrics.ts";
import { createObservers } from "../../src/observe.ts";
import { sql } from "../../src/store/db.ts";
import { lookAtQueues } from "../../src/store/queue-look.ts";
import { createTestApi } from "../support/api.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { readSamples } from "../support/prometheus.ts";
import {
  insertChannelRow,
  insertDeliveryRow,
  insertExecutionRow,
  insertJobRow,
  insertWorkspace,
} from "../support/rows.ts";

const log = { debug() {}, info() {}, warn() {}, error() {} };

let database: TestDatabase;
let metrics: Metrics;
beforeEach(async () => {
  database = await createTestDatabase();
  metrics = createMetrics("1.2.3");
});
afterEach(() => database.drop());

function watch(look = () => lookAtQueues(database.db)) {
  metrics.watch({
    look,
    pool: () => database.db.usage(),
    passAges: () => [{ loop: "planner", ageMs: 1_500 }],
  });
}

const read = async () => readSamples(await metrics.render());

describe("the figures", () => {
  it("tell how much is due and for how long", async () => {
    const { db } = database;
    const workspaceId = await insertWorkspace(db);
    const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000);
    const jobId = await insertJobRow(db, { workspaceId, nextRunAt: ago(30) });
    const channelId = await insertChannelRow(db, { workspaceId, name: "c" });
    const late = { workspaceId, jobId, status: "queued" as const };
    await insertExecutionRow(db, { ...late, scheduledFor: ago(90) });
    await insertExecutionRow(db, { ...late, scheduledFor: ago(60) });
    await insertExecutionRow(db, { ...late, scheduledFor: ago(-600) });
    const executionId = await insertExecutionRow(db, { workspaceId, jobId });
    const delivery = { workspaceId, channelId, jobId, executionId };
    await insertDeliveryRow(db, { ...delivery, status: "pending", dueAt: ago(120) });
    watch();
    const samples = await read();
    expect(samples.get('trigrun_queue_due{queue="executions"}')).toBe(2);
    expect(samples.get('trigrun_queue_due{queue="deliveries"}')).toBe(1);
    const between = (name: string, low: number) => {
      expect(samples.get(name)).toBeGreaterThanOrEqual(low);
      expect(samples.get(name)).toBeLessThan(low + 30);
    };
    between('trigrun_queue_oldest_seconds{queue="executions"}', 89);
    between('trigrun_queue_oldest_seconds{queue="deliveries"}', 119);
    between("trigrun_planner_lag_seconds", 29);
    expect(samples.get("trigrun_database_up")).toBe(1);
    expect(samples.get('trigrun_loop_last_pass_seconds{loop="planner"}')).toBe(1.5);
    expect(samples.get('trigrun_database_connections{state="idle"}')).toBeGreaterThan(0);
    expect(samples.get("nodejs_eventloop_lag_p99_seconds")).toBeDefined();
    const build = `trigrun_build_info{version="1.2.3",node="${process.version}"}`;
    expect(samples.get(build)).toBe(1);
  });

  it("say nothing of the queues while the database is away", async () => {
    watch(() => Promise.reject(new Error("away")));
    const samples = await read();
    expect(samples.get("trigrun_database_up")).toBe(0);
    expect([...samples.keys()].filter((key) => key.startsWith("trigrun_queue"))).toEqual([]);
    expect(samples.get("trigrun_planner_lag_seconds")).toBeNaN();
  });

  it("ask the database once for many who look at once", async () => {
    let looks = 0;
    watch(async () => {
      looks += 1;
      return await lookAtQueues(database.db);
    });
    await Promise.all([read(), read(), read()]);
    await read();
    expect(looks).toBe(1);
  });

  it("begin with zero, so that the first of anything has a rate", async () => {
    const samples = await read();
    expect(samples.get('trigrun_attempts_total{status="TIMEOUT"}')).toBe(0);
    const tried = 'trigrun_delivery_tries_total{channel_type="webhook",verdict="retry"}';
    expect(samples.get(tried)).toBe(0);
    expect(samples.get('trigrun_lease_rescues_total{queue="executions"}')).toBe(0);
    expect(samples.get('trigrun_slots_total{fate="missed"}')).toBe(0);
  });
});

describe("what the stages settle", () => {
  it("is counted when its lease still stood, and lost leases are counted apart", async () => {
    const observers = createObservers(metrics);
    const at = (ms: number) => new Date(1_700_000_000_000 + ms);
    // Of a settlement, the parts that are counted.
    const toSettlement = (id: string, status: "succeeded" | "failed") =>
      ({
        execution: { id, attemptCount: 0, trigger: "schedule", dueAt: at(0) },
        attempt: { status: "SUCCESS", latencyMs: 5, startedAt: at(40) },
        outcome: { status },
      }) as unknown as Parameters<typeof observers.onExecutions>[0][number];
    observers.onExecutions(
      [toSettlement("a", "succeeded"), toSettlement("b", "failed"), toSettlement("c", "failed")],
      new Set(["a", "b"]),
    );
    observers.onSlots([
      { slotAt: at(0), missedReason: null },
      { slotAt: at(0), missedReason: "it was late" },
    ]);
    metrics.rescued("deliveries", 3);
    const samples = await read();
    expect(samples.get('trigrun_attempts_total{status="SUCCESS"}')).toBe(2);
    expect(samples.get('trigrun_executions_ended_total{status="failed"}')).toBe(1);
    expect(samples.get('trigrun_leases_lost_total{queue="executions"}')).toBe(1);
    expect(samples.get('trigrun_settle_batch_size_sum{queue="executions"}')).toBe(3);
    const lateness = "trigrun_execution_lateness_seconds_bucket";
    expect(samples.get(`${lateness}{le="0.025",trigger="schedule"}`)).toBe(0);
    expect(samples.get(`${lateness}{le="0.05",trigger="schedule"}`)).toBe(2);
    expect(samples.get('trigrun_slots_total{fate="missed"}')).toBe(1);
    expect(samples.get('trigrun_lease_rescues_total{queue="deliveries"}')).toBe(3);
  });
});

const token = "a-token-of-the-metrics";

describe("GET /metrics", () => {
  it("is open to this machine alone, where nothing is set", async ({ onTestFinished }) => {
    const api = await createTestApi();
    onTestFinished(() => api.close());
    const get = (options: { remoteAddress?: string; headers?: Record<string, string> }) =>
      api.app.inject({ method: "GET", url: "/metrics", ...options });
    const answer = await get({ remoteAddress: "127.0.0.1" });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    expect((await get({ remoteAddress: "::ffff:127.0.0.1" })).statusCode).toBe(200);
    expect((await get({ remoteAddress: "10.0.0.9" })).statusCode).toBe(401);
    const forwarded = { headers: { "x-forwarded-for": "10.0.0.9" } };
    expect((await get({ remoteAddress: "127.0.0.1", ...forwarded })).statusCode).toBe(401);
    const owner = { authorization: `Bearer ${api.token}` };
    expect((await get({ remoteAddress: "10.0.0.9", headers: owner })).statusCode).toBe(401);
  });

  it("is closed behind a public address", async ({ onTestFinished }) => {
    const settings = { TRIGRUN_PUBLIC_URL: "https://cron.example.com" };
    const api = await createTestApi({ settings });
    onTestFinished(() => api.close());
    const answer = await api.call({ path: "/metrics", address: "127.0.0.1" });
    expect(answer.status).toBe(401);
    expect(answer.text).toMatch(/set TRIGRUN_METRICS_TOKEN/);
  });

  it("is open to its token alone, once there is one", async ({ onTestFinished }) => {
    const api = await createTestApi({ settings: { TRIGRUN_METRICS_TOKEN: token } });
    onTestFinished(() => api.close());
    const call = (given: string) =>
      api.call({ path: "/metrics", address: "10.0.0.9", token: given });
    expect((await call(token)).status).toBe(200);
    expect((await call(`${token}.`)).status).toBe(401);
    expect((await call(api.token)).status).toBe(401);
  });

  it("is there on a node that only works, with its health", async ({ onTestFinished }) => {
    const config = readConfig({ TRIGRUN_METRICS_TOKEN: token });
    const checks = { ping: () => database.db.ping(), pendingMigrations: async () => ["0009"] };
    const app = createWatchServer({ ...checks, config, metrics, log });
    onTestFinished(() => app.close());
    const get = (url: string, given = "") =>
      app.inject({ url, headers: { authorization: `Bearer ${given}` } });
    expect((await get("/metrics", token)).body).toContain("trigrun_build_info");
    expect((await get("/metrics", "x")).statusCode).toBe(401);
    expect((await get("/healthz")).json()).toEqual({ status: "ok" });
    expect((await get("/readyz")).statusCode).toBe(503);
    expect((await get("/v1/jobs", token)).statusCode).toBe(404);
  });

  it("names no workspace, no job and no channel", async ({ onTestFinished }) => {
    const api = await createTestApi();
    onTestFinished(() => api.close());
    const [row] = await api.db.rows<{ id: string }>(sql`select id from workspaces limit 1`);
    const { text } = await api.call({ path: "/metrics", address: "127.0.0.1" });
    expect(text).not.toContain(row?.id);
    expect(text).not.toMatch(/(?:job|exec|dlv|chan|ws|node|user)_[0-9a-f]{12}/);
  });
});
