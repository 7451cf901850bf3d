// How the demo says that it did not go as it must. Each reason is a sentence for the reader.

export class DemoFailed extends Error {
  override readonly name = "DemoFailed";
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super(reasons.join("\n"));
    this.reasons = reasons;
  }
}
