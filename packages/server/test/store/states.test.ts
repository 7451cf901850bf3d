// The database repeats the transition tables: impossible rows and impossible steps are refused by
// itself, whatever the code above it believes.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { raw, sql } from "../../src/store/db.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { insertExecutionRow, insertJobRow, insertWorkspace } from "../support/rows.ts";

let database: TestDatabase;
let workspaceId: string;
let jobId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  workspaceId = await insertWorkspace(database.db);
  jobId = await insertJobRow(database.db, { workspaceId });
});
afterAll(() => database.drop());

const ends = {
  running: "status = 'running', due_at = now(), started_at = now(), finished_at = null",
  queued:
    "status = 'queued', due_at = now(), started_at = null, attempt_count = 0, finished_at = null",
  succeeded: "status = 'succeeded', due_at = null, finished_at = now(), attempt_count = 1",
  failed: "status = 'failed', due_at = null, finished_at = now(), attempt_count = 1",
  cancelled: "status = 'cancelled', due_at = null, finished_at = now()",
} as const;
type Status = keyof typeof ends;
const statuses = Object.keys(ends) as Status[];
const allowed: Record<Status, Status[]> = {
  queued: ["running", "cancelled"],
  running: ["queued", "succeeded", "failed", "cancelled"],
  succeeded: [],
  failed: [],
  cancelled: [],
};

/** Steps of an execution, each from a fresh row in `from`. */
async function step(from: Status, to: Status): Promise<number> {
  const { db } = database;
  const id = await insertExecutionRow(db, {
    workspaceId,
    jobId,
    trigger: "manual",
    status: "queued",
  });
  if (from !== "queued")
    await db.run(raw(`update executions set ${ends.running} where id = '${id}'`));
  if (from !== "queued" && from !== "running") {
    await db.run(raw(`update executions set ${ends[from]} where id = '${id}'`));
  }
  return db.run(raw(`update executions set ${ends[to]} where id = '${id}'`));
}

describe("an execution", () => {
  for (const from of statuses) {
    for (const to of statuses.filter((status) => status !== from)) {
      const isAllowed = allowed[from].includes(to);
      it(`may ${isAllowed ? "" : "not "}go from ${from} to ${to}`, async () => {
        if (isAllowed) expect(await step(from, to)).toBe(1);
        else await expect(step(from, to)).rejects.toThrow(/may not go from/);
      });
    }
  }

  it("that was attempted is not queued again", async () => {
    const { db } = database;
    const id = await insertExecutionRow(db, {
      workspaceId,
      jobId,
      trigger: "manual",
      status: "queued",
    });
    await db.run(
      raw(`update executions set ${ends.running}, attempt_count = 1 where id = '${id}'`),
    );
    await expect(
      db.run(raw(`update executions set status = 'queued', started_at = null where id = '${id}'`)),
    ).rejects.toThrow();
  });

  it.each([
    ["running without a due moment", "status = 'running', due_at = null, started_at = now()"],
    ["cancelled without an end", "status = 'cancelled', due_at = null"],
    ["due though it ended", "status = 'cancelled', finished_at = now()"],
    ["leased while queued", "node_id = 'node_1'"],
    ["running without a start", "status = 'running'"],
    ["more often interrupted than attempted", `${ends.running}, interruptions = 1`],
  ])("is never %s", async (_, change) => {
    const { db } = database;
    const row = { workspaceId, jobId, trigger: "manual", status: "queued" } as const;
    const id = await insertExecutionRow(db, row);
    await expect(db.run(raw(`update executions set ${change} where id = '${id}'`))).rejects.toThrow(
      /violates check constraint/,
    );
  });

  it("is never succeeded without an attempt", async () => {
    const { db } = database;
    const row = { workspaceId, jobId, trigger: "manual", status: "queued" } as const;
    const id = await insertExecutionRow(db, row);
    await db.run(raw(`update executions set ${ends.running} where id = '${id}'`));
    const end = "status = 'succeeded', due_at = null, finished_at = now()";
    await expect(db.run(raw(`update executions set ${end} where id = '${id}'`))).rejects.toThrow(
      "attempted_when_judged",
    );
  });
});

const deliverySteps = {
  pending: "status = 'pending', due_at = now(), node_id = null, finished_at = null",
  processing: "status = 'processing', due_at = now(), node_id = 'node_1', finished_at = null",
  sent: "status = 'sent', due_at = null, node_id = null, finished_at = now(), attempt_count = 1",
  failed: "status = 'failed', due_at = null, node_id = null, finished_at = now()",
} as const;
type DeliveryStatus = keyof typeof deliverySteps;
const deliveryPath: Record<DeliveryStatus, DeliveryStatus[]> = {
  pending: [],
  processing: ["processing"],
  sent: ["processing", "sent"],
  failed: ["processing", "failed"],
};
const deliveryAllowed: Record<DeliveryStatus, DeliveryStatus[]> = {
  pending: ["processing", "failed"],
  processing: ["pending", "sent", "failed"],
  sent: ["pending"],
  failed: ["pending"],
};

describe("a delivery", () => {
  for (const from of Object.keys(deliverySteps) as DeliveryStatus[]) {
    for (const to of Object.keys(deliverySteps) as DeliveryStatus[]) {
      if (from === to) continue;
      const isAllowed = deliveryAllowed[from].includes(to);
      it(`may ${isAllowed ? "" : "not "}go from ${from} to ${to}`, async () => {
        const { db } = database;
        const [row] = await db.rows<{ id: string }>(sql`
          insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
            destination_id, job_id, execution_id, event, facts, due_at)
          values (new_id('dlv'), ${workspaceId}, new_id('chan'), 'c', 'webhook', 'dest_x', ${jobId},
            new_id('exec'), 'on_failure', '{}', now())
          returning id`);
        const go = (status: DeliveryStatus) =>
          db.run(raw(`update deliveries set ${deliverySteps[status]} where id = '${row?.id}'`));
        for (const status of deliveryPath[from]) await go(status);
        if (isAllowed) expect(await go(to)).toBe(1);
        else await expect(go(to)).rejects.toThrow(/may not go from/);
      });
    }
  }
});
