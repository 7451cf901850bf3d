// History in months: made ahead by one of many nodes, dropped when nobody keeps it, and never while
// anything in it is open. What a workspace keeps for a shorter time is deleted from within.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../src/id.ts";
import type { Database } from "../../src/store/db.ts";
import { raw, sql } from "../../src/store/db.ts";
import { restartDelivery } from "../../src/store/deliveries.ts";
import { startOfMonth } from "../../src/store/history-months.ts";
import { createHistoryPruner } from "../../src/store/history-pruner.ts";
import { insertSlots } from "../../src/store/planning.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { countHistory, insertPast, listPartitions } from "../support/history.ts";
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
/** The month with which the partitions begin. */
let first: Date;

beforeEach(async () => {
  test = await createTestDatabase();
  db = test.db;
  workspaceId = await insertWorkspace(db);
  jobId = await insertJobRow(db, { workspaceId });
  channelId = await insertChannelRow(db, { workspaceId, name: "ops" });
  const [row] = await db.rows<{ first: Date }>(sql`
    select (date_trunc('month', applied_at at time zone 'UTC') + interval '2 months')
      at time zone 'UTC' as first from migrations where name = '0006_history.sql'`);
  first = row?.first ?? new Date(0);
});
afterEach(() => test.drop());

const dayMs = 86_400_000;
const month = (later: number, days = 0) =>
  new Date(startOfMonth(first, later).getTime() + days * dayMs);
const nameOf = (later: number) => month(later).toISOString().slice(0, 7).replace("-", "_");
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** A pass at an instant. False when there is more to delete. */
function prune(at: Date, days = 90): Promise<boolean> {
  const now = () => at;
  return createHistoryPruner({ db, clock: { now }, log: quiet, days }).runOnce();
}

const past = (from: Date, to: Date, count: number) =>
  insertPast(db, { workspaceId, jobId, channelId, from, to, count });

const tables = ["executions", "attempts", "deliveries", "delivery_attempts"];

async function partitionsOfAll(): Promise<string[]> {
  const lists = await Promise.all(tables.map((table) => listPartitions(db, table)));
  for (const list of lists) expect(list).toEqual(lists[0]);
  return lists[0] ?? [];
}

describe("months", () => {
  it("are made ahead, once, by however many nodes at once", async () => {
    expect(await partitionsOfAll()).toEqual([nameOf(0), "default"]);
    await prune(month(0));
    await Promise.all([prune(month(1, 3)), prune(month(1, 3)), prune(month(1, 3))]);
    await prune(month(1, 4));
    expect(await partitionsOfAll()).toEqual([0, 1, 2, 3].map(nameOf).concat("default"));
    const loose = await db.rows(sql`
      select conname from pg_constraint where not convalidated or conname like '%later'
        or conname = 'month_ends'`);
    expect(loose).toEqual([]);
  });

  it("that nobody made for long are one, and nothing of that time is lost", async () => {
    await past(month(0), month(4), 40);
    expect(await db.rows(sql`select count(*) from ${raw(`executions_${nameOf(0)}`)}`)).toEqual([
      { count: 40 },
    ]);
    await prune(month(4, 1), 1_000);
    expect(await partitionsOfAll()).toEqual([0, 5, 6].map(nameOf).concat("default"));
    expect(await countHistory(db, workspaceId)).toEqual([40, 40, 40, 40]);
  });

  it("are gone on with where a node died in the middle", async () => {
    const left = `alter table attempts_${nameOf(0)} add constraint month_ends check (number > 0)`;
    await db.run(raw(`${left} not valid`));
    await prune(month(0, 3));
    expect(await partitionsOfAll()).toEqual([0, 1, 2].map(nameOf).concat("default"));
  });
});

describe("a month that cannot be ended", () => {
  it("refuses no row that is made afterwards", async () => {
    await db.transaction(async (tx) => {
      // A reader of the whole table, whose partitions are free.
      await tx.run(raw("lock table only executions in access share mode"));
      await expect(prune(month(0, 3))).rejects.toThrow("lock timeout");
    });
    expect(await db.rows(sql`select from pg_constraint where conname = 'month_ends'`)).toEqual([]);
  });

  it("is not given an end that is only minutes away", async () => {
    await prune(new Date(month(1).getTime() - 1_800_000));
    expect(await partitionsOfAll()).toEqual([0, 2].map(nameOf).concat("default"));
  });
});

describe("a slot", () => {
  it("has one execution whatever month it lies in, and however many nodes plan it", async () => {
    for (let later = 0; later <= 2; later += 1) await prune(month(later));
    const now = month(2);
    const slots = [month(-30), month(0), month(1, 20), month(2)].map((slotAt) => ({
      ...{ jobId, workspaceId, slotAt },
      missedReason: slotAt < now ? "Nobody was there." : null,
    }));
    const plan = () => insertSlots(db, slots, { now, publicUrl: "https://cron.example.com" });
    await Promise.all([plan(), plan(), plan()]);
    const rows = await db.rows(sql`
      select tableoid::regclass::text as part, status from executions order by scheduled_for`);
    expect(rows).toEqual([
      { part: "executions_default", status: "cancelled" },
      { part: `executions_${nameOf(0)}`, status: "cancelled" },
      { part: `executions_${nameOf(1)}`, status: "cancelled" },
      { part: `executions_${nameOf(2)}`, status: "queued" },
    ]);
  });
});

describe("pruning", () => {
  it("drops the months that have aged, and leaves the others as they are", async () => {
    await prune(month(0));
    await past(month(0), month(3), 90);
    for (let later = 1; later <= 3; later += 1) await prune(month(later));
    // A day before the first month has aged, and on the day.
    await prune(month(1, 89));
    expect((await partitionsOfAll())[0]).toBe(nameOf(0));
    expect(await countHistory(db, workspaceId)).toEqual([90, 90, 90, 90]);
    await prune(month(1, 90));
    expect((await partitionsOfAll())[0]).toBe(nameOf(1));
    const [executions, ...others] = await countHistory(db, workspaceId);
    expect(executions).toBeLessThan(62);
    // What goes by the ids goes an hour later, never earlier.
    for (const count of others) expect(count).toBeGreaterThanOrEqual(executions ?? 0);
  });

  it("takes a slot of a time whose month is gone", async () => {
    await prune(month(0));
    await prune(month(6));
    expect(await partitionsOfAll()).not.toContain(nameOf(0));
    const slot = { jobId, workspaceId, slotAt: month(0, 1), missedReason: "Nobody was there." };
    await insertSlots(db, [slot], { now: month(6), publicUrl: "https://cron.example.com" });
    const rows = await db.rows(sql`select tableoid::regclass::text as part from executions`);
    expect(rows).toEqual([{ part: "executions_default" }]);
    // Made a moment ago, it is kept as long as anything else that was.
    await prune(month(6, 60));
    expect(await countHistory(db, workspaceId)).toEqual([1, 0, 0, 0]);
    await prune(month(6, 130));
    expect(await countHistory(db, workspaceId)).toEqual([0, 0, 0, 0]);
  });

  it.each([
    ["queued", "executions", "status = 'queued', due_at = now()"],
    ["leased", "executions", "status = 'running', node_id = 'n', started_at = now()"],
  ] as const)("keeps a month with an execution that is %s", async (_, table, state) => {
    await prune(month(0));
    await past(month(0, 5), month(0, 6), 3);
    const id = newId("execution", month(0, 7));
    await db.run(sql`
      insert into executions (id, workspace_id, job_id, status, trigger, scheduled_for, due_at)
      values (${id}, ${workspaceId}, ${jobId}, 'queued', 'manual', ${month(0, 7)}, now())`);
    await db.run(raw(`update ${table} set ${state} where id = '${id}'`));
    await prune(month(1));
    await prune(month(1, 95));
    expect((await partitionsOfAll())[0]).toBe(nameOf(0));
    // In the end the ended ones go by themselves; the open one stays.
    while (!(await prune(month(1, 200))));
    expect((await partitionsOfAll())[0]).toBe(nameOf(0));
    expect(await db.rows(sql`select id from executions`)).toEqual([{ id }]);
  });

  it("keeps a month with a delivery that waits, and its execution, until it ends", async () => {
    await prune(month(0));
    const madeAt = month(0, 20);
    const executionId = await insertExecutionRow(db, {
      ...{ workspaceId, jobId, status: "failed", scheduledFor: madeAt },
    });
    // Told long after the end of the month, and failed then.
    const told = { workspaceId, channelId, jobId, executionId, madeAt: month(2, 5) };
    const id = await insertDeliveryRow(db, told);
    await prune(month(2));
    await db.transaction((tx) => restartDelivery(tx, id, month(2, 10)));
    await prune(month(4, 10));
    while (!(await prune(month(12))));
    expect((await partitionsOfAll())[0]).toBe(nameOf(0));
    expect(await countHistory(db, workspaceId)).toEqual([1, 1, 1, 1]);
    await db.run(sql`
      update deliveries set status = 'failed', due_at = null, finished_at = now()
      where id = ${id}`);
    await prune(month(12, 1));
    expect(await countHistory(db, workspaceId)).toEqual([0, 0, 0, 0]);
  });

  it("keeps a month while a delivery waits of an execution made after it", async () => {
    for (let later = 0; later <= 2; later += 1) await prune(month(later));
    const made = { scheduledFor: month(0, 20), madeAt: month(1, 5) };
    const row = { workspaceId, jobId, status: "cancelled", ...made } as const;
    const executionId = await insertExecutionRow(db, row);
    const told = { workspaceId, channelId, jobId, executionId, madeAt: month(2, 5) };
    const id = await insertDeliveryRow(db, told);
    await db.transaction((tx) => restartDelivery(tx, id, month(2, 10)));
    await prune(month(6));
    expect((await partitionsOfAll())[0]).toBe(nameOf(0));
    expect(await countHistory(db, workspaceId)).toEqual([1, 1, 1, 1]);
    await db.run(sql`
      update deliveries set status = 'failed', due_at = null, finished_at = now()
      where id = ${id}`);
    await prune(month(6, 1));
    expect(await countHistory(db, workspaceId)).toEqual([0, 0, 0, 0]);
  });

  it("lets a workspace keep less, and another one more, than the installation", async () => {
    const other = await insertWorkspace(db, "long");
    const otherJob = await insertJobRow(db, { workspaceId: other });
    const otherChannel = await insertChannelRow(db, { workspaceId: other, name: "ops" });
    await db.run(sql`update workspaces set history_days = 10 where id = ${workspaceId}`);
    await db.run(sql`update workspaces set history_days = 400 where id = ${other}`);
    await prune(month(0));
    const span = { from: month(0), to: month(2), count: 600 };
    await insertPast(db, { workspaceId, jobId, channelId, ...span });
    await insertPast(db, {
      ...{ workspaceId: other, jobId: otherJob, channelId: otherChannel },
      ...span,
    });
    while (!(await prune(month(2))));
    const kept = await db.rows<{ oldest: Date }>(sql`
      select min(scheduled_for) as oldest from executions where workspace_id = ${workspaceId}`);
    const age = month(2).getTime() - (kept[0]?.oldest.getTime() ?? 0);
    expect(age).toBeLessThanOrEqual(10 * dayMs);
    expect(age).toBeGreaterThan(9 * dayMs);
    const counts = await countHistory(db, workspaceId);
    expect(new Set(counts).size).toBe(1);
    expect(await countHistory(db, other)).toEqual([600, 600, 600, 600]);
  });

  it("deletes what lies outside of the months, with the warnings and digests", async () => {
    await past(month(-8), month(-7), 5);
    const madeAt = month(-8);
    await db.run(sql`
      insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
        destination_id, event, facts, status, attempt_count, created_at, finished_at)
      values (${newId("delivery", madeAt)}, ${workspaceId}, ${channelId}, 'ops', 'webhook',
        'dest_1', 'digest', '{}', 'sent', 1, ${madeAt}, ${madeAt})`);
    await prune(month(-1));
    expect(await countHistory(db, workspaceId)).toEqual([0, 0, 0, 0]);
  });
});
