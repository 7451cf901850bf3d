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
  /** What else has to be kept up with as often; its failure is logged, and it is tried again. */
  readonly onBeat?: () => Promise<void>;
  /** Called when a beat came so late that others may have taken what this node holds. */
  readonly onLapse: () => void;
}

// Four beats may be lost before the leases run out and another node takes over.
const pauseMs = 5_000;
const lifeSeconds = 20;

export interface Heartbeater extends Loop {
  beat(): Promise<void>;
  /** False while the leases of this node may have run out. */
  hasLeases(): boolean;
  /** Beats now when they may have. */
  ensureLeases(): Promise<void>;
}

export function createHeartbeater(options: HeartbeaterOptions): Heartbeater {
  const { db, log, nodeId, clock, onLapse } = options;
  // By the process's own steady clock, and from before each beat was sent: never too long.
  let aliveUntilMs = 0;
  const hasLeases = () => performance.now() < aliveUntilMs;

  async function beatOnce(): Promise<void> {
    const hasLapsed = aliveUntilMs > 0 && !hasLeases();
    const sentAtMs = performance.now();
    await beat(db, nodeId, lifeSeconds);
    aliveUntilMs = sentAtMs + lifeSeconds * 1_000;
    if (hasLapsed) onLapse();
  }

  const loop = createLoop({
    name: "heartbeater",
    pass: async () => {
      await beatOnce();
      await clock.resync();
      await options.onBeat?.();
      return pauseMs;
    },
    log,
  });
  return {
    ...loop,
    beat: beatOnce,
    hasLeases,
    async ensureLeases() {
      if (!hasLeases()) await beatOnce();
    },
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
