// Sorts what goes wrong between us and PostgreSQL: an outage, a collision worth another try, or
// a refusal that the caller must read. It never lets the values of a row travel in an error.

import pg from "pg";

// The database cannot be used right now. The API answers it with 503, loops try again later.
export class DatabaseUnavailable extends Error {
  // "unknown": the connection broke after the last statement left, so it may have been applied.
  readonly outcome: "not_applied" | "unknown";

  constructor(message: string, outcome: "not_applied" | "unknown", cause?: unknown) {
    super(message, { cause });
    this.name = "DatabaseUnavailable";
    this.outcome = outcome;
  }
}

// Two transactions met and PostgreSQL ended one of them; the same work succeeds when run again.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
const COLLISIONS: ReadonlySet<string> = new Set([
  "40001", // serialization_failure
  "40P01", // deadlock_detected
]);

// What PostgreSQL answers when it cannot serve, as opposed to when it will not do what we ask.
const OUTAGES: ReadonlySet<string> = new Set([
  "28000", // invalid_authorization_specification
  "28P01", // invalid_password
  "3D000", // invalid_catalog_name: the database is not there
  "25006", // read_only_sql_transaction: we reached a standby
  "25P03", // idle_in_transaction_session_timeout
  "25P04", // transaction_timeout
  "57014", // query_canceled: the statement timeout
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "57P04", // database_dropped
  "57P05", // idle_session_timeout
  "58030", // io_error
]);

// Whole classes of outage: 08 connection exception, 53 insufficient resources.
const OUTAGE_CLASSES: ReadonlySet<string> = new Set(["08", "53"]);

// After these the session is over, although PostgreSQL still found the time to say so. A standby
// says 25006: a new connection may find the new primary.
const SESSION_ENDS: ReadonlySet<string> = new Set([
  "25006",
  "25P03",
  "25P04",
  "57P01",
  "57P02",
  "57P03",
  "57P04",
  "57P05",
]);

export interface Fault {
  error: Error;
  // The connection can no longer be trusted and must be closed.
  breaksConnection: boolean;
}

// Reads an error of the driver. `mayApply` says whether the statement can take effect by itself;
// one inside an open transaction cannot, because a lost connection rolls it back.
export function readFault(error: unknown, mayApply: boolean): Fault {
  if (error instanceof pg.DatabaseError && error.code !== undefined) {
    const code = error.code;
    const refusal = withoutValues(error);
    if (isStalePlan(error)) return { error: refusal, breaksConnection: true };
    if (!OUTAGES.has(code) && !OUTAGE_CLASSES.has(code.slice(0, 2))) {
      return { error: refusal, breaksConnection: false };
    }
    const ended = SESSION_ENDS.has(code) || code.startsWith("08");
    const message = `PostgreSQL is not available: ${error.message} (${code})`;
    return {
      error: new DatabaseUnavailable(message, "not_applied", refusal),
      breaksConnection: ended,
    };
  }
  // Anything else that the driver throws is about the socket: refused, reset, timed out.
  const reason = error instanceof Error ? error : new Error(String(error));
  const message = `PostgreSQL is not available: ${reason.message || reasonCode(reason)}`;
  const outcome = mayApply ? "unknown" : "not_applied";
  return { error: new DatabaseUnavailable(message, outcome, reason), breaksConnection: true };
}

// True when the same work, run again from its start, is expected to succeed.
export function isCollision(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) return false;
  return COLLISIONS.has(error.code) || isStalePlan(error);
}

// True when somebody held a lock for longer than `lock_timeout` waits.
export function isLockTimeout(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "55P03";
}

// The name of the constraint that a write broke (unique, foreign key, check, not null).
export function violatedConstraint(error: unknown): string | undefined {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  // 23: integrity constraint violation. A broken NOT NULL names the column only.
  return error.code?.startsWith("23") ? (error.constraint ?? error.column) : undefined;
}

// A prepared statement outlived a migration that changed its columns. The plan lives in the
// connection, so another connection does the same work without complaint.
function isStalePlan(error: pg.DatabaseError): boolean {
  return error.code === "0A000" && error.routine === "RevalidateCachedQuery";
}

// DETAIL and CONTEXT quote whole rows ("Failing row contains ..."), and rows hold credentials.
function withoutValues(error: pg.DatabaseError): pg.DatabaseError {
  error.detail = undefined;
  error.where = undefined;
  error.internalQuery = undefined;
  return error;
}

// An AggregateError (several addresses, all refused) has an empty message and a code.
function reasonCode(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
