// The migration that partitions history, on a database in use: no row is moved or lost, what is
// open goes on, and a node of the version before it works on, on the connections that it has.
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Database } from "../../src/store/db.ts";
import { sql } from "../../src/store/db.ts";
import { listDeliveries } from "../../src/store/deliveries.ts";
import * as deliveryQueue from "../../src/store/delivery-queue.ts";
import * as executionQueue from "../../src/store/execution-queue.ts";
import { listExecutions } from "../../src/store/executions.ts";
import { migrate } from "../../src/store/migrate.ts";
import { insertSlots } from "../../src/store/planning.ts";
import { untilBlocked } from "../support/blocked.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { countHistory, insertPast, listPartitions } from "../support/history.ts";
import { migrateUpTo } from "../support/migrations.ts";
import { previousClaim, previousSettle } from "../support/previous-statements.ts";
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
let workspaceId: string;
let jobId: string;
let channelId: string;

beforeEach(async () => {
  test = await createTestDatabase({ isEmpty: true });
  db = test.db;
  await migrateUpTo(db, 4);
  // What the helper below needs, and the migration makes again.
  await db.run(sql`
    create function id_at(prefix text, at timestamptz) returns text
    language sql immutable parallel safe
    return prefix || '_' || lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0')`);
  workspaceId = await insertWorkspace(db);
  jobId = await insertJobRow(db, { workspaceId });
  channelId = await insertChannelRow(db, { workspaceId, name: "ops" });
  const [from, to] = [new Date("2025-01-01T00:00:00Z"), rowsMadeAt];
  await insertPast(db, { workspaceId, jobId, channelId, from, to, count: 300 });
});
afterEach(() => test.drop());

const later = new Date(rowsMadeAt.getTime() + 60_000);
const page = { limit: 100, before: undefined };

async function read() {
  const executions = await listExecutions(db, workspaceId, {}, page);
  const deliveries = await listDeliveries(db, workspaceId, {}, page);
  return { executions, deliveries, counts: await countHistory(db, workspaceId) };
}

it("moves no row, and lets go on what is open", async () => {
  const open = { workspaceId, jobId, status: "queued" } as const;
  const executionId = await insertExecutionRow(db, { ...open, scheduledFor: later });
  const told = { workspaceId, channelId, jobId, executionId };
  const deliveryId = await insertDeliveryRow(db, { ...told, status: "pending" });
  await db.run(sql`
    insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
      destination_id, event, facts, due_at)
    values (new_id('dlv'), ${workspaceId}, ${channelId}, 'ops', 'webhook', 'dest_1', 'digest',
      '{}', now() + interval '1 year')`);
  const places = () =>
    db.rows(sql`select relname, pg_relation_filenode(oid) as node from pg_class
      where relname in ('executions', 'executions_default') and relkind = 'r'`);
  const before = await read();
  const [heap] = await places();
  await migrate(db);
  expect(await read()).toEqual(before);
  expect(await places()).toEqual([{ ...(heap ?? {}), relname: "executions_default" }]);
  for (const table of ["executions", "attempts", "deliveries", "delivery_attempts"]) {
    expect(await listPartitions(db, table)).toEqual([
      expect.stringMatching(/^\d{4}_\d\d$/),
      "default",
    ]);
  }
  const claim = { nodeId: "node_1", now: later, dueBy: later, limit: 10 };
  expect((await executionQueue.claimDue(db, claim)).map(({ id }) => id)).toEqual([executionId]);
  const { deliveries } = await deliveryQueue.claimDue(db, {
    ...{ ...claim, width: 8, rooms: new Map() },
    stretch: { after: "", upTo: null },
  });
  expect(deliveries.map(({ id }) => id)).toEqual([deliveryId]);
});

it("lets a node of the version before plan, claim, settle and tell", async () => {
  await db.run(sql`
    insert into rules (id, workspace_id, job_id, channel_id, event)
    values (new_id('rule'), ${workspaceId}, ${jobId}, ${channelId}, 'on_success')`);
  // On one connection, whose plans are of the tables of before when the names change hands.
  await db.reserve(async (node) => {
    const work = async (slotAt: Date) => {
      const slot = { jobId, workspaceId, slotAt, missedReason: null };
      const now = { now: slotAt, publicUrl: "https://cron.example.com" };
      await insertSlots(node, [slot], now);
      await insertSlots(node, [slot], now);
      const claimed = await node.rows<{ id: string }>({
        name: "executions_claim_due",
        text: previousClaim,
        values: ["node_1", slotAt, 10],
      });
      const ends = claimed.map(({ id }) => ({
        ...{ id, node_id: "node_1", attempts_before: 0, status: "succeeded", due_at: null },
        ...{ finished_at: slotAt, reason: null, warnings: [], completes_job: false },
        ...{ events: ["on_success"], facts: { execution: {} }, output: null, interruption: 0 },
        ...{ number: 1, a_status: "SUCCESS", status_code: 200, started_at: slotAt },
        body_truncated: false,
      }));
      const settled = await node.rows<{ deliveries: number }>({
        name: "executions_settle_if_leased",
        text: previousSettle,
        values: [JSON.stringify(ends)],
      });
      return settled.map(({ deliveries }) => Number(deliveries));
    };
    for (let minute = 1; minute <= 6; minute += 1) {
      expect(await work(new Date(later.getTime() + minute * 60_000))).toEqual([1]);
    }
    await migrate(db);
    for (let minute = 7; minute <= 12; minute += 1) {
      expect(await work(new Date(later.getTime() + minute * 60_000))).toEqual([1]);
    }
  });
  expect(await countHistory(db, workspaceId)).toEqual([312, 312, 312, 300]);
});

// The steps before the last one lock as well, and are done when the names change hands.
it.each(["its first step", "its last step"])("waits for a writer at %s", async (step) => {
  const file = new URL("../../src/store/migrations/0006_history.sql", import.meta.url);
  const steps = (await readFile(file, "utf8")).split(/^-- step:.*$/m);
  const last = steps.pop() ?? "";
  if (step === "its last step") {
    for (const text of steps) await db.transaction((tx) => tx.run({ text, values: [] }));
  }
  const open = { workspaceId, jobId, status: "queued" } as const;
  const id = await insertExecutionRow(db, { ...open, scheduledFor: later });
  let migrated: Promise<unknown> | undefined;
  await db.transaction(async (writer) => {
    await writer.run(sql`update executions set reason = 'mine' where id = ${id}`);
    migrated =
      step === "its last step"
        ? db.transaction((tx) => tx.run({ text: last, values: [] }))
        : migrate(db);
    await untilBlocked(db);
    await writer.run(sql`update executions set reason = 'still mine' where id = ${id}`);
  });
  await migrated;
  expect(await db.rows(sql`select reason from executions where id = ${id}`)).toEqual([
    { reason: "still mine" },
  ]);
});
