// The one door to PostgreSQL: connections, transactions, and the retries that no caller should
// repeat. It knows no table, and no error that leaves it quotes a row.

import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { type CopyTx, copying } from "./copy.ts";
import { type ConnectionTarget, clientConfig } from "./db-config.ts";
import { DatabaseUnavailable, isCollision, readFault } from "./db-errors.ts";
import { type Listening, listen, listenerConfig } from "./listen.ts";
import {
  countOf,
  type Held,
  type Reserved,
  reserveFor,
  rowsOf,
  send,
  type TimeLimit,
  type Tx,
  transact,
} from "./transaction.ts";

export { default as sql, empty, raw, Sql } from "sql-template-tag";
export type { CopyTx } from "./copy.ts";
export type { ConnectionTarget, SocketTarget } from "./db-config.ts";
export { DatabaseUnavailable, violatedConstraint } from "./db-errors.ts";
export type { Listening } from "./listen.ts";
export type { Reserved, TimeLimit, Tx } from "./transaction.ts";

export interface Database extends Tx {
  // Commits what `work` did, or nothing. `work` runs again after a collision with another
  // transaction, so it must change nothing but the database.
  transaction<T>(work: (tx: Tx) => Promise<T>, limit?: TimeLimit): Promise<T>;
  // Lends one connection and closes it afterwards, with its settings and its locks.
  reserve<T>(work: (held: Reserved) => Promise<T>, limit?: TimeLimit): Promise<T>;
  // One transaction without time limits, on a connection of its own, that copies whole tables.
  copy<T>(work: (tx: CopyTx) => Promise<T>): Promise<T>;
  // Calls `onNotify` with "" after a lost connection is back: something may have been missed.
  listen(channel: string, onNotify: (payload: string) => void): Promise<Listening>;
  ping(): Promise<void>;
  // Of the pool, at this moment. The connections of a listener and of a copy are beside it.
  usage(): { busy: number; idle: number; waiting: number };
  // Waits for the statements under way, which their time limits bound.
  close(): Promise<void>;
}

export type ConnectOptions = ConnectionTarget & {
  poolMax: number;
  applicationName: string;
  // The same database past a pooler in transaction mode, for what needs a session of its own:
  // notices and long locks. Statements then go without names, which such a pooler mixes up.
  pastPooler?: ConnectionTarget;
  // Told about what heals itself: a lost idle connection, a listener that reconnects.
  onWarning?: (message: string, error: Error) => void;
};

// A quiet minute gives the memory of a connection back (some 5 MB in PostgreSQL each); loops that
// work every second never reconnect.
const IDLE_CONNECTION_MS = 60_000;
// A backend's caches only ever grow; an hour bounds them and spreads load after a failover.
const CONNECTION_LIFETIME_S = 3_600;
// For /readyz, whose callers often wait no longer than three seconds.
const PING_TIMEOUT_MS = 2_000;
// A migration or a key change at a time, and one beside it.
const DIRECT_POOL_MAX = 2;
// Five tries at a collision: with the waits below, two transactions that meet again each time are
// apart after some 150 ms. More would hide a real fight over the same rows.
const COLLISION_TRIES = 5;
const COLLISION_WAIT_MS = 10;

export function connect(options: ConnectOptions): Database {
  const { pastPooler, applicationName } = options;
  const isPooled = pastPooler !== undefined;
  const config = clientConfig(options, applicationName, isPooled);
  const directConfig = clientConfig(pastPooler ?? options, applicationName);
  const onWarning = options.onWarning ?? (() => undefined);
  const openPool = (where: pg.ClientConfig, max: number) => {
    const opened = new pg.Pool({
      ...{ ...where, max },
      idleTimeoutMillis: IDLE_CONNECTION_MS,
      maxLifetimeSeconds: CONNECTION_LIFETIME_S,
    });
    // Without these two an idle or a borrowed connection that breaks ends the whole process.
    opened.on("error", (error) => onWarning("An idle connection to PostgreSQL broke", error));
    opened.on("connect", (client) => client.on("error", () => undefined));
    return { pool: opened, hasNames: !isPooled };
  };
  const pool = openPool(config, options.poolMax);
  const directPool = isPooled ? openPool(directConfig, DIRECT_POOL_MAX) : pool;
  const listeners = new Set<Listening>();
  const closeAll = async () => {
    await Promise.all([...listeners].map((listening) => listening.stop()));
    await pool.pool.end();
    if (directPool !== pool) await directPool.pool.end();
  };
  let closing: Promise<void> | undefined;

  return {
    rows: (query) => retryCollisions(() => borrow(pool, (held) => rowsOf(held, query))),
    run: (query) => retryCollisions(() => borrow(pool, (held) => countOf(held, query))),
    transaction: (work, limit) =>
      retryCollisions(() => borrow(pool, (held) => transact(held, work, limit))),
    reserve: (work, limit) => borrow(directPool, (held) => reserveFor(held, work, limit)),
    copy: (work) => copying(directConfig, work),
    listen: async (channel, onNotify) => {
      const client = listenerConfig(directConfig);
      const listening = await listen({ client, channel, onNotify, onWarning });
      listeners.add(listening);
      return {
        stop: async () => {
          listeners.delete(listening);
          await listening.stop();
        },
      };
    },
    usage: () => usageOf(pool.pool),
    ping: () =>
      borrow(pool, async (held) => {
        await send(held, { text: "select 1", values: [] }, PING_TIMEOUT_MS);
      }),
    close: () => {
      closing ??= closeAll();
      return closing;
    },
  };
}

function usageOf({ totalCount, idleCount, waitingCount, options }: pg.Pool) {
  // Who asks in this turn of the event loop gets what is idle, or a new connection, in the next.
  const within = idleCount + options.max - totalCount;
  const waiting = Math.max(0, waitingCount - within);
  return { busy: totalCount - idleCount, idle: idleCount, waiting };
}

interface Connections {
  readonly pool: pg.Pool;
  readonly hasNames: boolean;
}

async function borrow<T>(
  { pool, hasNames }: Connections,
  use: (held: Held) => Promise<T>,
): Promise<T> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw readFault(error, false).error;
  }
  const held: Held = { client, hasNames, isBroken: false, isInTransaction: false };
  try {
    return await use(held);
  } finally {
    // pool.query() would close the connection after every refused statement; a broken rule of the
    // schema is no reason to reconnect.
    client.release(held.isBroken);
  }
}

async function retryCollisions<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isCollision(error)) throw error;
      if (tries === COLLISION_TRIES) {
        const message = `PostgreSQL is not available: ${tries} tries met other transactions`;
        throw new DatabaseUnavailable(message, "not_applied", error);
      }
      // Full jitter: two that met must not meet again at the same distance.
      await delay(Math.random() * COLLISION_WAIT_MS * 2 ** tries);
    }
  }
}
