// A loop that repeats a pass until it is stopped: it sleeps between passes, can be woken, and
// outlives any failure of a pass. It must never run two passes at once.
import type { Log } from "./log.ts";

export interface Loop {
  readonly name: string;
  start(): void;
  /** Starts the next pass now, or right after the one that runs. */
  wake(): void;
  /** Resolves when the pass that runs has ended. No pass starts afterwards. */
  stop(): Promise<void>;
  /** Milliseconds since the last pass that did not fail; since its start before the first. */
  passAgeMs(): number;
}

export interface LoopOptions {
  readonly name: string;
  /** Does what is due and answers how many milliseconds may pass until the next pass. */
  readonly pass: () => Promise<number>;
  readonly log: Log;
}

// After a failed pass: long enough not to hammer a database that is away, short enough that a
// restart of it is hardly noticed.
const pauseAfterFailureMs = 1_000;

export function createLoop({ name, pass, log }: LoopOptions): Loop {
  let isStopped = false;
  let isWoken = false;
  let endSleep: () => void = () => undefined;
  let running: Promise<void> | undefined;
  let passedMs = performance.now();

  async function sleep(milliseconds: number): Promise<void> {
    if (isWoken || isStopped || milliseconds <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      endSleep = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function run(): Promise<void> {
    while (!isStopped) {
      isWoken = false;
      let pauseMs = pauseAfterFailureMs;
      try {
        pauseMs = await pass();
        passedMs = performance.now();
      } catch (error) {
        log.warn({ loop: name, err: error }, "a pass failed and will be repeated");
      }
      await sleep(pauseMs);
    }
  }

  return {
    name,
    start() {
      passedMs = performance.now();
      running ??= run();
    },
    wake() {
      isWoken = true;
      endSleep();
    },
    passAgeMs: () => performance.now() - passedMs,
    async stop() {
      isStopped = true;
      endSleep();
      await running;
    },
  };
}
