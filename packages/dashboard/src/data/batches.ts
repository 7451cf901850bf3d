// One thing done to many jobs by the routes that take many, and what became of each of them.
import type { JobBatchResult } from "@trigrun/contract";
import { toSentence } from "./api.tsx";
import type { Outcome } from "./several.ts";

export interface BatchOutcome extends Outcome {
  /** What was queued, where that was the thing. */
  readonly executionIds?: readonly string[];
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
