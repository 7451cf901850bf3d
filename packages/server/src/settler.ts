// Settles what workers finished, many at a time: while one batch is being committed the next one
// gathers (group commit). It must never lose a settlement: it repeats until the database took it.
import type { Log } from "./log.ts";

export interface Settler<Settlement> {
  /** Resolves once it is durable, or once it is known that the lease was lost. */
  settle(settlement: Settlement): Promise<void>;
}

export interface SettlerOptions<Settlement> {
  readonly name: string;
  /** Must change nothing when it is repeated: the lease in each row sees to that. */
  readonly commit: (batch: readonly Settlement[]) => Promise<void>;
  /** True for failures of the connection: the same batch is tried again until it is taken. */
  readonly isOutage: (error: unknown) => boolean;
  /** What is settled instead when the database refuses one settlement by itself. */
  readonly reduce: (settlement: Settlement, error: unknown) => Settlement;
  readonly log: Log;
}

// One commit of 500 rows costs about as much as five of 10 (design note "engines", part C).
const batchMax = 500;
// An outage is met with a growing pause up to 5 s, so that the end of it is noticed at once.
const pauseMsMin = 100;
const pauseMsMax = 5_000;

interface Entry<Settlement> {
  readonly settlement: Settlement;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createSettler<Settlement>(
  options: SettlerOptions<Settlement>,
): Settler<Settlement> {
  const waiting: Entry<Settlement>[] = [];
  let isCommitting = false;

  async function commitUntilTaken(batch: readonly Settlement[]): Promise<void> {
    for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(pauseMs * 2, pauseMsMax)) {
      try {
        return await options.commit(batch);
      } catch (error) {
        if (!options.isOutage(error)) throw error;
        options.log.warn({ settler: options.name, err: error }, "the database is away");
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  /** One bad row must not hold up the others: each is tried alone, then without its contents. */
  async function settleOneByOne(batch: readonly Entry<Settlement>[]): Promise<void> {
    for (const { settlement, resolve, reject } of batch) {
      try {
        await commitUntilTaken([settlement]);
        resolve();
      } catch (error) {
        options.log.error({ settler: options.name, err: error }, "a result was refused");
        await commitUntilTaken([options.reduce(settlement, error)]).then(resolve, reject);
      }
    }
  }

  async function commitAll(): Promise<void> {
    isCommitting = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, batchMax);
      try {
        await commitUntilTaken(batch.map(({ settlement }) => settlement));
        for (const { resolve } of batch) resolve();
      } catch {
        await settleOneByOne(batch);
      }
    }
    isCommitting = false;
  }

  return {
    settle(settlement) {
      return new Promise<void>((resolve, reject) => {
        waiting.push({ settlement, resolve, reject });
        // Deferred by one turn, so that results of the same moment share a commit.
        if (!isCommitting) {
          isCommitting = true;
          setImmediate(() => void commitAll());
        }
      });
    },
  };
}
