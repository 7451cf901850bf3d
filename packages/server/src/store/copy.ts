// Whole tables in and out by COPY, in one transaction on a connection of its own. Only here is a
// statement without a time limit, so nothing that serves anybody may use it.
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from, to } from "pg-copy-streams";
import { raw } from "sql-template-tag";
import { readFault } from "./db-errors.ts";
import { type Held, type Tx, transact } from "./transaction.ts";

export interface CopyTx extends Tx {
  /** The rows that `copy … to stdout` answers, in pieces that are not rows. */
  copyOut(text: string): AsyncIterable<Buffer>;
  /** Answers how many rows `copy … from stdin` took. */
  copyIn(text: string, rows: AsyncIterable<Buffer>): Promise<number>;
}

const noLimits = raw(
  "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0",
);

/** Not repeated after a collision: what was read from a stream is gone. */
export async function copying<T>(
  config: pg.ClientConfig,
  work: (tx: CopyTx) => Promise<T>,
): Promise<T> {
  // A table of any size takes its time. What ends a copy whose peer is gone is TCP's keep-alive.
  const { query_timeout: _, ...unlimited } = config;
  const client = new pg.Client(unlimited);
  // What breaks the connection also rejects the statement under way.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw readFault(error, false).error;
  }
  const held: Held = { client, hasNames: true, isBroken: false, isInTransaction: false };
  try {
    return await transact(held, async (tx) => {
      await tx.run(noLimits);
      return work({ ...tx, ...copiesOf(held) });
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}

function copiesOf(held: Held): Pick<CopyTx, "copyOut" | "copyIn"> {
  return {
    async *copyOut(text) {
      let isWhole = false;
      const rows: Readable = held.client.query(to(text));
      try {
        // A Readable of bytes without an encoding gives Buffers.
        for await (const piece of rows as AsyncIterable<Buffer>) yield piece;
        isWhole = true;
      } catch (error) {
        throw readFault(error, false).error;
      } finally {
        // PostgreSQL would go on sending rows that nobody reads.
        if (!isWhole) held.isBroken = true;
      }
    },
    async copyIn(text, rows) {
      const target = held.client.query(from(text));
      let failure: { readonly error: unknown } | undefined;
      try {
        await pipeline(
          watch(rows, (error) => (failure = { error })),
          target,
        );
      } catch (error) {
        // What is wrong with the source is told as it is, not as PostgreSQL's word for it.
        if (failure !== undefined) throw failure.error;
        throw readFault(error, false).error;
      }
      return target.rowCount;
    },
  };
}

async function* watch(
  rows: AsyncIterable<Buffer>,
  onError: (error: unknown) => void,
): AsyncGenerator<Buffer> {
  try {
    yield* rows;
  } catch (error) {
    onError(error);
    throw error;
  }
}
