// What a pooler between us and PostgreSQL cannot be told at the start of a connection, the role
// must bring: that is checked here, and refused with the words that mend it. It changes nothing.
import { type Database, DatabaseUnavailable, sql } from "./db.ts";

/** Days are UTC's here, and no statement may hold its locks for ever. */
export async function refuseUnfitPooler(db: Database): Promise<void> {
  const [row] = await db.rows<{
    timezone: string;
    limit: string;
    idle_limit: string;
    role: string;
  }>(sql`
    select current_setting('TimeZone') as timezone, current_setting('statement_timeout') as limit,
      current_setting('idle_in_transaction_session_timeout') as idle_limit,
      quote_ident(current_user) as role`);
  if (row === undefined) return;
  if (isUtc(row.timezone) && row.limit !== "0" && row.idle_limit !== "0") return;
  const commands = ["timezone = 'UTC'", "statement_timeout = '30s'", idleLimit].map(
    (each) => `alter role ${row.role} set ${each};`,
  );
  throw new DatabaseUnavailable(
    `The role behind DATABASE_URL lacks settings that a pooler does not pass on. Run ` +
      `\`${commands.join(" ")}\` in PostgreSQL, and let the pooler reconnect.`,
    "not_applied",
  );
}

// A stopped process must not hold its row locks against every other node.
const idleLimit = "idle_in_transaction_session_timeout = '30s'";

function isUtc(timezone: string): boolean {
  return ["UTC", "Etc/UTC", "GMT"].includes(timezone);
}
