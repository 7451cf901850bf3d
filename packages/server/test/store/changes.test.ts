// What those who watch are shown: what stands still for others is left out, and no workspace, nor
// all of them together, make a look longer than its bound.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readChanges, type Standing, type Watched } from "../../src/store/changes.ts";
import { type Database, sql } from "../../src/store/db.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import {
  insertChannelRow,
  insertDeliveryRow,
  insertExecutionRow,
  insertJobRow,
  insertWorkspace,
  rowsMadeAt,
} from "../support/rows.ts";

let test: TestDatabase;
let db: Database;

beforeAll(async () => {
  test = await createTestDatabase();
  db = test.db;
});
afterAll(() => test.drop());

const since = new Date(rowsMadeAt.getTime() + 60_000);

function look(workspaceIds: readonly string[], rest: Partial<Watched> = {}) {
  const nobody = { tokenIds: [], sessionIds: [] };
  return readChanges(db, { workspaceIds, open: [], since, now: since, ...nobody, ...rest });
}

async function insertMany(status: "queued" | "running", count: number) {
  const workspaceId = await insertWorkspace(db);
  const jobId = await insertJobRow(db, { workspaceId });
  await db.run(sql`
    insert into executions (id, workspace_id, job_id, status, trigger, scheduled_for, due_at,
      started_at)
    select id_at('exec', ${rowsMadeAt}) || substr(replace(gen_random_uuid()::text, '-', ''), 1, 20),
      ${workspaceId}, ${jobId}, ${status}, 'manual', ${rowsMadeAt}, ${rowsMadeAt},
      case ${status}::text when 'running' then ${rowsMadeAt}::timestamptz end
    from generate_series(1, ${count}::integer)`);
  return { workspaceId, jobId };
}

async function end(jobId: string): Promise<void> {
  await db.run(sql`
    update executions set status = 'cancelled', due_at = null, finished_at = ${rowsMadeAt}
    where job_id = ${jobId}`);
}

async function insertPending() {
  const workspaceId = await insertWorkspace(db);
  const jobId = await insertJobRow(db, { workspaceId });
  const channelId = await insertChannelRow(db, { workspaceId, name: "told" });
  const executionId = await insertExecutionRow(db, { workspaceId, jobId });
  const row = { workspaceId, channelId, jobId, executionId, status: "pending" as const };
  return { workspaceId, channelId, id: await insertDeliveryRow(db, row), row };
}

describe("what is pending", () => {
  it("is looked at, and not what waits for a disabled channel", async () => {
    const { workspaceId, id, row } = await insertPending();
    const parkedId = await insertDeliveryRow(db, { ...row, event: "on_completion" });
    const { standing: before } = await look([workspaceId]);
    expect(before.map((each) => each.row.id).sort()).toEqual([id, parkedId].sort());
    await db.run(sql`update deliveries set parked_for = 'channel' where id = ${parkedId}`);
    // Once more, as it was open; from then on no more.
    const { standing } = await look([workspaceId], { open: before });
    const parked = standing.find((each) => each.row.id === parkedId);
    expect(parked).toMatchObject({ isOpen: false, row: { status: "pending" } });
    const open = standing.filter(({ isOpen }) => isOpen);
    expect(open.map((each) => each.row.id)).toEqual([id]);
    expect((await look([workspaceId], { open })).standing).toEqual(open);
  });
});

describe("what was open and has ended", () => {
  it("is looked at once more, whatever it tells of", async () => {
    const { workspaceId, id, row } = await insertPending();
    const warningId = await insertDeliveryRow(db, { ...row, event: "on_success" });
    await db.run(sql`
      update deliveries set event = 'channel_disabled', execution_id = null, job_id = null
      where id = ${warningId}`);
    const jobId = await insertJobRow(db, { workspaceId });
    const executionId = await insertExecutionRow(db, { workspaceId, jobId, status: "running" });
    const { standing: open } = await look([workspaceId]);
    const ids = [id, warningId, executionId].sort();
    expect(open.map((each) => each.row.id).sort()).toEqual(ids);
    await end(jobId);
    await db.run(sql`
      update deliveries set status = 'failed', due_at = null, finished_at = ${rowsMadeAt}
      where workspace_id = ${workspaceId}`);
    const { standing } = await look([workspaceId], { open });
    expect(standing.map((each) => each.row.id).sort()).toEqual(ids);
    expect(standing.some(({ isOpen }) => isOpen)).toBe(false);
    expect((await look([workspaceId], { open: [] })).standing).toEqual([]);
  });
});

describe("a workspace of which there may be more", () => {
  it.each(["queued", "running"] as const)("is named when so many are %s", async (status) => {
    const { workspaceId: full } = await insertMany(status, 500);
    const { workspaceId: other } = await insertMany(status, 499);
    const { overflown, standing } = await look([full, other]);
    expect([...overflown]).toEqual([full]);
    expect(standing).toHaveLength(999);
  });

  it("has a smaller share the more of them are watched", async () => {
    const { workspaceId } = await insertMany("running", 60);
    expect((await look([workspaceId])).overflown.size).toBe(0);
    const others = Array.from({ length: 199 }, (_, n) => `ws_${n}`);
    const { standing, overflown } = await look([workspaceId, ...others]);
    expect(standing).toHaveLength(50);
    expect([...overflown]).toEqual([workspaceId]);
  });

  it("is named when more has ended than is looked at again, at no cost to others", async () => {
    const big = await insertMany("running", 5_000);
    const small = await insertMany("running", 3);
    const rows = await db.rows<{ id: string; workspace_id: string; job_id: string }>(sql`
      select id, workspace_id, job_id from executions
      where job_id in (${big.jobId}, ${small.jobId})`);
    const open = rows.map(
      ({ id, workspace_id: workspaceId, job_id }): Standing => ({
        ...{ kind: "execution", workspaceId, isOpen: true, scheduledFor: rowsMadeAt },
        row: { id, job_id, status: "running", attempt_count: 0 },
      }),
    );
    await end(big.jobId);
    await end(small.jobId);
    const { standing, overflown } = await look([big.workspaceId, small.workspaceId], { open });
    expect([...overflown]).toEqual([big.workspaceId]);
    expect(standing).toHaveLength(5_000);
    expect(standing.filter((each) => each.workspaceId === small.workspaceId)).toHaveLength(3);
  });
});
