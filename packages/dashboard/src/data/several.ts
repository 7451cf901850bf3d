// Does one thing to several rows, a few at a time, and says what became of each.
import { toSentence } from "./api.tsx";

// More at once would fill the six connections that a browser has for one server.
const atOnce = 4;

export interface Outcome {
  readonly done: readonly string[];
  readonly refused: readonly { readonly id: string; readonly message: string }[];
}

export async function doEach(
  ids: readonly string[],
  act: (id: string) => Promise<unknown>,
): Promise<Outcome> {
  const waiting = [...ids];
  const done: string[] = [];
  const refused: { id: string; message: string }[] = [];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        await act(id);
        done.push(id);
      } catch (error) {
        refused.push({ id, message: toSentence(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return { done, refused };
}
