// Deletes what has outlived its purpose: idempotency keys after 24 hours, nodes long dead.
// History is not touched here.
import type { Log } from "../log.ts";
import { createLoop, type Loop } from "../loop.ts";
import { type Database, sql, type Tx } from "./db.ts";
import { forgetDead } from "./nodes.ts";

// An hour late is early enough: the keys are checked for their age when they are used.
const pauseMs = 3_600_000;
// Rows of one statement, so that no lock is held for long.
const batchMax = 1_000;

export function createPruner({ db, log }: { db: Database; log: Log }): Loop {
  return createLoop({
    name: "pruner",
    pass: async () => {
      await forgetDead(db);
      return (await pruneIdempotencyKeys(db)) === batchMax ? 0 : pauseMs;
    },
    log,
  });
}

async function pruneIdempotencyKeys(tx: Tx): Promise<number> {
  return tx.run(sql`
    delete from idempotency_keys where (workspace_id, key) in (
      select workspace_id, key from idempotency_keys
      where created_at < now() - interval '24 hours' limit ${batchMax}
    )`);
}
