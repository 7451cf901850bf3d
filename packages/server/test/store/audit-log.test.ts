// The audit log only grows: the database itself refuses to change or to delete an entry, but for
// the pruner, which takes what is past its days and nothing else.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { insertHostEntry, pruneAuditLog } from "../../src/store/audit-log.ts";
import { raw, sql } from "../../src/store/db.ts";
import { createPruner } from "../../src/store/pruner.ts";
import { readAuditRows } from "../support/audit.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { insertWorkspace } from "../support/rows.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await insertWorkspace(database.db);
});
afterAll(() => database.drop());

const dayMs = 24 * 3_600_000;

async function insertAged(days: number): Promise<void> {
  const now = new Date(Date.now() - days * dayMs);
  const what = { action: "rotateKey", command: `${days} days ago` } as const;
  await insertHostEntry(database.db, { ...what, subject: null, workspaceId: null, now });
}

const names = async () => (await readAuditRows(database.db)).map((row) => row.actor_name);

const silent = { debug() {}, info() {}, warn() {}, error() {} };

describe("the audit log", () => {
  beforeEach(async () => {
    await database.db.run(raw("alter table audit_log disable trigger user; delete from audit_log"));
    await database.db.run(raw("alter table audit_log enable trigger user"));
  });

  it.each([
    "update audit_log set actor_name = 'somebody else'",
    "update audit_log set at = now() - interval '2000 days'",
    "delete from audit_log",
    "truncate audit_log",
  ])("refuses: %s", async (statement) => {
    await insertAged(900);
    const refused = database.db.run(raw(statement));
    await expect(refused).rejects.toThrow(/the audit log only grows/);
    expect(await names()).toEqual(["900 days ago"]);
  });

  it("lets go what is older than the pruner says, and nothing afterwards", async () => {
    await insertAged(10);
    await insertAged(30);
    const setEnds = sql`
      select set_config('trigrun.audit_log_ends', (now() - interval '20 days')::text, true)`;
    const both = database.db.transaction(async (tx) => {
      await tx.run(setEnds);
      await tx.run(raw("delete from audit_log"));
    });
    await expect(both).rejects.toThrow(/the audit log only grows: delete is refused/);
    await database.db.reserve(async (held) => {
      await held.transaction((tx) => tx.run(setEnds));
      // The same connection: what a transaction may delete ends with it.
      const later = held.run(raw("delete from audit_log where at < now() - interval '20 days'"));
      await expect(later).rejects.toThrow(/the audit log only grows/);
    });
    expect(await names()).toEqual(["30 days ago", "10 days ago"]);
  });

  it("is pruned by age, the oldest first, in batches", async () => {
    for (const days of [399, 401, 402, 403]) await insertAged(days);
    expect(await pruneAuditLog(database.db, { days: 400, limit: 2 })).toBe(2);
    expect(await names()).toEqual(["401 days ago", "399 days ago"]);
    expect(await pruneAuditLog(database.db, { days: 400, limit: 2 })).toBe(1);
    expect(await pruneAuditLog(database.db, { days: 400, limit: 2 })).toBe(0);
    expect(await names()).toEqual(["399 days ago"]);
  });

  it("is pruned by the pruner, after the days of the setting", async () => {
    for (const days of [1, 6, 8, 500]) await insertAged(days);
    const pruner = createPruner({ db: database.db, log: silent, auditDays: 7 });
    pruner.start();
    await pruner.stop();
    expect(await names()).toEqual(["6 days ago", "1 days ago"]);
  });

  it("takes an entry before there is any workspace", async () => {
    const empty = await createTestDatabase();
    try {
      const what = { action: "rotateKey", command: "early", subject: null } as const;
      await insertHostEntry(empty.db, { ...what, workspaceId: null, now: new Date() });
      expect(await readAuditRows(empty.db)).toMatchObject([{ workspace_id: null }]);
    } finally {
      await empty.drop();
    }
  });
});
