// Many jobs at once, in one transaction, each by the handler of the single one. A refusal comes
// before anything is written for its job, so that the others stand.
import { ApiError, type JobBatchResult } from "@trigrun/contract";
import type { ApiHandlers, RequestContext } from "./context.ts";
import { jobHandlers } from "./jobs.ts";

export const jobBatchHandlers: Pick<ApiHandlers, "pauseJobs" | "resumeJobs" | "runJobsNow"> = {
  async pauseJobs({ body }, context) {
    return await actOnEach(body.job_ids, async (id) => {
      await jobHandlers.pauseJob(toInput(id), context);
      return null;
    });
  },

  async resumeJobs({ body }, context) {
    return await actOnEach(body.job_ids, async (id) => {
      await jobHandlers.resumeJob(toInput(id), context);
      return null;
    });
  },

  async runJobsNow({ body }, context: RequestContext) {
    return await actOnEach(body.job_ids, async (id) => {
      return (await jobHandlers.runJobNow(toInput(id), context)).id;
    });
  },
};

const toInput = (id: string) => ({ params: { id } });

/** In the order of ids, so that two such calls wait for each other instead of locking crosswise. */
async function actOnEach(
  jobIds: readonly string[],
  act: (id: string) => Promise<string | null>,
): Promise<JobBatchResult> {
  const items = new Map<string, JobBatchResult["items"][number]>();
  for (const id of [...new Set(jobIds)].sort()) items.set(id, await toResult(id, act));
  return { items: [...new Set(jobIds)].flatMap((id) => items.get(id) ?? []) };
}

async function toResult(
  id: string,
  act: (id: string) => Promise<string | null>,
): Promise<JobBatchResult["items"][number]> {
  try {
    const executionId = await act(id);
    return { job_id: id, outcome: "done", execution_id: executionId, error: null };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { code, message } = error;
    return { job_id: id, outcome: "refused", execution_id: null, error: { code, message } };
  }
}
