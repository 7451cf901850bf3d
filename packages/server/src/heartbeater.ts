// Keeps this node's leases alive: one row, renewed every few seconds, stands for all of them.
import type { Log } from "./log.ts";
import { createLoop, type Loop } from "./loop.ts";
import type { DatabaseClock } from "./store/clock.ts";
import type { Database } from "./store/db.ts";
import { beat, bury } from "./store/nodes.ts";

export interface HeartbeaterOptions {
  readonly db: Database;
  readonly log: Log;
  readonly nodeId: string;
  /** Measured again with every beat. */
  readonly clock: DatabaseClock;
}

// Four beats may be lost before the leases run out and another node takes over.
const pauseMs = 5_000;
const lifeSeconds = 20;

export interface Heartbeater extends Loop {
  /** The first beat, before anything is claimed. */
  beat(): Promise<void>;
}

export function createHeartbeater({ db, log, nodeId, clock }: HeartbeaterOptions): Heartbeater {
  const loop = createLoop({
    name: "heartbeater",
    pass: async () => {
      await beat(db, nodeId, lifeSeconds);
      await clock.resync();
      return pauseMs;
    },
    log,
  });
  return {
    ...loop,
    beat: () => beat(db, nodeId, lifeSeconds),
    async stop() {
      await loop.stop();
      try {
        await bury(db, nodeId);
      } catch (error) {
        // Its leases run out by themselves a few seconds later.
        log.warn({ node_id: nodeId, err: error }, "the end of this node could not be written");
      }
    },
  };
}
