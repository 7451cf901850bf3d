// Keeps history in months: makes those that come, drops those that nobody keeps any more, and
// deletes what a workspace keeps for a shorter time. It never touches what is still open.
//
// Each pass, on one of the nodes:
//   1. add     the months ahead, so that no row ever waits for a partition
//   2. drop    the months that are older than what any workspace keeps
//   3. delete  in batches what is left of older rows
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { createLoop, type Loop } from "../loop.ts";
import { type Database, type Reserved, sql } from "./db.ts";
import { addMonths, dropMonths } from "./history-partitions.ts";
import { deletedAtOnce, deleteOld, readLongestDays } from "./history-rows.ts";

export interface HistoryPrunerOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a workspace keeps what has ended, unless it says otherwise. */
  readonly days: number;
}

export interface HistoryPruner extends Loop {
  /** One pass. Answers false when there is more to delete. */
  runOnce(): Promise<boolean>;
}

// Any number that no other lock of this product uses; "hist" in ASCII.
const historyLock = 0x68_69_73_74;

const dayMs = 86_400_000;
// History is kept by the day; an hour late is early enough.
const pauseMs = 3_600_000;
// Something held a table, or a statement took too long: not at once again.
const pauseAfterFailureMs = 60_000;
// A big history that is to go must not keep the disk from what is due.
const pauseBetweenMs = 1_000;
// Batches of one pass: some seconds.
const batchesMax = 20;
// The look at the rows of a month before it ends; see history-partitions.ts. It blocks nobody.
const statementTimeoutMs = 600_000;

export function createHistoryPruner(options: HistoryPrunerOptions): HistoryPruner {
  const { db, clock, log, days } = options;
  let isStopping = false;

  async function prune(held: Reserved): Promise<boolean> {
    const [lock] = await held.rows<{ is_ours: boolean }>(
      sql`select pg_try_advisory_lock(${historyLock}) as is_ours`,
    );
    // Another node is at it.
    if (!lock?.is_ours) return true;
    const now = clock.now();
    const added = await addMonths(held, now);
    const longestDays = await readLongestDays(held, days);
    const dropped = await dropMonths(held, new Date(now.getTime() - longestDays * dayMs));
    if (added.length + dropped.length > 0)
      log.info({ added, dropped }, "months of history changed");
    for (let batch = 0; batch < batchesMax && !isStopping; batch += 1) {
      const count = await held.transaction((tx) => deleteOld(tx, { now, days }));
      if (count < deletedAtOnce) return true;
    }
    return false;
  }

  const runOnce = () => db.reserve(prune, { statementTimeoutMs });

  async function pass(): Promise<number> {
    try {
      return (await runOnce()) ? pauseMs : pauseBetweenMs;
    } catch (error) {
      log.warn({ err: error }, "history could not be pruned and will be tried again");
      return pauseAfterFailureMs;
    }
  }

  const loop = createLoop({ name: "history-pruner", pass, log });
  return {
    ...loop,
    runOnce,
    stop() {
      isStopping = true;
      return loop.stop();
    },
  };
}
