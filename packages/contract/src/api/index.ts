// The whole API as one object. Its keys are the operation ids.
import { type AuditActionOf, createAuditRoutes } from "./audit.ts";
import { authRoutes } from "./auth.ts";
import { changeRoutes } from "./changes.ts";
import { channelPreviewRoutes } from "./channel-previews.ts";
import { channelRoutes } from "./channels.ts";
import { deliveryRoutes } from "./deliveries.ts";
import { executionRoutes } from "./executions.ts";
import { explanationRoutes } from "./explanations.ts";
import { healthRoutes } from "./health.ts";
import { jobBatchRoutes } from "./job-batches.ts";
import { jobStatisticsRoutes } from "./job-statistics.ts";
import { jobRoutes } from "./jobs.ts";
import { memberRoutes } from "./members.ts";
import { overviewRoutes } from "./overview.ts";
import { requestTestRoutes } from "./request-tests.ts";
import { ruleRoutes } from "./rules.ts";
import { scheduleRoutes } from "./schedules.ts";
import { searchRoutes } from "./searches.ts";
import { secretRoutes } from "./secrets.ts";
import { tokenRoutes } from "./tokens.ts";
import { workspaceRoutes } from "./workspaces.ts";

const routes = {
  ...overviewRoutes,
  ...changeRoutes,
  ...searchRoutes,
  ...jobRoutes,
  ...jobStatisticsRoutes,
  ...jobBatchRoutes,
  ...requestTestRoutes,
  ...scheduleRoutes,
  ...executionRoutes,
  ...secretRoutes,
  ...channelRoutes,
  ...channelPreviewRoutes,
  ...ruleRoutes,
  ...deliveryRoutes,
  ...explanationRoutes,
  ...authRoutes,
  ...tokenRoutes,
  ...workspaceRoutes,
  ...memberRoutes,
  ...healthRoutes,
} as const;

export const api = { ...routes, ...createAuditRoutes(routes) } as const;

/** What an entry of the audit log may say was done. */
export type AuditAction = AuditActionOf<typeof routes>;

export type TrigRunApi = typeof api;
