// Everything that can end the demo before its story does, as one abort signal: Ctrl-C and its
// like, the hard limit, and the death of the server. It ends nothing itself.
import { DemoFailed } from "./demo-failed.ts";

/** Somebody asked for the end; that is no failure of the demo. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("interrupted");
    this.exitCode = exitCode;
  }
}

/** Where nobody knows better. */
const whatFollows = "everything after what is told above";

/** The hard limit was reached. Whoever was waiting says what is missing. */
export class OverTime extends DemoFailed {
  constructor(limitMs: number, missing: readonly string[] = [whatFollows]) {
    super([`${limitMs / 1_000} s are over, and this is still missing:`, ...missing]);
  }
}

export interface Ending {
  readonly signal: AbortSignal;
  readonly limitMs: number;
  /** The story is told; from now on only people and faults end the demo. */
  liftLimit(): void;
  end(reason: Error): void;
  /** The promise's own end, or the demo's when that comes first. */
  race<T>(promise: Promise<T>): Promise<T>;
  /** Gives the signals back and stops the clock. */
  close(): void;
}

/** As shells count: 128 and the signal's number. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export function watchForEnd(limitMs: number): Ending {
  const controller = new AbortController();
  const end = (reason: Error) => controller.abort(reason);
  // Counted from the start of the process, so that its loading is inside.
  const timer = setTimeout(() => end(new OverTime(limitMs)), limitMs - performance.now());
  // The listeners stay while things are being stopped: a second Ctrl-C must not leave them behind.
  const listeners = Object.entries(exitCodes).map(
    ([name, exitCode]) => [name, () => end(new Interrupted(exitCode))] as const,
  );
  for (const [name, listener] of listeners) process.on(name, listener);
  // The reader has left (`npm run demo | head`), so nobody wants the rest.
  const onBrokenPipe = () => end(new Interrupted(exitCodes.SIGTERM));
  process.stdout.on("error", onBrokenPipe);
  return {
    signal: controller.signal,
    limitMs,
    liftLimit: () => clearTimeout(timer),
    end,
    race: (promise) => race(promise, controller.signal),
    close: () => {
      clearTimeout(timer);
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
}

async function race<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: () => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, ended]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
