// Takes deliveries back from nodes that died: 1. move their leases here, 2. settle each as
// interrupted, through the sender's own path. It must never touch a row whose node still beats.
import type { Log } from "../log.ts";
import { createLoop, type Loop } from "../loop.ts";
import type { Database } from "../store/db.ts";
import { takeOverDead } from "../store/delivery-queue.ts";
import type { Sender } from "./sender.ts";

export interface RescuerOptions {
  readonly db: Database;
  readonly log: Log;
  readonly nodeId: string;
  readonly sender: Sender;
}

// As for executions: a death is noticed soon after the leases run out.
const pauseMs = 5_000;
const batchMax = 500;

export interface Rescuer extends Loop {
  runOnce(): Promise<number>;
}

export function createRescuer({ db, log, nodeId, sender }: RescuerOptions): Rescuer {
  async function runOnce(): Promise<number> {
    const deliveries = await takeOverDead(db, { nodeId, limit: batchMax }).catch((error) => {
      // They may be leased to this node now, which does not know which they are.
      sender.doubt();
      throw error;
    });
    if (deliveries.length > 0) {
      log.warn({ deliveries: deliveries.length }, "took deliveries back from a node that died");
    }
    await Promise.all(deliveries.map(sender.settleInterrupted));
    return deliveries.length;
  }

  const loop = createLoop({
    name: "delivery-rescuer",
    pass: async () => ((await runOnce()) === batchMax ? 0 : pauseMs),
    log,
  });
  return { ...loop, runOnce };
}
