// Takes executions back from nodes that died: 1. move their leases here, 2. settle each as
// interrupted, through the runner's own path. It must never touch a row whose node still beats.
import type { Log } from "../log.ts";
import { createLoop, type Loop } from "../loop.ts";
import type { Database } from "../store/db.ts";
import { takeOverDead } from "../store/execution-queue.ts";
import type { Runner } from "./runner.ts";

export interface RescuerOptions {
  readonly db: Database;
  readonly log: Log;
  readonly nodeId: string;
  readonly runner: Runner;
}

// Half of what a heartbeat may be late: a death is noticed soon after the leases run out.
const pauseMs = 5_000;
// One pass; more rows follow at once in the next.
const batchMax = 500;

export interface Rescuer extends Loop {
  runOnce(): Promise<number>;
}

export function createRescuer({ db, log, nodeId, runner }: RescuerOptions): Rescuer {
  async function runOnce(): Promise<number> {
    const executions = await takeOverDead(db, { nodeId, limit: batchMax }).catch((error) => {
      // They may be leased to this node now, which does not know which they are.
      runner.doubt();
      throw error;
    });
    if (executions.length > 0) {
      log.warn({ executions: executions.length }, "took executions back from a node that died");
    }
    await Promise.all(executions.map(runner.settleInterrupted));
    return executions.length;
  }

  const loop = createLoop({
    name: "execution-rescuer",
    pass: async () => ((await runOnce()) === batchMax ? 0 : pauseMs),
    log,
  });
  return { ...loop, runOnce };
}
