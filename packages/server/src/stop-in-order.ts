// Stops what runs, one step after the other. A step that fails is logged and never keeps the
// later ones from being reached.
import type { Log } from "./log.ts";

export interface StopStep {
  /** Noun: what is stopped. */
  readonly name: string;
  stop(): Promise<unknown>;
}

/** Every step was reached, and some of them failed: the reasons are in the log. */
export class StopFailed extends Error {
  override readonly name = "StopFailed";

  constructor(names: readonly string[]) {
    super(`It has ended, but not in order: ${names.join(", ")}. The log says why.`);
  }
}

export async function stopInOrder(steps: readonly StopStep[], log: Log): Promise<void> {
  const failed: string[] = [];
  for (const step of steps) {
    try {
      await step.stop();
    } catch (error) {
      log.error({ part: step.name, err: error }, "a part did not stop in order");
      failed.push(step.name);
    }
  }
  if (failed.length > 0) throw new StopFailed(failed);
}

/** Parts that may stop together: all are waited for, whichever fails first. */
export function stopTogether(steps: readonly StopStep[], log: Log): StopStep {
  return {
    name: steps.map(({ name }) => name).join(" and "),
    async stop() {
      const ends = await Promise.allSettled(steps.map((step) => stopInOrder([step], log)));
      const failed = steps.filter((_, index) => ends[index]?.status === "rejected");
      if (failed.length > 0) throw new StopFailed(failed.map(({ name }) => name));
    },
  };
}
