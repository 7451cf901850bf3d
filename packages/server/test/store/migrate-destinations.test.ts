// The migration that brings destinations, on a database that has been in use: every channel keeps
// its name and leads to one, and what was still to be sent is sent.
import { expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { claimDue } from "../../src/store/delivery-queue.ts";
import { migrate } from "../../src/store/migrate.ts";
import { createTestDatabase } from "../support/db.ts";
import { migrateUpTo } from "../support/migrations.ts";

const at = new Date("2026-11-23T10:00:00.000Z");

it("gives every channel a destination, and lets what waits go on", async (test) => {
  const database = await createTestDatabase({ isEmpty: true });
  test.onTestFinished(() => database.drop());
  const { db } = database;
  await migrateUpTo(db, 1);
  await db.run(sql`insert into workspaces (id, name) values ('ws_1', 'one')`);
  await db.run(sql`
    insert into channels (id, workspace_id, name, type, config, secrets)
    values ('chan_1', 'ws_1', 'ops', 'webhook', '{}', '')`);
  // The second one's channel was deleted in the moment in which its execution was settled.
  await db.run(sql`
    insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type, job_id,
      execution_id, event, facts, status, due_at, finished_at, attempt_count, created_at)
    values
      ('dlv_1', 'ws_1', 'chan_1', 'ops', 'webhook', 'job_1', 'exec_0', 'on_failure', '{}',
        'pending', ${at}, null, 2, ${at}),
      ('dlv_2', 'ws_1', 'chan_2', 'gone', 'webhook', 'job_1', 'exec_0', 'on_failure', '{}',
        'pending', ${at}, null, 0, ${at}),
      ('dlv_3', 'ws_1', 'chan_3', 'gone long ago', 'webhook', 'job_1', 'exec_0', 'on_failure',
        '{}', 'sent', null, ${at}, 1, ${at})`);

  await migrate(db);
  const { deliveries } = await claimDue(db, {
    ...{ nodeId: "node_1", now: at, dueBy: at, limit: 10, width: 8, rooms: new Map() },
    stretch: { after: "", upTo: null },
  });
  const claimed = deliveries.map(({ id, attemptCount, channel }) => [
    id,
    attemptCount,
    channel?.type,
  ]);
  expect(claimed.sort()).toEqual([
    ["dlv_1", 2, "webhook"],
    ["dlv_2", 0, undefined],
  ]);
  const channels = await db.rows(sql`
    select c.name, t.interval_ms from channels c join destinations t on t.id = c.destination_id`);
  expect(channels).toEqual([{ name: "ops", interval_ms: null }]);
});
