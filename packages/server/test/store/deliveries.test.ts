// Deliveries in the database: sending again by hand, alone and in bulk, and who wins the races.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Database, sql } from "../../src/store/db.ts";
import {
  countFailed,
  findDelivery,
  findDeliveryWithAttempts,
  hastenDelivery,
  listDeliveries,
  lockDelivery,
  restartDelivery,
  restartFailed,
} from "../../src/store/deliveries.ts";
import { claimDue } from "../../src/store/delivery-queue.ts";
import { untilBlocked } from "../support/blocked.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import {
  type DeliveryRow,
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
  channelId = await insertChannelRow(db, { workspaceId, name: "ops" });
});

const now = new Date(rowsMadeAt.getTime() + 60_000);
const plus = (milliseconds: number) => new Date(rowsMadeAt.getTime() + milliseconds);

/** Each with an execution of its own, as one execution tells a channel only once. */
async function insert(row: Partial<DeliveryRow> = {}): Promise<string> {
  const run = { workspaceId, jobId, status: "failed", trigger: "manual" } as const;
  const executionId = await insertExecutionRow(db, run);
  return insertDeliveryRow(db, { workspaceId, jobId, channelId, executionId, ...row });
}

const restart = (limit = 100) => restartFailed(db, workspaceId, {}, { now, limit, stepMs: 0 });

interface RoundRow {
  status: string;
  due_at: Date;
  finished_at: Date | null;
  round_start: number;
  interruptions: number;
}

async function readRound(id: string): Promise<RoundRow | undefined> {
  const [row] = await db.rows<RoundRow>(sql`
    select status, due_at, finished_at, round_start, interruptions
    from deliveries where id = ${id}`);
  return row;
}

describe("restartDelivery", () => {
  it.each(["failed", "sent"] as const)("begins a fresh round of a %s one", async (status) => {
    const id = await insert({ status, attemptCount: 4 });
    await db.run(sql`update deliveries set interruptions = 2 where id = ${id}`);
    await restartDelivery(db, id, now);
    expect(await readRound(id)).toEqual({
      status: "pending",
      due_at: now,
      finished_at: null,
      round_start: 4,
      interruptions: 0,
    });
  });
});

describe("hastenDelivery", () => {
  it("makes a waiting one due now and keeps its round", async () => {
    const id = await insert({ status: "pending", attemptCount: 2, dueAt: plus(3_600_000) });
    await hastenDelivery(db, id, now);
    expect(await readRound(id)).toMatchObject({ due_at: now, round_start: 0 });
  });

  it("does not put off one that has been due for long", async () => {
    const id = await insert({ status: "pending", dueAt: plus(1) });
    await hastenDelivery(db, id, now);
    expect(await readRound(id)).toMatchObject({ due_at: plus(1) });
  });
});

describe("lockDelivery", () => {
  it("waits for a sender and sees what it made of the delivery", async () => {
    const id = await insert({ status: "pending" });
    let locked: ReturnType<typeof lockDelivery> | undefined;
    await db.transaction(async (tx) => {
      await claimDue(tx, {
        ...{ nodeId: "node_x", now, dueBy: now, limit: 1_000, width: 1_000, rooms: new Map() },
        stretch: { after: "", upTo: null },
      });
      locked = lockDelivery(db, workspaceId, id);
      await untilBlocked(db);
    });
    expect(await locked).toMatchObject({ status: "processing", channelName: "the channel" });
  });

  it("waits for a delete of the channel and then finds none", async () => {
    const id = await insert();
    let locked: ReturnType<typeof lockDelivery> | undefined;
    await db.transaction(async (tx) => {
      await tx.run(sql`delete from channels where id = ${channelId}`);
      locked = lockDelivery(db, workspaceId, id);
      await untilBlocked(db);
    });
    expect(await locked).toMatchObject({ channel: { state: "deleted" } });
  });

  it("keeps the channel from being deleted until the delivery is pending again", async () => {
    const id = await insert();
    let deleted: Promise<number> | undefined;
    await db.transaction(async (tx) => {
      await lockDelivery(tx, workspaceId, id);
      deleted = db.run(sql`delete from channels where id = ${channelId}`);
      await untilBlocked(db);
      await restartDelivery(tx, id, now);
    });
    expect(await deleted).toBe(1);
    expect(await readRound(id)).toMatchObject({ status: "pending" });
  });
});

describe("restartFailed", () => {
  it("touches failed ones only, whose channel is there and enabled", async () => {
    const disabled = await insertChannelRow(db, {
      workspaceId,
      name: "disabled",
      disabledReason: "It answered 410.",
    });
    const failed = await insert();
    await insert({ status: "sent" });
    await insert({ status: "pending" });
    await insert({ channelId: disabled });
    await insert({ channelId: "chan_00000000000000000000000000000000" });
    expect(await countFailed(db, workspaceId, {}, 100)).toBe(1);
    expect(await restart()).toBe(1);
    expect(await readRound(failed)).toMatchObject({ status: "pending", due_at: now });
    expect(await restart()).toBe(0);
  });

  it("stays within the workspace", async () => {
    await insert();
    const other = await insertWorkspace(db, "Other");
    expect(await countFailed(db, other, {}, 100)).toBe(0);
    expect(await restartFailed(db, other, { channelId }, { now, limit: 100, stepMs: 0 })).toBe(0);
    expect(await restart()).toBe(1);
  });

  it("takes the oldest first and no more than its limit", async () => {
    const newest = await insert({ madeAt: plus(2) });
    const oldest = await insert({ madeAt: plus(0) });
    const middle = await insert({ madeAt: plus(1) });
    expect(await countFailed(db, workspaceId, {}, 2)).toBe(2);
    expect(await restart(2)).toBe(2);
    const states = await Promise.all([oldest, middle, newest].map(readRound));
    expect(states.map((row) => row?.status)).toEqual(["pending", "pending", "failed"]);
  });

  it("gives each delivery to one of two calls at once", async () => {
    await insert();
    const second = await db.transaction(async (tx) => {
      expect(await restartFailed(tx, workspaceId, {}, { now, limit: 100, stepMs: 0 })).toBe(1);
      return restart();
    });
    expect(second).toBe(0);
  });

  it("looks past what a delete of the channel is ending at the same time", async () => {
    const id = await insert();
    const count = await db.transaction(async (tx) => {
      await tx.run(sql`delete from channels where id = ${channelId}`);
      return restart();
    });
    expect(count).toBe(0);
    expect(await readRound(id)).toMatchObject({ status: "failed" });
  });
});

describe("reading", () => {
  it("shows the latest hundred attempts of endless rounds", async () => {
    const id = await insert({ attemptCount: 103 });
    const delivery = await findDeliveryWithAttempts(db, workspaceId, id);
    expect(delivery?.attempt_count).toBe(103);
    expect(delivery?.attempts.map(({ number }) => number)).toEqual(
      Array.from({ length: 100 }, (_, index) => index + 4),
    );
  });

  it("takes `from` as included and `to` as excluded", async () => {
    const first = await insert({ madeAt: plus(0) });
    const second = await insert({ madeAt: plus(3_600_000) });
    const ids = async (filter: { from?: Date; to?: Date }) => {
      const page = { limit: 10, before: undefined };
      const { items } = await listDeliveries(db, workspaceId, filter, page);
      return items.map(({ id }) => id);
    };
    expect(await ids({ from: plus(0), to: plus(3_600_000) })).toEqual([first]);
    expect(await ids({ from: plus(1) })).toEqual([second]);
    expect(await ids({ to: plus(3_600_001) })).toEqual([second, first]);
  });

  it("tells the next attempt of a waiting delivery only", async () => {
    const waiting = await insert({ status: "pending", dueAt: plus(5) });
    const sending = await insert({ status: "processing" });
    expect(await findDelivery(db, workspaceId, waiting)).toMatchObject({
      next_attempt_at: plus(5).toISOString(),
      max_attempts: 10,
    });
    expect(await findDelivery(db, workspaceId, sending)).toMatchObject({ next_attempt_at: null });
  });
});
