// Every handler of the API, by the contract's own keys: a route without one does not compile.
import { search } from "../store/search.ts";
import { accountHandlers } from "./accounts.ts";
import { auditHandlers } from "./audit.ts";
import { authHandlers } from "./auth.ts";
import type { ChangeHub } from "./change-hub.ts";
import { channelPreviewHandlers } from "./channel-previews.ts";
import { channelHandlers } from "./channels.ts";
import type { ApiHandlers } from "./context.ts";
import { deliveryHandlers } from "./deliveries.ts";
import { executionHandlers } from "./executions.ts";
import { explanationHandlers } from "./explanations.ts";
import { createHealthHandlers, type HealthChecks } from "./health.ts";
import { jobBatchHandlers } from "./job-batches.ts";
import { jobHandlers } from "./jobs.ts";
import { memberHandlers } from "./members.ts";
import { createOverviewHandlers } from "./overview.ts";
import { ruleHandlers } from "./rules.ts";
import { scheduleHandlers } from "./schedules.ts";
import { secretHandlers } from "./secrets.ts";
import { tokenHandlers } from "./tokens.ts";
import { workspaceHandlers } from "./workspaces.ts";

export function createHandlers(checks: HealthChecks, changes: ChangeHub): ApiHandlers {
  return {
    ...createOverviewHandlers(),
    search: async ({ query }, { tx, workspaceId }) => ({
      items: await search(tx, workspaceId, query.q),
    }),
    followChanges: async ({ query }, { actor }) => changes.open(actor, query.seconds),
    ...jobHandlers,
    ...jobBatchHandlers,
    ...scheduleHandlers,
    ...executionHandlers,
    ...secretHandlers,
    ...channelHandlers,
    ...channelPreviewHandlers,
    ...ruleHandlers,
    ...deliveryHandlers,
    ...explanationHandlers,
    ...authHandlers,
    ...accountHandlers,
    ...tokenHandlers,
    ...workspaceHandlers,
    ...memberHandlers,
    ...auditHandlers,
    ...createHealthHandlers(checks),
  };
}
