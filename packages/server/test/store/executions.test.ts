// Executions in the database: what is queued, taken back and listed, and who wins the races.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../src/id.ts";
import { type Database, raw, sql, type Tx } from "../../src/store/db.ts";
import { claimDue } from "../../src/store/execution-queue.ts";
import {
  findExecution,
  listExecutions,
  lockQueued,
  queueExecution,
  unplanExecutions,
} from "../../src/store/executions.ts";
import { lockJob, markDeleted } from "../../src/store/jobs.ts";
import { untilBlocked } from "../support/blocked.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { insertExecutionRow, insertJobRow, insertWorkspace, rowsMadeAt } from "../support/rows.ts";

let test: TestDatabase;
let db: Database;
let workspaceId: string;
let jobId: string;

beforeAll(async () => {
  test = await createTestDatabase();
  db = test.db;
});

afterAll(async () => {
  await test.drop();
});

beforeEach(async () => {
  workspaceId = await insertWorkspace(db);
  jobId = await insertJobRow(db, { workspaceId });
});

const now = rowsMadeAt;
const plus = (milliseconds: number) => new Date(now.getTime() + milliseconds);
const firstPage = { limit: 10, before: undefined };

async function listIds(filter: Parameters<typeof listExecutions>[2]): Promise<string[]> {
  const { items } = await listExecutions(db, workspaceId, filter, firstPage);
  return items.map(({ id }) => id);
}

describe("queueExecution", () => {
  const queue = (tx: Pick<Database, "rows" | "run">, id: string) =>
    queueExecution(tx, { id, workspaceId, jobId, trigger: "manual", replayOf: null, now });

  it("queues nothing for a job that a delete is taking away at the same time", async () => {
    const id = newId("execution", now);
    let queued: Promise<boolean> | undefined;
    await db.transaction(async (tx) => {
      await lockJob(tx, workspaceId, jobId);
      queued = queue(db, id);
      await untilBlocked(db);
      await markDeleted(tx, jobId, now);
      expect(await lockQueued(tx, workspaceId, jobId)).toEqual([]);
    });
    expect(await queued).toBe(false);
    expect(await findExecution(db, workspaceId, id)).toBeUndefined();
  });

  it("lets a delete that comes second find what it queued", async () => {
    const id = newId("execution", now);
    let found: Promise<string[]> | undefined;
    await db.transaction(async (tx) => {
      expect(await queue(tx, id)).toBe(true);
      found = db.transaction(async (other) => {
        await lockJob(other, workspaceId, jobId);
        return lockQueued(other, workspaceId, jobId);
      });
      await untilBlocked(db);
    });
    expect(await found).toEqual([id]);
  });
});

describe("unplanExecutions", () => {
  it("takes back what is planned ahead, and nothing that is due or was asked for", async () => {
    const rows = { workspaceId, jobId, status: "queued" as const };
    const due = await insertExecutionRow(db, { ...rows, scheduledFor: now });
    const ahead = await insertExecutionRow(db, { ...rows, scheduledFor: plus(1) });
    const retrying = await insertExecutionRow(db, {
      ...rows,
      status: "running",
      scheduledFor: plus(-60_000),
      dueAt: plus(500),
    });
    const manual = await insertExecutionRow(db, {
      ...rows,
      trigger: "manual",
      scheduledFor: plus(2),
    });
    await unplanExecutions(db, jobId, now);
    const left = await listIds({});
    expect(left).not.toContain(ahead);
    expect(left.sort()).toEqual([due, retrying, manual].sort());
  });

  it("leaves one that a runner claims at the same time to the runner", async () => {
    const id = await insertExecutionRow(db, {
      workspaceId,
      jobId,
      status: "queued",
      scheduledFor: plus(500),
    });
    let unplanned: Promise<void> | undefined;
    await db.transaction(async (tx) => {
      const claimed = await claimDue(tx, { nodeId: "node_x", dueBy: plus(500), limit: 1000 });
      expect(claimed.map((execution) => execution.id)).toContain(id);
      unplanned = unplanExecutions(db, jobId, now);
      await untilBlocked(db);
    });
    await unplanned;
    expect(await findExecution(db, workspaceId, id)).toMatchObject({ status: "running" });
  });
});

describe("claimDue", () => {
  /** Rows that this transaction has read of all executions. */
  async function countReads(tx: Tx): Promise<number> {
    const [row] = await tx.rows<{ count: number }>(sql`
      select sum(seq_tup_read + idx_tup_fetch)::integer as count from pg_stat_xact_user_tables
      where relname in (select relid::regclass::text from pg_partition_tree('executions'))`);
    return row?.count ?? 0;
  }

  it.each([
    ["that statistics know nothing of", false],
    ["that statistics know of", true],
  ])("reads no more of a burst %s than it claims", async (_, isAnalyzed) => {
    await db.run(sql`
      insert into executions (id, workspace_id, job_id, trigger, scheduled_for, status, due_at)
      select new_id('exec'), ${workspaceId}, ${jobId}, 'manual', ${now}, 'queued', ${now}
      from generate_series(1, 2000)`);
    if (isAnalyzed) await db.run(raw("analyze executions"));
    const [claimed, reads] = await db.transaction(async (tx) => {
      const before = await countReads(tx);
      const items = await claimDue(tx, { nodeId: "node_1", dueBy: now, limit: 100 });
      return [items.length, (await countReads(tx)) - before];
    });
    expect(claimed).toBe(100);
    // Each is read when it is found, and when it is changed; and dead ones lie between them.
    expect(reads).toBeLessThan(600);
    await db.run(sql`delete from executions where job_id = ${jobId}`);
  });
});

describe("listExecutions", () => {
  it("finds executions by the name of a deleted job, and of all jobs of that name", async () => {
    const gone = await insertJobRow(db, { workspaceId, name: "twin", deletedAt: now });
    const here = await insertJobRow(db, { workspaceId, name: "twin" });
    const ofGone = await insertExecutionRow(db, { workspaceId, jobId: gone });
    const ofHere = await insertExecutionRow(db, {
      workspaceId,
      jobId: here,
      scheduledFor: plus(1),
    });
    await insertExecutionRow(db, { workspaceId, jobId });
    expect(await listIds({ jobName: "twin" })).toEqual([ofHere, ofGone]);
    expect(await listIds({ jobName: "twin", jobId: here })).toEqual([ofHere]);
    expect(await listIds({ jobName: "job", jobId: here })).toEqual([]);
    expect(await listIds({ jobName: "unknown" })).toEqual([]);
  });

  it("pages through several jobs in one order, without a gap or a repeat", async () => {
    const other = await insertJobRow(db, { workspaceId, name: "job" });
    const made: string[] = [];
    for (let number = 0; number < 7; number += 1) {
      const owner = number % 3 === 0 ? other : jobId;
      const scheduledFor = plus(number);
      made.unshift(await insertExecutionRow(db, { workspaceId, jobId: owner, scheduledFor }));
    }
    const seen: string[] = [];
    for (let before: string | undefined; seen.length < made.length; before = seen.at(-1)) {
      const page = { limit: 3, before };
      const { items } = await listExecutions(db, workspaceId, { jobName: "job" }, page);
      if (items.length === 0) break;
      seen.push(...items.map(({ id }) => id));
    }
    expect(seen).toEqual(made);
  });

  it("takes `from` as included and `to` as excluded, whenever the rows were made", async () => {
    const rows = { workspaceId, jobId };
    const hour = 3_600_000;
    // Planned two seconds ahead, in time, and a day late by a planner that was away.
    const ahead = await insertExecutionRow(db, {
      ...rows,
      scheduledFor: now,
      madeAt: plus(-2_000),
    });
    const late = await insertExecutionRow(db, {
      ...rows,
      scheduledFor: plus(hour),
      madeAt: plus(24 * hour),
    });
    const end = await insertExecutionRow(db, { ...rows, scheduledFor: plus(2 * hour) });
    expect(await listIds({ from: now, to: plus(2 * hour) })).toEqual([late, ahead]);
    expect(await listIds({ from: plus(1) })).toEqual([late, end]);
    expect(await listIds({ to: plus(1) })).toEqual([ahead]);
  });
});
