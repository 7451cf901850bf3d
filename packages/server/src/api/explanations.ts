// Explanations: gathers what is recorded and lets the noun say it.
import { explainDelivery, explainExecution } from "../send/explanation.ts";
import { findDeliveryWithAttempts, listDeliveries } from "../store/deliveries.ts";
import { findAttempts, findExecution } from "../store/executions.ts";
import { listRules } from "../store/rules.ts";
import type { ApiHandlers } from "./context.ts";
import { requireFound } from "./found.ts";

// An explanation is read by a person: what one page holds of an execution's deliveries and of a
// job's rules is more than enough.
const page = { limit: 100, before: undefined };

export const explanationHandlers: Pick<ApiHandlers, "explainExecution" | "explainDelivery"> = {
  async explainExecution({ params }, { tx, workspaceId }) {
    const found = await findExecution(tx, workspaceId, params.id);
    const execution = requireFound(found, "execution");
    const attempts = await findAttempts(tx, execution);
    const rules = await listRules(tx, { workspaceId, jobId: execution.job_id, page });
    const filter = { executionId: execution.id };
    const deliveries = await listDeliveries(tx, workspaceId, filter, page);
    return {
      sentences: explainExecution({ ...execution, attempts }, rules?.items ?? [], deliveries.items),
    };
  },

  async explainDelivery({ params }, { tx, workspaceId }) {
    const delivery = await findDeliveryWithAttempts(tx, workspaceId, params.id);
    return { sentences: explainDelivery(requireFound(delivery, "delivery")) };
  },
};
