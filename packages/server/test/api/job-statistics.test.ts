// How jobs went, over the API: the strip of a listed job, and the statistics of one.
import type { ExecutionStatus } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { createTestApi, type TestApi } from "../support/api.ts";
import { refusalOf } from "../support/refusal.ts";
import { insertExecutionRow, insertJobRow } from "../support/rows.ts";

const hourMs = 3_600_000;
let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
  // Ten past: no hour ends while the file runs, so that buckets stay where they are.
  api.clock.advance(hourMs - (api.clock.now().getTime() % hourMs) + hourMs / 6);
});
afterAll(() => api.close());

const insertJob = (name: string, more: { deletedAt?: Date } = {}) =>
  insertJobRow(api.db, { workspaceId: api.workspaceId, name, ...more });

/** The middle of the hour that was so many hours ago. */
const hoursAgo = (hours: number) =>
  new Date((Math.floor(api.clock.now().getTime() / hourMs) - hours + 0.5) * hourMs);

async function insert(jobId: string, status: ExecutionStatus, hours: number, seconds = 1.5) {
  const { workspaceId, db } = api;
  const row = { workspaceId, jobId, status, scheduledFor: hoursAgo(hours) };
  const id = await insertExecutionRow(db, { ...row, trigger: "manual" });
  const length = `${seconds} seconds`;
  await db.run(sql`
    update executions set finished_at = started_at + ${length}::interval
    where id = ${id} and finished_at is not null`);
  return id;
}

describe("the strip of a listed job", () => {
  it("comes along where it is asked for, newest first and as long as asked", async () => {
    const job = await insertJob("strip");
    const empty = await insertJob("no strip");
    await insert(job, "succeeded", 5);
    const failed = await insert(job, "failed", 4);
    const queued = await insert(job, "queued", 3);
    const find = async (query: object) => {
      const { items } = await api.client.listJobs({ query });
      return (id: string) => items.find((listed) => listed.id === id)?.recent_executions;
    };
    const strips = await find({ recent_executions: 2 });
    expect(strips(job)).toMatchObject([
      { id: queued, status: "queued", duration_ms: null },
      { id: failed, status: "failed", duration_ms: 1_500 },
    ]);
    expect(strips(empty)).toEqual([]);
    expect((await find({}))(job)).toBeUndefined();
  });

  it("has at most thirty places", async () => {
    const query = { recent_executions: 31 };
    expect(await refusalOf(api.client.listJobs({ query }))).toMatch(
      "validation_failed recent_executions",
    );
  });

  it("gives a cancelled one that never started no length", async () => {
    const job = await insertJob("never started");
    await insert(job, "cancelled", 1);
    await api.db.run(sql`update executions set started_at = null where job_id = ${job}`);
    const query = { name: "never started", recent_executions: 1 };
    const [listed] = (await api.client.listJobs({ query })).items;
    expect(listed?.recent_executions).toMatchObject([{ duration_ms: null }]);
  });
});

describe("the statistics of a job", () => {
  const read = (id: string, hours?: "24" | "168" | "720") =>
    api.client.getJobStatistics({ params: { id }, ...(hours ? { query: { hours } } : {}) });

  it("counts by outcome, in the whole and by bucket, with durations of the judged", async () => {
    const job = await insertJob("counted");
    await insert(job, "succeeded", 3, 1);
    await insert(job, "succeeded", 3, 2);
    await insert(job, "failed", 3, 3);
    await insert(job, "cancelled", 2, 900);
    await insert(job, "queued", 1);
    await insert(job, "succeeded", 30, 9);
    const day = await read(job);
    expect(day).toMatchObject({ succeeded: 2, failed: 1, cancelled: 1, bucket_seconds: 3_600 });
    expect(day.success_rate).toBeCloseTo(2 / 3);
    expect([day.duration_p50_ms, day.duration_p95_ms]).toEqual([2_000, 2_900]);
    expect(day.buckets).toHaveLength(24);
    expect(day.buckets.slice(-4)).toMatchObject([
      { succeeded: 2, failed: 1, cancelled: 0, waiting: 0, duration_p50_ms: 2_000 },
      { succeeded: 0, failed: 0, cancelled: 1, waiting: 0, duration_p50_ms: null },
      { succeeded: 0, failed: 0, cancelled: 0, waiting: 1, duration_p50_ms: null },
      { succeeded: 0, failed: 0, cancelled: 0, waiting: 0, duration_p95_ms: null },
    ]);
    expect(await read(job, "168")).toMatchObject({ succeeded: 3, bucket_seconds: 21_600 });
    expect((await read(job, "720")).buckets).toHaveLength(30);
  });

  it("tells the streak, overlooking what was cancelled", async () => {
    const job = await insertJob("streak");
    await insert(job, "failed", 6);
    await insert(job, "succeeded", 5);
    await insert(job, "cancelled", 4);
    await insert(job, "succeeded", 3);
    await insert(job, "running", 2);
    const { streak } = await read(job);
    expect(streak).toEqual({
      status: "succeeded",
      count: 2,
      since: new Date(hoursAgo(5).getTime() + 1_500).toISOString(),
    });
  });

  it("tells the usual duration from five successes on", async () => {
    const job = await insertJob("usual");
    for (const seconds of [1, 2, 3, 4]) await insert(job, "succeeded", 40 * 24, seconds);
    await insert(job, "failed", 40 * 24, 100);
    expect(await read(job)).toMatchObject({ usual_duration: null });
    await insert(job, "succeeded", 40 * 24, 5);
    expect(await read(job)).toMatchObject({ usual_duration: { from_ms: 1_400, to_ms: 4_600 } });
  });

  it("is empty for a job that never ran, and stays for one that is deleted", async () => {
    const gone = await insertJob("gone", { deletedAt: api.clock.now() });
    expect(await read(gone)).toMatchObject({
      ...{ succeeded: 0, success_rate: null, duration_p50_ms: null },
      ...{ usual_duration: null, streak: null },
    });
  });

  it("is nobody else's", async () => {
    const job = await insertJob("mine");
    const other = await api.addTenant();
    expect(await refusalOf(other.client.getJobStatistics({ params: { id: job } }))).toMatch(
      "not_found",
    );
  });
});
