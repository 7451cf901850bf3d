// The database's time, told by this process without asking the database each time. It counts on
// the monotonic clock, so a step of this machine's wall clock never moves a due moment.

import { performance } from "node:perf_hooks";
import type { Clock } from "../clock.ts";
import { type Database, sql } from "./db.ts";

export interface DatabaseClock extends Clock {
  // Half of the quickest round trip: the true time of the database lies within it.
  readonly errorMs: number;
  // Measures again. Call it with every heartbeat: quartz drifts by some 20 ms in an hour, and on
  // Linux the monotonic clock stands still while the machine sleeps.
  resync(): Promise<void>;
}

// The quickest of five is the one that met no scheduler, no garbage collection and no vacuum.
const ROUND_TRIPS = 5;

interface Measurement {
  // The database's time in ms since 1970 minus performance.now() at the same moment.
  offsetMs: number;
  errorMs: number;
}

export async function syncClock(db: Database): Promise<DatabaseClock> {
  let current = await measure(db);
  return {
    get errorMs() {
      return current.errorMs;
    },
    now: () => new Date(performance.now() + current.offsetMs),
    resync: async () => {
      current = await measure(db);
    },
  };
}

async function measure(db: Database): Promise<Measurement> {
  // In one transaction, so that all round trips use one connection and none counts a connect.
  return await db.transaction(async (tx) => {
    let best: Measurement | undefined;
    for (let trip = 0; trip < ROUND_TRIPS; trip += 1) {
      const sentMs = performance.now();
      // clock_timestamp() moves within a transaction, now() does not.
      const [row] = await tx.rows<{ epoch_ms: number }>(
        sql`select extract(epoch from clock_timestamp())::float8 * 1000 as epoch_ms`,
      );
      const receivedMs = performance.now();
      if (row === undefined) throw new Error("the database told no time");
      const errorMs = (receivedMs - sentMs) / 2;
      if (best === undefined || errorMs < best.errorMs) {
        // The answer was read off at some moment between the two; halfway is the best guess.
        best = { offsetMs: row.epoch_ms - (sentMs + receivedMs) / 2, errorMs };
      }
    }
    if (best === undefined) throw new Error("no round trip was made");
    return best;
  });
}
