// One thing done to many jobs by the routes that take many, and what became of each of them.
import type { JobBatchResult } from "@trigrun/contract";
import { toSentence } from "./api.tsx";
import { doEach } from "./several.ts";

export interface BatchOutcome {
  readonly done: readonly string[];
  /** What was queued, where that was the thing. */
  readonly executionIds: readonly string[];
  readonly refused: readonly { readonly id: string; readonly message: string }[];
}

// As many as the routes take in one call.
const batchMax = 100;

/** A batch that is not answered at all stands for each job in it as refused. */
export async function doBatches(
  ids: readonly string[],
  send: (ids: string[]) => Promise<JobBatchResult>,
): Promise<BatchOutcome> {
  const items: JobBatchResult["items"] = [];
  const lost: { id: string; message: string }[] = [];
  for (let from = 0; from < ids.length; from += batchMax) {
    const some = ids.slice(from, from + batchMax);
    try {
      items.push(...(await send(some)).items);
    } catch (error) {
      lost.push(...some.map((id) => ({ id, message: toSentence(error) })));
    }
  }
  return {
    done: items.filter(({ outcome }) => outcome === "done").map((item) => item.job_id),
    executionIds: items.flatMap(({ execution_id: id }) => (id === null ? [] : [id])),
    refused: [
      ...items
        .filter(({ outcome }) => outcome === "refused")
        .map(({ job_id: id, error }) => ({ id, message: error?.message ?? "It was refused." })),
      ...lost,
    ],
  };
}

/** The same for what has no route for many. */
export async function doSingly(
  ids: readonly string[],
  act: (id: string) => Promise<unknown>,
): Promise<BatchOutcome> {
  const { done, error } = await doEach(ids, act);
  const refused = ids.filter((id) => !done.includes(id));
  const message = error === null ? "" : toSentence(error);
  return { done, executionIds: [], refused: refused.map((id) => ({ id, message })) };
}
