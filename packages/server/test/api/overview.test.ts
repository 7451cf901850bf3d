// The overview over the API: what fails, what is late, what comes next, counts over time.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createToken } from "../../src/auth/token.ts";
import { sql } from "../../src/store/db.ts";
import { createTestApi, type TestApi } from "../support/api.ts";
import {
  type ExecutionRow,
  insertChannelRow,
  insertDeliveryRow,
  insertExecutionRow,
  insertJobRow,
} from "../support/rows.ts";

const hourMs = 3_600_000;
let api: TestApi;

// A workspace of its own for each: everything in it is counted.
beforeEach(async () => {
  api = await createTestApi();
  // Ten past: no hour ends while a test runs, so that buckets stay where they are.
  api.clock.advance(hourMs - (api.clock.now().getTime() % hourMs) + hourMs / 6);
});
afterEach(() => api.close());

const minutesAgo = (minutes: number) => new Date(api.clock.now().getTime() - minutes * 60_000);
const insertJob = (name: string, more: { nextRunAt?: Date; deletedAt?: Date } = {}) =>
  insertJobRow(api.db, { workspaceId: api.workspaceId, name, ...more });
const insertExecution = (
  jobId: string,
  status: ExecutionRow["status"] & string,
  minutes: number,
) => {
  const { workspaceId } = api;
  const scheduledFor = minutesAgo(minutes);
  return insertExecutionRow(api.db, { workspaceId, jobId, status, scheduledFor });
};

describe("what fails now", () => {
  it("names the jobs whose newest judged execution failed, since when and how often", async () => {
    const bad = await insertJob("bad");
    await insertExecution(bad, "failed", 50);
    await insertExecution(bad, "succeeded", 40);
    await insertExecution(bad, "failed", 30);
    await insertExecution(bad, "cancelled", 25);
    const newest = await insertExecution(bad, "failed", 20);
    await insertExecution(bad, "cancelled", 10);
    await insertExecution(bad, "running", 5);
    const healed = await insertJob("healed");
    await insertExecution(healed, "failed", 30);
    await insertExecution(healed, "succeeded", 20);
    const gone = await insertJob("gone", { deletedAt: minutesAgo(1) });
    await insertExecution(gone, "failed", 20);
    const { failing } = await api.client.getOverview();
    expect(failing.count).toBe(1);
    expect(failing.items).toMatchObject([
      { job_id: bad, job_name: "bad", execution_id: newest, failures_in_row: 2 },
    ]);
    const [item] = failing.items;
    const sinceMs = Date.parse(item?.failed_at ?? "") - Date.parse(item?.failing_since ?? "");
    expect(sinceMs / 60_000).toBeCloseTo(10, 1);
  });

  it("leaves out what is paused, and what ended for good before the span", async () => {
    const paused = await insertJob("paused");
    const ended = await insertJob("ended");
    await insertExecution(paused, "failed", 10);
    await insertExecution(ended, "failed", 30 * 60);
    await api.db.run(sql`update jobs set state = 'paused' where id = ${paused}`);
    await api.db.run(sql`
      update jobs set state = 'completed', updated_at = ${minutesAgo(30 * 60)}
      where id = ${ended}`);
    const namesOf = async (hours: "24" | "168") =>
      (await api.client.getOverview({ query: { hours } })).failing.items.map((j) => j.job_name);
    expect(await namesOf("24")).toEqual([]);
    expect(await namesOf("168")).toEqual(["ended"]);
  });

  it("takes no job that ended before the span, whatever was made of it since", async () => {
    const ended = await insertJob("ended");
    await insertExecution(ended, "failed", 10);
    const endedAt = minutesAgo(30 * 60);
    await api.db.run(sql`
      update jobs set state = 'completed', updated_at = ${endedAt} where id = ${ended}`);
    const read = async (hours: "24" | "168") => {
      const { failing, slowest } = await api.client.getOverview({ query: { hours } });
      return [failing.count, slowest.length];
    };
    expect(await read("24")).toEqual([0, 0]);
    expect(await read("168")).toEqual([1, 1]);
  });

  it("shows twenty of many and counts all", async () => {
    for (let index = 0; index < 23; index += 1) {
      await insertExecution(await insertJob(`bad ${index}`), "failed", 60 - index);
    }
    const { failing } = await api.client.getOverview();
    expect(failing.count).toBe(23);
    expect(failing.items).toHaveLength(20);
    expect(failing.items[0]?.job_name).toBe("bad 22");
  });
});

describe("what is late and what comes next", () => {
  it("counts what is due and not started, and jobs that nobody planned", async () => {
    const job = await insertJob("late");
    await insertExecution(job, "queued", 9);
    await insertExecution(job, "queued", 4);
    await insertExecution(job, "queued", -4);
    await insertJob("unplanned", { nextRunAt: minutesAgo(3) });
    const { late } = await api.client.getOverview();
    expect(late).toMatchObject({ count: 2, unplanned_jobs: 1 });
    const ageMs = api.clock.now().getTime() - Date.parse(late.oldest_due_at ?? "");
    expect(ageMs / 60_000).toBeCloseTo(9, 1);
  });

  it("says that nothing is", async () => {
    const { late } = await api.client.getOverview();
    expect(late).toEqual({ count: 0, oldest_due_at: null, unplanned_jobs: 0 });
  });

  it("lists the next runs, the soonest first", async () => {
    await insertJob("second", { nextRunAt: minutesAgo(-20) });
    await insertJob("first", { nextRunAt: minutesAgo(-10) });
    await insertJob("never");
    const { next } = await api.client.getOverview();
    expect(next.map((run) => run.job_name)).toEqual(["first", "second"]);
  });
});

describe("how it went", () => {
  it("counts executions and deliveries in buckets that fill the span", async () => {
    const job = await insertJob("counted");
    const channelId = await insertChannelRow(api.db, { workspaceId: api.workspaceId, name: "c" });
    const { workspaceId } = api;
    // Far from the edges of its bucket, however long the rows take.
    const madeAt = new Date((Math.floor(api.clock.now().getTime() / hourMs) - 2.5) * hourMs);
    for (const status of ["succeeded", "succeeded", "failed", "cancelled", "queued"] as const) {
      const executionId = await insertExecutionRow(api.db, {
        ...{ workspaceId, jobId: job, status, scheduledFor: madeAt },
        // One slot has one execution.
        trigger: "manual",
      });
      const told = { queued: "pending", cancelled: "failed" } as const;
      const delivered = status === "queued" || status === "cancelled" ? told[status] : "sent";
      await insertDeliveryRow(api.db, {
        ...{ workspaceId, channelId, jobId: job, executionId, madeAt, status: delivered },
      });
    }
    const shapes = { "24": [24, 3_600], "168": [28, 21_600], "720": [30, 86_400] } as const;
    for (const hours of ["24", "168", "720"] as const) {
      const answer = await api.client.getOverview({ query: { hours } });
      const [length, seconds] = shapes[hours];
      expect(answer.bucket_seconds).toBe(seconds);
      expect(answer.executions).toHaveLength(length);
      expect(answer.deliveries).toHaveLength(length);
      expect(answer.executions[0]?.from).toBe(answer.from);
      expect(answer.executions.filter((bucket) => bucket.succeeded > 0)).toMatchObject([
        { succeeded: 2, failed: 1, cancelled: 1, waiting: 1 },
      ]);
      expect(answer.deliveries.filter((bucket) => bucket.sent > 0)).toMatchObject([
        { sent: 3, failed: 1, pending: 1 },
      ]);
    }
  });

  it("puts the slowest jobs first", async () => {
    const quick = await insertJob("quick");
    const slow = await insertJob("slow");
    for (let minute = 1; minute <= 20; minute += 1) {
      await insertExecution(quick, "succeeded", minute);
      const id = await insertExecution(slow, "succeeded", minute);
      const length = `${minute} seconds`;
      await api.db.run(sql`
        update executions set finished_at = started_at + ${length}::interval where id = ${id}`);
    }
    const { slowest } = await api.client.getOverview();
    expect(slowest).toEqual([
      {
        ...{ job_id: slow, job_name: "slow", sample_count: 20 },
        ...{ duration_p50_ms: 10_500, duration_p95_ms: 19_050 },
      },
      {
        ...{ job_id: quick, job_name: "quick", sample_count: 20 },
        ...{ duration_p50_ms: 1_500, duration_p95_ms: 1_500 },
      },
    ]);
  });

  it("names disabled channels with their reason and what waits for them", async () => {
    const { workspaceId, db } = api;
    const jobId = await insertJob("told");
    const disabledReason = "It answered 410.";
    const dead = await insertChannelRow(db, { workspaceId, name: "dead", disabledReason });
    await insertChannelRow(db, { workspaceId, name: "alive" });
    for (const minutes of [3, 2, 1]) {
      const executionId = await insertExecution(jobId, "failed", minutes);
      const row = { workspaceId, channelId: dead, jobId, executionId };
      await insertDeliveryRow(db, { ...row, status: "pending" });
    }
    await db.run(sql`update deliveries set parked_for = 'channel' where channel_id = ${dead}`);
    const { disabled_channels: channels } = await api.client.getOverview();
    expect(channels).toMatchObject([
      { channel_id: dead, channel_name: "dead", disabled_reason: disabledReason, waiting: 3 },
    ]);
  });
});

describe("a second look", () => {
  it("is answered from memory for some seconds, and anew after that", async () => {
    const job = await insertJob("changing");
    const read = async () => (await api.client.getOverview()).failing.count;
    expect(await read()).toBe(0);
    await insertExecution(job, "failed", 5);
    expect(await read()).toBe(0);
    api.clock.advance(5_000);
    expect(await read()).toBe(1);
  });
});

describe("who may see it", () => {
  it("shows nothing of another workspace", async () => {
    const job = await insertJob("mine", { nextRunAt: minutesAgo(-10) });
    await insertExecution(job, "failed", 5);
    await insertExecution(job, "queued", 5);
    await insertChannelRow(api.db, {
      ...{ workspaceId: api.workspaceId, name: "mine", disabledReason: "It answered 410." },
    });
    const other = await api.addTenant();
    const answer = await other.client.getOverview();
    expect(answer.failing).toEqual({ count: 0, items: [] });
    expect([answer.late.count, answer.next, answer.slowest]).toEqual([0, [], []]);
    expect(answer.disabled_channels).toEqual([]);
    expect(answer.executions.every((bucket) => bucket.failed + bucket.waiting === 0)).toBe(true);
  });

  it("names first the disabled channel that most waits for, then by name", async () => {
    const { db, workspaceId } = api;
    const jobId = await insertJobRow(db, { workspaceId });
    // Made in this order, so that neither their ids nor an equal end say who comes first.
    for (const [name, waiting] of [
      ["b", 1],
      ["most", 2],
      ["none", 0],
      ["a", 1],
    ] as const) {
      const disabledReason = "It answered 410.";
      const channelId = await insertChannelRow(db, { workspaceId, name, disabledReason });
      for (let made = 0; made < waiting; made += 1) {
        const executionId = await insertExecutionRow(db, { workspaceId, jobId, trigger: "manual" });
        const row = { workspaceId, channelId, jobId, executionId, status: "pending" } as const;
        await insertDeliveryRow(db, row);
      }
    }
    await db.run(sql`update deliveries set parked_for = 'channel'`);
    // The one that nothing waits for was disabled last.
    await db.run(sql`
      update channels set disabled_at = disabled_at + interval '1 hour' where name = 'none'`);
    const { disabled_channels: channels } = await api.client.getOverview();
    expect(channels.map(({ channel_name: name, waiting }) => [name, waiting])).toEqual([
      ["most", 2],
      ["a", 1],
      ["b", 1],
      ["none", 0],
    ]);
  });

  it("needs every scope of what it tells", async () => {
    const input = { workspaceId: api.workspaceId, name: "narrow", role: "owner" as const };
    const now = api.clock.now();
    const { token } = await createToken(api.db, { ...input, now, scopes: ["executions:read"] });
    const { status, body } = await api.call({ path: "/v1/overview", token });
    expect(status).toBe(403);
    expect(body.error.message).toContain("jobs:read");
  });
});
