// Folds what comes faster than its destination takes it into digests: one delivery that stands for
// many. It never drops any: they end as the digest ends, with a pointer to it.
//
// For each destination that overflows:
//   1. lock    what is due, so that no sender claims it meanwhile
//   2. sum up  one digest for each of its channels (digest.ts)
//   3. fold    the digest becomes due; what it tells waits, parked, for its end
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { createLoop, type Loop } from "../loop.ts";
import type { Database } from "../store/db.ts";
import { fold, listOverflowing, lockOverflow, type Overflow } from "../store/digests.ts";
import { toDigestFacts } from "./digest.ts";

export interface DigesterOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly publicUrl: string;
  /** Told when digests were made, so that they leave at once. */
  readonly onDigests: () => void;
}

export interface Digester extends Loop {
  /** Answers how many digests were made. */
  runOnce(): Promise<number>;
}

// Half of a minute's flood is told by the first digest then, and people wait a second for it.
const pauseMs = 1_000;
// What is through within so long is sent one by one: a digest says less than a message does.
const patienceMs = 10_000;
// Deliveries that one digest stands for at most: more are another digest.
const membersMax = 1_000;

export function createDigester(options: DigesterOptions): Digester {
  const { db, clock, log, onDigests } = options;

  async function runOnce(): Promise<number> {
    let digests = 0;
    for (const destinationId of await listOverflowing(db, clock.now(), patienceMs)) {
      digests += await digest(destinationId);
    }
    if (digests > 0) onDigests();
    return digests;
  }

  /** Each destination is a transaction of its own: one that is locked holds up no other. */
  function digest(destinationId: string): Promise<number> {
    const now = clock.now();
    return db.transaction(async (tx) => {
      const overflows = await lockOverflow(tx, { destinationId, now, limit: membersMax });
      // A message that stands for itself alone says more.
      const worthFolding = overflows.filter(({ members }) => members.length > 1);
      for (const overflow of worthFolding) await fold(tx, toDigest(overflow, now));
      return worthFolding.length;
    });
  }

  function toDigest({ channel, members }: Overflow, now: Date) {
    const url = `${options.publicUrl.replace(/\/+$/, "")}/channels/${channel.id}`;
    return { channel, members, facts: toDigestFacts(members, url), now };
  }

  const loop = createLoop({
    name: "digester",
    pass: async () => ((await runOnce()) > 0 ? 0 : pauseMs),
    log,
  });
  return { ...loop, runOnce };
}
