// Where PostgreSQL is, how long we wait for it, and how its types become JavaScript's. Every
// number here is a promise to callers; it never reads the environment by itself.

import assert from "node:assert/strict";
import pg from "pg";

export interface SocketTarget {
  // A host name, or the folder of a Unix socket.
  host: string;
  port?: number;
  user: string;
  database: string;
  password?: string;
}

export type ConnectionTarget = { url: string } | SocketTarget;

// For a new connection and for a free place in the pool. A caller of the API hears "unavailable"
// before the 10 s at which most HTTP clients give up by themselves.
const CONNECT_TIMEOUT_MS = 5_000;
// Every statement here is planned to take milliseconds; a thousand times as long is a fault, and
// half of the 60 s after which common proxies drop the request that waits for it.
const STATEMENT_TIMEOUT_MS = 30_000;
// The client's own limit frees a query from a half-open connection. It comes after the server's,
// because a statement that the server ends leaves a connection that can be used again.
export const QUERY_TIMEOUT_GRACE_MS = 5_000;
// A transaction here never waits for anything but PostgreSQL; one that idles is a stopped process
// (a laptop's lid, a debugger), and its row locks would hold up every other node.
const IDLE_IN_TRANSACTION_MS = 30_000;
// Asks the network about an idle peer before a firewall's usual five minutes forget it.
const KEEP_ALIVE_MS = 10_000;

// The port that names the socket file too, and PostgreSQL's default.
const DEFAULT_PORT = 5_432;

// PostgreSQL reads a Date that is sent with UTC's offset the same way on every machine.
pg.defaults.parseInputDatesAsUTC = true;

/** `isPooled`: a pooler takes the connection, which refuses most settings of a session. */
export function clientConfig(
  target: ConnectionTarget,
  applicationName: string,
  isPooled = false,
): pg.ClientConfig {
  const shared: pg.ClientConfig = {
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS + QUERY_TIMEOUT_GRACE_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    types: { getTypeParser },
    ...(isPooled ? {} : sessionSettings),
  };
  if ("url" in target) return urlConfig(target.url, shared);
  const { host, port, user, database, password } = target;
  const config: pg.ClientConfig = { ...shared, host, port: port ?? DEFAULT_PORT, user, database };
  if (password !== undefined) config.password = password;
  // A PGSSLMODE of the environment is about other servers than the one behind a local socket.
  if (host.startsWith("/")) config.ssl = false;
  return config;
}

function urlConfig(url: string, shared: pg.ClientConfig): pg.ClientConfig {
  const config = { ...shared, connectionString: url };
  try {
    // Reads the address now; the pool would do so at its first statement only.
    new pg.Client(config);
  } catch {
    // The parser's own error carries the address, and with it the password.
    throw new Error(
      "The database address is not valid. It has the form postgres://user:password@host:5432/name.",
    );
  }
  return config;
}

const sessionSettings: pg.ClientConfig = {
  statement_timeout: STATEMENT_TIMEOUT_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  // Days and text forms of instants are UTC's, whatever the server's own setting is.
  options: "-c timezone=UTC",
};

// Numbers of the types below: select oid, typname from pg_type.
const INT8 = 20;
const INT8_ARRAY = 1016;
const DATE = 1082;
const TIMESTAMP = 1114;

const getTypeParser: typeof pg.types.getTypeParser = (typeId, format) => {
  // The declared type lists the base types only; arrays have numbers of their own.
  const oid: number = typeId;
  if (oid === INT8) return readInt8;
  if (oid === INT8_ARRAY) return readInt8Array;
  // Both would become instants of this machine's own time zone, which is never what is meant.
  if (oid === DATE || oid === TIMESTAMP) return String;
  return pg.types.getTypeParser(typeId, format);
};

// Counts and positions fit a number by far; one that does not must not be rounded silently.
function readInt8(text: string): number {
  const value = Number(text);
  assert(Number.isSafeInteger(value), `${text} does not fit a JavaScript number`);
  return value;
}

function readInt8Array(text: string): (number | null)[] {
  assert(!text.startsWith("{{"), "an array of arrays of int8 is not read here");
  if (text === "{}") return [];
  const items = text.slice(1, -1).split(",");
  return items.map((item) => (item === "NULL" ? null : readInt8(item)));
}
