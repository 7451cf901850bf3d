// Takes rows back from nodes that died: 1. move their leases to this node, 2. settle each as
// interrupted, through the path of the worker that it belongs to. It must never touch a row whose
// node still beats.
import type { Log } from "./log.ts";
import { createLoop, type Loop } from "./loop.ts";
import type { Work, Worker } from "./worker.ts";

/** One kind of rows to rescue. */
export interface Rescue<Item extends Work> {
  /** For the log: "executions". */
  readonly name: string;
  /** Moves leases of dead nodes to this one, at most so many. */
  readonly takeOverDead: (limit: number) => Promise<Item[]>;
  readonly worker: Pick<Worker<Item>, "takeOver" | "rescue" | "doubt">;
}

export interface RescuerOptions {
  readonly log: Log;
  /** Proves that this node lives: what it takes over would be taken from it otherwise. */
  readonly beat: () => Promise<void>;
  /** Told how many rows of a dead node were taken over. */
  readonly onRescued?: (count: number) => void;
}

// A quarter of what a heartbeat may be late: a death is noticed soon after the leases run out.
const pauseMs = 5_000;
// One pass; more rows follow at once in the next.
const batchMax = 500;

export interface Rescuer extends Loop {
  runOnce(): Promise<number>;
}

export function createRescuer<Item extends Work>(
  { name, takeOverDead, worker }: Rescue<Item>,
  { log, beat, onRescued }: RescuerOptions,
): Rescuer {
  async function runOnce(): Promise<number> {
    await beat();
    const items = await worker
      .takeOver(() => takeOverDead(batchMax))
      .catch((error: unknown) => {
        // They may be leased to this node now, which does not know which they are.
        worker.doubt();
        throw error;
      });
    if (items.length > 0) {
      const ids = items.map(({ id }) => id);
      log.warn({ rows: items.length, ids }, `took ${name} from a node that died`);
    }
    if (items.length > 0) onRescued?.(items.length);
    await worker.rescue(items);
    return items.length;
  }

  const loop = createLoop({
    name: `${name}-rescuer`,
    pass: async () => ((await runOnce()) === batchMax ? 0 : pauseMs),
    log,
  });
  return { ...loop, runOnce };
}
