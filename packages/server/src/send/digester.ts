// Folds what comes faster than its destination takes it into digests: one delivery that stands for
// many. It never drops any: they end as the digest ends, with a pointer to it.
//
// For each destination that overflows:
//   1. lock    what is due, so that no sender claims it meanwhile
//   2. sum up  one digest for each of its channels, or the one that waits already (digest.ts)
//   3. fold    the digest becomes due; what it tells waits, parked, for its end
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { createLoop, type Loop } from "../loop.ts";
import type { Database, Tx } from "../store/db.ts";
import {
  extendDigest,
  fold,
  insertDigest,
  listOverflowing,
  lockOpenDigest,
  lockOverflow,
  type Overflow,
} from "../store/digests.ts";
import { addToDigest, toDigestFacts } from "./digest.ts";

export interface DigesterOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly publicUrl: string;
  /** Told when digests were made, so that they leave at once. */
  readonly onDigests: () => void;
}

export interface Digester extends Loop {
  /** Answers how many deliveries were folded. */
  runOnce(): Promise<number>;
}

// What overflows waits for a second before it is folded: nobody misses it meanwhile.
const pauseMs = 1_000;
// What is through within so long is sent one by one: a digest says less than a message does.
const patienceMs = 10_000;
// Deliveries that one transaction folds; more follow in the next, into the same digest.
const membersMax = 1_000;

export function createDigester(options: DigesterOptions): Digester {
  const { db, clock, log, onDigests } = options;
  let cursor = "";

  async function runOnce(): Promise<number> {
    const now = clock.now();
    const overflowing = await listOverflowing(db, { now, patienceMs, cursor });
    cursor = overflowing.cursor;
    let folded = 0;
    for (const destinationId of overflowing.destinationIds) folded += await digest(destinationId);
    if (folded > 0) onDigests();
    return folded;
  }

  /** Each destination is a transaction of its own: one that is locked holds up no other. */
  function digest(destinationId: string): Promise<number> {
    const now = clock.now();
    return db.transaction(async (tx) => {
      const overflows = await lockOverflow(tx, { destinationId, now, limit: membersMax });
      let folded = 0;
      for (const overflow of overflows) folded += await foldOne(tx, overflow, now);
      return folded;
    });
  }

  async function foldOne(tx: Tx, { channel, members }: Overflow, now: Date): Promise<number> {
    // While a flood goes on it is told by one digest that grows, not by one after another.
    const open = await lockOpenDigest(tx, channel);
    if (open !== undefined) {
      await extendDigest(tx, open.id, addToDigest(open.facts, members));
      await fold(tx, open.id, members);
      return members.length;
    }
    // A message that stands for itself alone says more.
    if (members.length === 1) return 0;
    const url = `${options.publicUrl}/channels/${channel.id}`;
    const facts = toDigestFacts(members, url);
    await fold(tx, await insertDigest(tx, { channel, members, facts, now }), members);
    return members.length;
  }

  const loop = createLoop({
    name: "digester",
    pass: async () => ((await runOnce()) > 0 ? 0 : pauseMs),
    log,
  });
  return { ...loop, runOnce };
}
