// The whole API as one object. Its keys are the operation ids.
import { authRoutes } from "./auth.ts";
import { channelRoutes } from "./channels.ts";
import { changeRoutes } from "./changes.ts";
import { deliveryRoutes } from "./deliveries.ts";
import { executionRoutes } from "./executions.ts";
import { explanationRoutes } from "./explanations.ts";
import { healthRoutes } from "./health.ts";
import { jobStatisticsRoutes } from "./job-statistics.ts";
import { jobRoutes } from "./jobs.ts";
import { memberRoutes } from "./members.ts";
import { overviewRoutes } from "./overview.ts";
import { ruleRoutes } from "./rules.ts";
import { scheduleRoutes } from "./schedules.ts";
import { secretRoutes } from "./secrets.ts";
import { tokenRoutes } from "./tokens.ts";
import { workspaceRoutes } from "./workspaces.ts";

export const api = {
  ...overviewRoutes,
  ...changeRoutes,
  ...jobRoutes,
  ...jobStatisticsRoutes,
  ...scheduleRoutes,
  ...executionRoutes,
  ...secretRoutes,
  ...channelRoutes,
  ...ruleRoutes,
  ...deliveryRoutes,
  ...explanationRoutes,
  ...authRoutes,
  ...tokenRoutes,
  ...workspaceRoutes,
  ...memberRoutes,
  ...healthRoutes,
} as const;

export type TrigRunApi = typeof api;
