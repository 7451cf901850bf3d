// Does one thing to several rows, a few at a time, and says how many of them it did.

// More at once would fill the six connections that a browser has for one server.
const atOnce = 4;

export interface Outcome {
  readonly done: readonly string[];
  readonly failed: number;
  /** Of the first one that failed. */
  readonly error: Error | null;
}

export async function doEach(
  ids: readonly string[],
  act: (id: string) => Promise<unknown>,
): Promise<Outcome> {
  const waiting = [...ids];
  const done: string[] = [];
  const errors: Error[] = [];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await act(id);
        done.push(id);
      } catch (error) {
        errors.push(error instanceof Error ? error : new Error("unknown"));
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { done, failed: errors.length, error: errors[0] ?? null };
}
