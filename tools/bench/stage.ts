// What a benchmark is, and the stage that it plays on.

export interface Stage {
  /** Aborted when the benchmark has to end. */
  readonly signal: AbortSignal;
  print(line: string): void;
  /** What has to be done at the end; the newest first. */
  defer(close: () => Promise<void>): void;
}

export interface Bench {
  readonly summary: string;
  readonly limitMs: number;
  /** False when it found less than the product promises. */
  run(stage: Stage): Promise<boolean>;
}
