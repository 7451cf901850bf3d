// The end of a node: written where the database is there, and no obstacle where it is away.
import { expect, it } from "vitest";
import { createHeartbeater } from "../../src/heartbeater.ts";
import { syncClock } from "../../src/store/clock.ts";
import { sql } from "../../src/store/db.ts";
import { createTestDatabase } from "../support/db.ts";

async function openNode() {
  const warnings: string[] = [];
  const log = {
    ...{ debug() {}, info() {}, error() {} },
    warn: (_: unknown, message: string) => void warnings.push(message),
  };
  const database = await createTestDatabase();
  const { db } = database;
  const nodeId = "node_0193a5c4f7e2a1b2c3d4e5f60718293a";
  const heartbeater = createHeartbeater({
    onLapse: () => undefined,
    db,
    log,
    nodeId,
    clock: await syncClock(db),
  });
  await heartbeater.beat();
  const countNodes = async () => (await db.rows(sql`select id from nodes`)).length;
  return { database, heartbeater, warnings, countNodes };
}

it("A node that stops is buried, so that its leases can be rescued at once", async (test) => {
  const { database, heartbeater, warnings, countNodes } = await openNode();
  test.onTestFinished(() => database.drop());
  expect(await countNodes()).toBe(1);
  await heartbeater.stop();
  expect(await countNodes()).toBe(0);
  expect(warnings).toEqual([]);
});

it("A node that stops while the database is away says so, and stops", async (test) => {
  const { database, heartbeater, warnings } = await openNode();
  test.onTestFinished(() => database.drop());
  await database.db.close();
  await heartbeater.stop();
  expect(warnings).toEqual(["the end of this node could not be written"]);
});
