// Rules of a job: attached, listed, removed. A rule only ever joins what one workspace owns.
import { toPageRequest } from "../store/page.ts";
import { attachRule, hasJob, listRules, removeRule } from "../store/rules.ts";
import type { ApiHandlers } from "./context.ts";
import { requireFound } from "./found.ts";

export const ruleHandlers: Pick<ApiHandlers, "addRule" | "listRules" | "removeRule"> = {
  async addRule({ params, body }, { tx, workspaceId, now, answerAlsoStatus }) {
    const jobId = params.id;
    requireFound((await hasJob(tx, workspaceId, jobId)) || undefined, "job");
    const { rule, isNew } = await attachRule(tx, { workspaceId, jobId, rule: body, now });
    if (!isNew) answerAlsoStatus();
    return rule;
  },

  async listRules({ params, query }, { tx, workspaceId }) {
    const page = toPageRequest("rule", query);
    return requireFound(await listRules(tx, { workspaceId, jobId: params.id, page }), "job");
  },

  async removeRule({ params }, { tx, workspaceId }) {
    const input = { workspaceId, jobId: params.id, ruleId: params.rule_id };
    requireFound((await removeRule(tx, input)) || undefined, "rule");
    return undefined;
  },
};
