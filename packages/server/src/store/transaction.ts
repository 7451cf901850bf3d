// What happens on one borrowed connection: statements, transactions, and a connection held for
// long. It never retries and never borrows; that is the door's part, in db.ts.

import assert from "node:assert/strict";
import type pg from "pg";
import type { Sql } from "sql-template-tag";
import { QUERY_TIMEOUT_GRACE_MS } from "./db-config.ts";
import { readFault } from "./db-errors.ts";

// A statement with a name is prepared once per connection: for the few hot ones. One name must
// always carry one text.
export interface NamedQuery {
  name?: string;
  text: string;
  values: unknown[];
}

export type Query = Sql | NamedQuery;

export interface Tx {
  rows<Row>(query: Query): Promise<Row[]>;
  // Answers how many rows changed.
  run(query: Query): Promise<number>;
}

// One connection, held for long: for a lock that outlives a transaction.
export interface Reserved extends Tx {
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export interface TimeLimit {
  // Instead of the 30 s that every statement has: for migrations and other rare, long work.
  statementTimeoutMs?: number;
}

export interface Held {
  client: pg.ClientBase;
  // False behind a pooler, where the next statement may meet another session than this one.
  hasNames: boolean;
  // The connection must be closed rather than given back.
  isBroken: boolean;
  // Until its commit is sent, nothing of an open transaction can take effect.
  isInTransaction: boolean;
}

export async function send(
  held: Held,
  query: Query,
  queryTimeoutMs?: number,
): Promise<pg.QueryResult> {
  const values: unknown[] = query.values;
  for (const value of values) {
    assert(value !== undefined, "a bind value is undefined; say null where NULL is meant");
    assert(!(value instanceof Date && Number.isNaN(value.getTime())), "a bind value is no date");
  }
  const name = held.hasNames && "name" in query ? query.name : undefined;
  try {
    return await held.client.query({
      text: query.text,
      values,
      ...(name === undefined ? {} : { name }),
      // The driver reads this limit for one query, though its type does not list it.
      ...(queryTimeoutMs === undefined ? {} : { query_timeout: queryTimeoutMs }),
    });
  } catch (error) {
    const fault = readFault(error, !held.isInTransaction);
    if (fault.breaksConnection) held.isBroken = true;
    throw fault.error;
  }
}

export async function rowsOf<Row>(
  held: Held,
  query: Query,
  queryTimeoutMs?: number,
): Promise<Row[]> {
  const result = await send(held, query, queryTimeoutMs);
  // A caller writes its SQL and its Row side by side, and the store tests run both.
  return result.rows as Row[];
}

export async function countOf(held: Held, query: Query, queryTimeoutMs?: number): Promise<number> {
  // Several statements in one text (a migration) answer a list of results.
  const result: pg.QueryResult | pg.QueryResult[] = await send(held, query, queryTimeoutMs);
  return (Array.isArray(result) ? result.at(-1)?.rowCount : result.rowCount) ?? 0;
}

export async function transact<T>(
  held: Held,
  work: (tx: Tx) => Promise<T>,
  limit: TimeLimit = {},
): Promise<T> {
  let isOpen = true;
  const timeoutMs = queryTimeout(limit);
  const check = () => assert(isOpen, "a transaction was used after its end");
  const tx: Tx = {
    rows: async (query) => {
      check();
      return await rowsOf(held, query, timeoutMs);
    },
    run: async (query) => {
      check();
      return await countOf(held, query, timeoutMs);
    },
  };
  held.isInTransaction = true;
  try {
    await send(held, begin(limit));
    const result = await work(tx);
    isOpen = false;
    held.isInTransaction = false;
    const commit = await send(held, { text: "commit", values: [] }, timeoutMs);
    // PostgreSQL answers ROLLBACK, without an error, when a statement failed and the work
    // swallowed the failure.
    assert(commit.command === "COMMIT", "a transaction went on after one of its statements failed");
    return result;
  } catch (error) {
    isOpen = false;
    if (!held.isBroken) await rollBack(held);
    throw error;
  } finally {
    held.isInTransaction = false;
  }
}

export async function reserveFor<T>(
  held: Held,
  work: (reserved: Reserved) => Promise<T>,
  limit: TimeLimit = {},
): Promise<T> {
  const timeoutMs = queryTimeout(limit);
  try {
    const { statementTimeoutMs } = limit;
    if (statementTimeoutMs !== undefined) {
      const text = `set statement_timeout = ${Math.trunc(statementTimeoutMs)}`;
      await send(held, { text, values: [] });
    }
    return await work({
      rows: (query) => rowsOf(held, query, timeoutMs),
      run: (query) => countOf(held, query, timeoutMs),
      transaction: (inner) => transact(held, inner, limit),
    });
  } finally {
    // Its settings and its locks end with it and cannot leak to the next borrower.
    held.isBroken = true;
  }
}

// One message, so that a longer limit costs no further round trip.
function begin({ statementTimeoutMs }: TimeLimit): Query {
  if (statementTimeoutMs === undefined) return { text: "begin", values: [] };
  const text = `begin; set local statement_timeout = ${Math.trunc(statementTimeoutMs)}`;
  return { text, values: [] };
}

function queryTimeout({ statementTimeoutMs }: TimeLimit): number | undefined {
  return statementTimeoutMs === undefined ? undefined : statementTimeoutMs + QUERY_TIMEOUT_GRACE_MS;
}

async function rollBack(held: Held): Promise<void> {
  try {
    await send(held, { text: "rollback", values: [] });
  } catch {
    // The first error is the one to tell; closing the connection rolls back as well.
    held.isBroken = true;
  }
}
