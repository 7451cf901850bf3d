// Many jobs at once over the API: each is answered for by itself.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../support/api.ts";
import { watchAudit } from "../support/audit.ts";
import { createJob, createJobInState, hourly, listExecutionsOf } from "../support/jobs.ts";
import { insertJobRow } from "../support/rows.ts";

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const noJob = `job_${"0".repeat(32)}`;
const idIn = async (state: "active" | "paused" | "draft") =>
  (await createJobInState(api, state)).params.id;
const stateOf = async (id: string) => (await api.client.getJob({ params: { id } })).state;

describe("a batch of jobs", () => {
  it("pauses what can be paused, and says why the rest cannot", async () => {
    const [active, paused, draft] = [
      await idIn("active"),
      await idIn("paused"),
      await idIn("draft"),
    ];
    const job_ids = [draft, active, noJob, paused, active];
    const { items } = await api.client.pauseJobs({ body: { job_ids } });
    expect(items).toMatchObject([
      { job_id: draft, outcome: "refused", error: { code: "conflict" } },
      { job_id: active, outcome: "done", error: null },
      { job_id: noJob, outcome: "refused", error: { code: "not_found" } },
      { job_id: paused, outcome: "done", error: null },
    ]);
    expect([await stateOf(active), await stateOf(draft)]).toEqual(["paused", "draft"]);
  });

  it("resumes", async () => {
    const paused = await idIn("paused");
    const { items } = await api.client.resumeJobs({ body: { job_ids: [paused] } });
    expect(items).toMatchObject([{ outcome: "done", execution_id: null }]);
    expect(await stateOf(paused)).toBe("active");
  });

  it("runs each once, and once only under one key", async () => {
    const job = await createJob(api, hourly);
    const call = {
      path: "/v1/jobs/run-now",
      body: { job_ids: [job.id, noJob] },
      headers: { "idempotency-key": "batch-1" },
    };
    const { body } = await api.call(call);
    expect((await api.call(call)).body).toEqual(body);
    const executions = await listExecutionsOf(api, { params: { id: job.id } });
    expect(body.items).toMatchObject([
      { job_id: job.id, outcome: "done", execution_id: executions[0]?.id },
      { job_id: noJob, outcome: "refused", execution_id: null },
    ]);
    expect(executions).toHaveLength(1);
  });

  it("leaves an entry in the audit log for each job that it was done to", async () => {
    const jobs = await Promise.all([createJob(api, hourly), createJob(api, hourly)]);
    const job_ids = [...jobs.map(({ id }) => id), noJob];
    const { items } = await api.client.runJobsNow({ body: { job_ids } });
    for (const [place, { id, name }] of jobs.entries()) {
      const log = await api.client.listAuditLog({ query: { resource: id, action: "runJobsNow" } });
      expect(log.items).toMatchObject([
        {
          resource: { kind: "job", id, name },
          changes: { fields: ["job_ids"], count: 2, made: items[place]?.execution_id },
        },
      ]);
    }
    const none = await api.client.listAuditLog({ query: { resource: noJob } });
    expect(none.items).toEqual([]);
  });

  it("leaves one entry that names no job where it was done to none", async () => {
    const other = await api.addTenant();
    await other.client.pauseJobs({ body: { job_ids: [noJob] } });
    const { items } = await other.client.listAuditLog({ query: { action: "pauseJobs" } });
    expect(items).toMatchObject([{ resource: null, changes: { count: 0 } }]);
  });

  it("leaves a hundred entries that are small", async () => {
    const other = await api.addTenant();
    const { workspaceId } = other;
    const row = () => insertJobRow(api.db, { workspaceId });
    const job_ids = await Promise.all(Array.from({ length: 100 }, row));
    const { made } = await watchAudit(api.db, () => other.client.pauseJobs({ body: { job_ids } }));
    expect(made.map((entry) => entry.resource_id).sort()).toEqual([...job_ids].sort());
    // All of one transaction, and each without the ids of the others.
    expect(new Set(made.map(({ request_id }) => request_id)).size).toBe(1);
    expect(Math.max(...made.map(({ changes }) => JSON.stringify(changes).length))).toBeLessThan(
      200,
    );
  });

  it("finds no job of another workspace", async () => {
    const id = await idIn("active");
    const other = await api.addTenant();
    const { items } = await other.client.pauseJobs({ body: { job_ids: [id] } });
    expect(items).toMatchObject([{ outcome: "refused", error: { code: "not_found" } }]);
    expect(await stateOf(id)).toBe("active");
  });

  it("takes at most a hundred", async () => {
    const job_ids = Array.from({ length: 101 }, () => noJob);
    const { status } = await api.call({ path: "/v1/jobs/pause", body: { job_ids } });
    expect(status).toBe(400);
  });
});
