// Making and dropping a month under locks: all that a transaction will ever hold is asked for at
// once and before anything else, so that it gives up while nobody waits for it, and meets no claim
// or settle crosswise.
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Database, Reserved, Tx } from "../../src/store/db.ts";
import { sql } from "../../src/store/db.ts";
import { startOfMonth } from "../../src/store/history-months.ts";
import { createHistoryPruner } from "../../src/store/history-pruner.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { listPartitions } from "../support/history.ts";
import { insertWorkspace } from "../support/rows.ts";

let test: TestDatabase;
beforeAll(async () => {
  test = await createTestDatabase();
  await insertWorkspace(test.db);
});
afterAll(() => test.drop());

/** Tables that others have to wait for; those that it has made itself, nobody knows yet. */
async function readLocks(tx: Tx, known: readonly string[]): Promise<string[]> {
  const rows = await tx.rows<{ lock: string }>(sql`
    select c.relname || ' ' || l.mode as lock
    from pg_locks l join pg_class c on c.oid = l.relation
    where l.pid = pg_backend_pid() and l.locktype = 'relation' and c.relname = any(${known})
      and l.mode in ('ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`);
  return rows.map(({ lock }) => lock).sort();
}

interface Watched {
  readonly first: readonly string[];
  readonly last: readonly string[];
}

/** Of each transaction that locks: what its first lock was, and what it had in the end. */
function watchLocks(real: Database, seen: Watched[]): Database {
  const watch = (held: Reserved): Reserved => ({
    ...held,
    transaction: (work) =>
      held.transaction(async (tx) => {
        const tables = await tx.rows<{ name: string }>(sql`
          select relname as name from pg_class
          where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`);
        const known = tables.map(({ name }) => name);
        let first: string[] = [];
        const run: Tx["run"] = async (query) => {
          const count = await tx.run(query);
          if (first.length === 0) first = await readLocks(tx, known);
          return count;
        };
        const result = await work({ rows: (query) => tx.rows(query), run });
        const last = await readLocks(tx, known);
        // What only deletes rows locks no table.
        if (last.length > 0) seen.push({ first, last });
        return result;
      }),
  });
  return { ...real, reserve: (work, limit) => real.reserve((held) => work(watch(held)), limit) };
}

it("holds from its first lock on what it holds in the end", async () => {
  const [begins = ""] = await listPartitions(test.db, "executions");
  const month = new Date(`${begins.replace("_", "-")}-01T00:00:00Z`);
  const seen: Watched[] = [];
  const db = watchLocks(test.db, seen);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const runAt = (now: Date) =>
    createHistoryPruner({ db, clock: { now: () => now }, log, days: 30 }).runOnce();
  await runAt(month);
  const made = await listPartitions(test.db, "executions");
  expect(made.length).toBeGreaterThan(2);
  // As many months later as that the first one goes.
  await runAt(startOfMonth(month, 3));
  expect(await listPartitions(test.db, "executions")).not.toContain(begins);
  expect(seen.length).toBeGreaterThan(3);
  const late = seen.flatMap(({ first, last }) => {
    // Whoever has a table to itself may do with it whatever there is to do.
    const own = first.filter((lock) => lock.endsWith(" AccessExclusiveLock"));
    const tables = new Set(own.map((lock) => lock.split(" ")[0]));
    return last.filter((lock) => !tables.has(lock.split(" ")[0]));
  });
  expect(late).toEqual([]);
});
