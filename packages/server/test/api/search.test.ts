// Search over the API: by name and by id, in the own workspace alone.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestApi, type TestApi } from "../support/api.ts";
import {
  insertChannelRow,
  insertDeliveryRow,
  insertExecutionRow,
  insertJobRow,
} from "../support/rows.ts";

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi();
});
afterAll(() => api.close());

const search = async (q: string, { client } = api as Pick<TestApi, "client">) =>
  (await client.search({ query: { q } })).items;

describe("search", () => {
  it("finds jobs and channels by any part of their name, beginnings first", async () => {
    const { db, workspaceId } = api;
    await insertJobRow(db, { workspaceId, name: "nightly Backup" });
    await insertJobRow(db, { workspaceId, name: "BACKUP of photos" });
    await insertJobRow(db, { workspaceId, name: "backup, deleted", deletedAt: new Date() });
    await insertJobRow(db, { workspaceId, name: "100% done" });
    await insertChannelRow(db, { workspaceId, name: "the backup room", disabledReason: "Gone." });
    expect(await search("backup")).toMatchObject([
      { kind: "job", name: "BACKUP of photos", state: "active" },
      { kind: "job", name: "nightly Backup" },
      { kind: "channel", name: "the backup room", state: "disabled" },
    ]);
    // Signs that patterns are made of stand for themselves.
    expect((await search("%")).map(({ name }) => name)).toEqual(["100% done"]);
    expect(await search("_")).toEqual([]);
    expect(await search("nothing of this name")).toEqual([]);
  });

  it("finds executions and deliveries by the beginning of their id", async () => {
    const { db, workspaceId } = api;
    const jobId = await insertJobRow(db, { workspaceId, name: "found" });
    const executionId = await insertExecutionRow(db, { workspaceId, jobId, status: "failed" });
    const channelId = await insertChannelRow(db, { workspaceId, name: "teller" });
    const row = { workspaceId, channelId, jobId, executionId };
    const deliveryId = await insertDeliveryRow(db, row);
    const execution = { kind: "execution", id: executionId, name: "found", state: "failed" };
    expect(await search(executionId)).toEqual([execution]);
    expect(await search(executionId.slice(0, 30))).toEqual([execution]);
    expect(await search(deliveryId)).toMatchObject([{ kind: "delivery", state: "failed" }]);
    expect(await search(jobId)).toMatchObject([{ kind: "job", name: "found" }]);
    expect(await search(channelId)).toMatchObject([{ kind: "channel", name: "teller" }]);
  });

  it("shows twenty at most", async () => {
    const { db, workspaceId } = api;
    for (let index = 0; index < 25; index += 1) {
      await insertJobRow(db, { workspaceId, name: `many ${index}` });
    }
    expect(await search("many")).toHaveLength(20);
  });

  it("finds nothing of another workspace", async () => {
    const { db, workspaceId } = api;
    const jobId = await insertJobRow(db, { workspaceId, name: "private" });
    const executionId = await insertExecutionRow(db, { workspaceId, jobId });
    const other = await api.addTenant();
    expect(await search("private", other)).toEqual([]);
    expect(await search(executionId, other)).toEqual([]);
  });
});
