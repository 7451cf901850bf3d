// Turns the signals of a whole process's life into one request to stop, and a later signal into
// the order to end at once. It must never leave a signal to Node, which ends without a word.

/** The part of `process` that is listened to. */
export interface SignalSource {
  on(signal: "SIGINT" | "SIGTERM" | "SIGHUP", listener: (signal: string) => void): unknown;
}

export interface StopRequestOptions {
  readonly source: SignalSource;
  /** Must end the process: whoever asks again does not want to wait. */
  readonly endAtOnce: () => void;
  /** Milliseconds of a clock that only runs forward. */
  readonly nowMs: () => number;
}

/** Why a start that was under way goes no further. */
export class StopRequested extends Error {
  override readonly name = "StopRequested";

  constructor(signal: string) {
    super(`${signal} asks to stop.`);
  }
}

// A terminal gives Ctrl-C to every program in it, and npm passes it on as well, up to a second
// later where the machine is busy: within this time they are one and the same request.
const sameRequestMs = 2_000;

/** Aborted, with a StopRequested as its reason, by the first signal. */
export function listenForStop({ source, endAtOnce, nowMs }: StopRequestOptions): AbortSignal {
  const request = new AbortController();
  let firstMs = 0;
  const hear = (name: string) => {
    if (!request.signal.aborted) {
      firstMs = nowMs();
      request.abort(new StopRequested(name));
    } else if (nowMs() - firstMs > sameRequestMs) {
      endAtOnce();
    }
  };
  // SIGHUP: the terminal was closed. Without a listener that ends Node, under `nohup` too.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) source.on(name, hear);
  return request.signal;
}
