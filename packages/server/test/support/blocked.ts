// Tells when a race has begun: when a statement waits for the lock that another one holds.
import { type Database, sql } from "../../src/store/db.ts";

// The other statement is on its way already; ten seconds are a very slow machine.
const patienceMs = 10_000;

/** Resolves when a statement of this database waits for a lock; fails when none does. */
export async function untilBlocked(db: Database): Promise<void> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < patienceMs) {
    const rows = await db.rows(sql`
      select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`);
    if (rows.length > 0) return;
  }
  throw new Error("no statement waits for a lock: the race that the test is about did not happen");
}
