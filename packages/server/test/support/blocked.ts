// Tells when a race has begun: when a statement waits for the lock that another one holds.
import { type Database, sql } from "../../src/store/db.ts";

/** Resolves when at least `count` statements of this database wait for a lock. */
export async function untilBlocked(db: Database, count = 1): Promise<void> {
  for (;;) {
    const rows = await db.rows(sql`
      select 1 from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`);
    if (rows.length >= count) return;
  }
}
