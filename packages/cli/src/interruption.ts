// Turns the signals that ask the program to end into one abort, so that a command can still put
// away what it made. It never takes the echo of a Ctrl-C for a second one.

/** The part of `process` that is listened to. */
interface SignalSource {
  on(signal: "SIGINT" | "SIGTERM" | "SIGHUP", listener: () => void): unknown;
}

// `npx` passes a terminal's Ctrl-C on to a program that has got it already, at its leisure.
const sameRequestMs = 2_000;

/** Aborted by the first signal. `endAtOnce` is called by one that comes clearly later. */
export function listenForInterruption(source: SignalSource, endAtOnce: () => void): AbortSignal {
  const interruption = new AbortController();
  let firstMs = 0;
  // SIGTERM is how a supervisor ends a program, SIGHUP how a closed terminal does.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    source.on(name, () => {
      if (!interruption.signal.aborted) {
        firstMs = performance.now();
        interruption.abort();
      } else if (performance.now() - firstMs > sameRequestMs) {
        endAtOnce();
      }
    });
  }
  return interruption.signal;
}
