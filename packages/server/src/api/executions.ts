// Executions: reads them with their attempts, queues replays, and ends what a client cancels.
import { ApiError } from "@trigrun/contract";
import { newId } from "../id.ts";
import { cancelExecutions } from "../run/canceller.ts";
import { listDeliveries } from "../store/deliveries.ts";
import {
  findAttempts,
  findExecution,
  listExecutions,
  queueExecution,
} from "../store/executions.ts";
import { toPageRequest } from "../store/page.ts";
import { wake } from "../store/wake.ts";
import type { ApiHandlers, RequestContext } from "./context.ts";
import { requireFound } from "./found.ts";

export const executionHandlers: Pick<
  ApiHandlers,
  | "listExecutions"
  | "getExecution"
  | "replayExecution"
  | "cancelExecution"
  | "listExecutionNotifications"
> = {
  async listExecutions({ query }, { tx, workspaceId }) {
    const { status, job_id: jobId, job_name: jobName, from, to } = query;
    const filter = { status, jobId, jobName, from, to };
    return listExecutions(tx, workspaceId, filter, toPageRequest("execution", query));
  },

  async getExecution({ params }, context) {
    const execution = await readExecution(context, params.id);
    return { ...execution, attempts: await findAttempts(context.tx, execution) };
  },

  async replayExecution({ params }, context) {
    const { tx, workspaceId, now } = context;
    const original = await readExecution(context, params.id);
    if (original.finished_at === null) {
      throw new ApiError(
        "unprocessable",
        `The execution is ${original.status}: only one that has ended can be replayed. ` +
          "Wait for its end, or cancel it first.",
      );
    }
    const id = newId("execution", now);
    const isQueued = await queueExecution(tx, {
      id,
      workspaceId,
      jobId: original.job_id,
      trigger: "replay",
      replayOf: original.id,
      now,
    });
    if (!isQueued) {
      throw new ApiError(
        "unprocessable",
        `The job "${original.job_name}" was deleted, and with it the request to make again.`,
      );
    }
    await wake(tx, "runner");
    return readExecution(context, id);
  },

  async cancelExecution({ params }, context) {
    const { tx, now, services } = context;
    const before = await readExecution(context, params.id);
    const cancelled = await cancelExecutions(tx, {
      executionIds: [before.id],
      reason: "Cancelled by hand.",
      now,
      publicUrl: services.publicUrl,
    });
    const after = await readExecution(context, params.id);
    if (cancelled.length === 0) {
      throw new ApiError(
        "conflict",
        `The execution has ended already: ${after.status} at ${after.finished_at}.`,
      );
    }
    await wake(tx, "sender");
    return after;
  },

  async listExecutionNotifications({ params, query }, context) {
    const { tx, workspaceId } = context;
    const page = toPageRequest("delivery", query);
    const execution = await readExecution(context, params.id);
    return listDeliveries(tx, workspaceId, { executionId: execution.id }, page);
  },
};

async function readExecution({ tx, workspaceId }: RequestContext, id: string) {
  return requireFound(await findExecution(tx, workspaceId, id), "execution");
}
