// Statements over a history of half a year: each goes by an index, however many months there are,
// and what is due in an old month is found like anything else.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readChanges } from "../../src/store/changes.ts";
import type { Database, Tx } from "../../src/store/db.ts";
import { raw, sql } from "../../src/store/db.ts";
import { listDeliveries } from "../../src/store/deliveries.ts";
import * as deliveryQueue from "../../src/store/delivery-queue.ts";
import * as executionQueue from "../../src/store/execution-queue.ts";
import { findExecution, listExecutions, unplanExecutions } from "../../src/store/executions.ts";
import { startOfMonth, toPartition } from "../../src/store/history-months.ts";
import { createHistoryPruner } from "../../src/store/history-pruner.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { insertPast } from "../support/history.ts";
import { readsOf as readsOfAll, type Step } from "../support/plans.ts";
import {
  insertChannelRow,
  insertDeliveryRow,
  insertExecutionRow,
  insertJobRow,
  insertWorkspace,
} from "../support/rows.ts";

let test: TestDatabase;
let db: Database;
let workspaceId: string;
let jobId: string;
let channelId: string;
let first: Date;

const months = 6;
// Of each month some thousands: a smaller table is read whole for good reason.
const count = 24_000;

beforeAll(async () => {
  test = await createTestDatabase();
  db = test.db;
  workspaceId = await insertWorkspace(db);
  jobId = await insertJobRow(db, { workspaceId });
  channelId = await insertChannelRow(db, { workspaceId, name: "ops" });
  first = startOfMonth(new Date(), 2);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  for (let later = 0; later <= months; later += 1) {
    const clock = { now: () => startOfMonth(first, later) };
    await createHistoryPruner({ db, clock, log, days: 1_825 }).runOnce();
  }
  const to = startOfMonth(first, months);
  await insertPast(db, { workspaceId, jobId, channelId, from: first, to, count });
  // Of each month one is open, in no order of their due moments.
  for (let later = 0; later < months; later += 1) {
    const scheduledFor = new Date(startOfMonth(first, later).getTime() + 1);
    const dueAt = new Date(to.getTime() - ((later * 7) % months) * 1_000);
    const row = { workspaceId, jobId, status: "queued", scheduledFor, dueAt } as const;
    const executionId = await insertExecutionRow(db, row);
    const told = { workspaceId, channelId, jobId, executionId, status: "pending" } as const;
    await insertDeliveryRow(db, { ...told, madeAt: scheduledFor, dueAt });
  }
  await db.run(raw("analyze"));
});
afterAll(() => test.drop());

/** The reads of the tables of history in the plans of what `work` sends, and each one's table. */
async function readsOf(work: (tx: Tx) => Promise<unknown>): Promise<Step[]> {
  const isHistory = /^(executions|attempts|deliveries|delivery_attempts)_/;
  const reads = await readsOfAll(db, work);
  return reads.filter((step) => isHistory.test(step["Relation Name"] ?? ""));
}

/** Tables with rows that a statement read from one end to the other. */
async function readWhole(work: (tx: Tx) => Promise<unknown>): Promise<string[]> {
  const rows = await db.rows<{ name: string }>(sql`
    select relname as name from pg_class where relispartition and reltuples > 20`);
  const filled = new Set(rows.map(({ name }) => name));
  return (await readsOf(work)).flatMap((step) => {
    const name = step["Relation Name"] ?? "";
    const isWhole = step["Node Type"] === "Seq Scan" && step["Actual Loops"] > 0;
    return isWhole && filled.has(name) ? [name] : [];
  });
}

const page = { limit: 50, before: undefined };
const end = () => startOfMonth(first, months);

describe("over half a year of history, no table is read whole", () => {
  it("by a claim of executions", async () => {
    const work = async (tx: Tx) => {
      const claim = { nodeId: "node_1", dueBy: end(), limit: 100 };
      const claimed = await executionQueue.claimDue(tx, claim);
      expect(claimed).toHaveLength(months);
      const dueTimes = claimed.map(({ dueAt }) => dueAt.getTime());
      expect(dueTimes).toEqual([...dueTimes].sort((a, b) => a - b));
    };
    expect(await readWhole(work)).toEqual([]);
  });

  it("by a settle, which looks into no month but that of its executions", async () => {
    const claim = { nodeId: "node_1", dueBy: end(), limit: 100 };
    const claimed = await executionQueue.claimDue(db, claim);
    const work = async (tx: Tx) => {
      const now = claimed.slice(-1);
      const settlements = now.map((execution) => ({
        ...{ execution, attempt: null, reason: null, outcome: { dueAt: end() } },
      }));
      expect((await executionQueue.settleIfLeased(tx, settlements)).settled.size).toBe(1);
    };
    const reads = (await readsOf(work)).filter((step) => step["Actual Loops"] > 0);
    expect(new Set(reads.map((step) => step["Relation Name"])).size).toBe(1);
    await executionQueue.releaseAllBut(db, "node_1", []);
  });

  it("by a claim of deliveries, and by who looks for what is due next", async () => {
    const work = async (tx: Tx) => {
      const { deliveries } = await deliveryQueue.claimDue(tx, {
        ...{ nodeId: "node_1", now: end(), dueBy: end(), limit: 100, width: 100 },
        ...{ rooms: new Map(), stretch: { after: "", upTo: null } },
      });
      expect(deliveries).toHaveLength(months);
      await executionQueue.nextDueAt(tx);
      await deliveryQueue.nextDueAt(tx);
    };
    expect(await readWhole(work)).toEqual([]);
  });

  it.each<[string, (tx: Tx) => Promise<unknown>]>([
    ["of executions", (tx) => listExecutions(tx, workspaceId, {}, page)],
    ["of a job's executions", (tx) => listExecutions(tx, workspaceId, { jobId }, page)],
    [
      "of executions that failed",
      (tx) => listExecutions(tx, workspaceId, { status: "failed" }, page),
    ],
    ["of deliveries", (tx) => listDeliveries(tx, workspaceId, {}, page)],
    ["of a channel's deliveries", (tx) => listDeliveries(tx, workspaceId, { channelId }, page)],
    ["of a job's deliveries", (tx) => listDeliveries(tx, workspaceId, { jobId }, page)],
  ])("by the first page %s", async (_, list) => {
    expect(await readWhole(list)).toEqual([]);
  });

  it("by who watches, and what was open is looked at again in its months alone", async () => {
    const watched = {
      ...{ workspaceIds: [workspaceId], open: [], since: end(), now: end() },
      ...{ tokenIds: [], sessionIds: [] },
    };
    const { standing } = await readChanges(db, watched);
    expect(standing).toHaveLength(2 * months);
    expect(await readWhole((tx) => readChanges(tx, watched))).toEqual([]);
    const last = startOfMonth(first, months - 1);
    const executions = standing.filter((each) => each.kind === "execution");
    const youngest = executions.filter((each) => each.scheduledFor >= last);
    const told = standing.filter(({ row }) =>
      youngest.some((each) => "execution_id" in row && row.execution_id === each.row.id),
    );
    const open = [...youngest, ...told];
    expect(open).toHaveLength(2);
    // Nobody's newest: these two, as if they had ended, are all there is to look at.
    const work = async (tx: Tx) => {
      const seen = await readChanges(tx, { ...watched, workspaceIds: [], open });
      expect(seen.standing).toEqual(open);
    };
    const reads = (await readsOf(work)).filter((step) => step["Actual Loops"] > 0);
    const tables = reads.map((step) => step["Relation Name"] ?? "").sort();
    expect(tables).toEqual([toPartition("deliveries", last), toPartition("executions", last)]);
  });

  it("by who takes back what is not due, in the months that are left alone", async () => {
    const now = startOfMonth(first, months - 1);
    const work = (tx: Tx) => unplanExecutions(tx, jobId, now);
    const reads = (await readsOf(work)).filter((step) => step["Actual Loops"] > 0);
    const tables = new Set(reads.map((step) => step["Relation Name"]));
    expect(tables.size).toBeGreaterThan(0);
    expect(tables.size).toBeLessThan(months);
    expect(await readWhole(work)).toEqual([]);
  });

  it("by who asks for one, and a list from a day on reads the months since then", async () => {
    const { items } = await listExecutions(db, workspaceId, {}, page);
    const id = items[0]?.id ?? "";
    expect(await readWhole((tx) => findExecution(tx, workspaceId, id))).toEqual([]);
    const from = startOfMonth(first, months - 2);
    const reads = await readsOf((tx) => listExecutions(tx, workspaceId, { from }, page));
    const tables = new Set(reads.map((step) => step["Relation Name"]));
    expect(tables.size).toBeGreaterThan(0);
    expect(tables.size).toBeLessThan(6);
  });
});

it("pages across the borders of months without a gap or a repeat", async () => {
  const seen: string[] = [];
  for (let before: string | undefined; ; before = seen.at(-1)) {
    const { items } = await listExecutions(db, workspaceId, { jobId }, { limit: 700, before });
    if (items.length === 0) break;
    seen.push(...items.map(({ id }) => id));
  }
  expect(new Set(seen).size).toBe(count + months);
  expect(seen).toEqual([...seen].sort().reverse());
});
