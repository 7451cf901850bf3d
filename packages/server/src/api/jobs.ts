// Jobs: reads them, and writes down what plan/job.ts decides about them. It runs nothing itself: it
// queues executions and wakes who runs them.
import { ApiError, type Job as JobAnswer, type JobRequest } from "@trigrun/contract";
import { newId } from "../id.ts";
import {
  activateJob,
  changeJob,
  type Job,
  pauseJob,
  requireSendable,
  resumeJob,
  toNewJob,
} from "../plan/job.ts";
import { findOverdueSlots } from "../plan/overdue.ts";
import { cancelExecutions } from "../run/canceller.ts";
import {
  findExecution,
  listExecutions,
  lockQueued,
  queueExecution,
  unplanExecutions,
} from "../store/executions.ts";
import { findRecentExecutions, readJobStatistics } from "../store/job-statistics.ts";
import {
  findJob,
  hasEverBeenJob,
  insertJob,
  listJobs,
  lockJob,
  markDeleted,
  saveJob,
} from "../store/jobs.ts";
import { toPageRequest } from "../store/page.ts";
import { insertSlots } from "../store/planning.ts";
import { attachRules } from "../store/rules.ts";
import { wake } from "../store/wake.ts";
import type { ApiHandlers, RequestContext } from "./context.ts";
import { requireFound } from "./found.ts";
import { toSpan } from "./overview.ts";

export const jobHandlers: Pick<
  ApiHandlers,
  | "createJob"
  | "listJobs"
  | "getJob"
  | "updateJob"
  | "deleteJob"
  | "pauseJob"
  | "resumeJob"
  | "activateJob"
  | "runJobNow"
  | "testRequest"
  | "getJobStatistics"
  | "listJobExecutions"
> = {
  async createJob({ body }, context) {
    const { tx, workspaceId, now } = context;
    const job = toNewJob(body, now);
    requireAllowedTarget(context, job.request);
    const id = newId("job", now);
    await insertJob(tx, { id, workspaceId, job, now });
    // Before anything is queued: no execution can end before the rules that tell of it exist.
    await attachRules(tx, { workspaceId, jobId: id, rules: body.notification_rules, now });
    await begin(context, id, job);
    return readJob(context, id);
  },

  async listJobs({ query }, { tx, workspaceId }) {
    const listed = await listJobs(tx, workspaceId, query, toPageRequest("job", query));
    const { recent_executions: limit } = query;
    if (limit === 0) return listed;
    const jobIds = listed.items.map(({ id }) => id);
    const recent = await findRecentExecutions(tx, jobIds, limit);
    const items = listed.items.map((job) => ({
      ...job,
      recent_executions: recent.get(job.id) ?? [],
    }));
    return { ...listed, items };
  },

  async getJob({ params }, context) {
    return readJob(context, params.id);
  },

  async updateJob({ params, body }, context) {
    const { tx, workspaceId, now } = context;
    const before = requireFound(await lockJob(tx, workspaceId, params.id), "job");
    const after = changeJob(before, body, now);
    if (body.request?.url !== undefined) requireAllowedTarget(context, after.request);
    await saveJob(tx, params.id, after, now);
    if (after.schedule !== before.schedule) await clearSlots(context, params.id, before);
    if (after.nextRunAt !== null) await wake(tx, "planner");
    return readJob(context, params.id);
  },

  async deleteJob({ params }, context) {
    const { tx, workspaceId, now, services } = context;
    const job = requireFound(await lockJob(tx, workspaceId, params.id), "job");
    await markDeleted(tx, params.id, now);
    await clearSlots(context, params.id, job);
    const executionIds = await lockQueued(tx, workspaceId, params.id);
    const reason = "The job was deleted.";
    const { publicUrl } = services;
    await cancelExecutions(tx, { executionIds, reason, now, publicUrl });
    if (executionIds.length > 0) await wake(tx, "sender");
    return undefined;
  },

  async pauseJob({ params }, context) {
    return turnJob(context, params.id, (job) => pauseJob(job));
  },

  async resumeJob({ params }, context) {
    return turnJob(context, params.id, (job) => resumeJob(job, context.now));
  },

  async activateJob({ params }, context) {
    return turnJob(context, params.id, (job) => activateJob(job, context.now));
  },

  async runJobNow({ params }, context) {
    const { tx, workspaceId } = context;
    const id = await queue(context, params.id, "manual");
    await wake(tx, "runner");
    return requireFound(await findExecution(tx, workspaceId, id), "execution");
  },

  async testRequest({ body: { request } }, context) {
    requireSendable(request);
    requireAllowedTarget(context, request);
    const { services, workspaceId } = context;
    // Before it is made: what has left cannot be taken back when it cannot be written down.
    const beforeSend = () => context.record(services.db, { subject: null });
    return services.testRequest({ workspaceId, request, beforeSend });
  },

  async getJobStatistics({ params, query }, { tx, workspaceId, now }) {
    const { id } = params;
    requireFound((await hasEverBeenJob(tx, workspaceId, id)) || undefined, "job");
    return readJobStatistics(tx, id, toSpan(query.hours, now), now);
  },

  async listJobExecutions({ params, query }, { tx, workspaceId }) {
    const page = toPageRequest("execution", query);
    const wasThere = await hasEverBeenJob(tx, workspaceId, params.id);
    requireFound(wasThere || undefined, "job");
    return listExecutions(tx, workspaceId, { jobId: params.id }, page);
  },
};

async function readJob({ tx, workspaceId }: RequestContext, id: string): Promise<JobAnswer> {
  return requireFound(await findJob(tx, workspaceId, id), "job");
}

async function turnJob(
  context: RequestContext,
  id: string,
  decide: (job: Job) => Job,
): Promise<JobAnswer> {
  const { tx, workspaceId, now } = context;
  const before = requireFound(await lockJob(tx, workspaceId, id), "job");
  const after = decide(before);
  if (after !== before) {
    await saveJob(tx, id, after, now);
    if (after.state === "paused") await clearSlots(context, id, before);
    if (after.state === "active") await begin(context, id, after);
  }
  return readJob(context, id);
}

/** Sets off a job that has just become active. */
async function begin(context: RequestContext, id: string, job: Job): Promise<void> {
  if (job.state !== "active") return;
  if (job.schedule.kind === "one_time") await queue(context, id, "creation");
  await wake(context.tx, job.schedule.kind === "one_time" ? "runner" : "planner");
}

async function queue(
  { tx, workspaceId, now }: RequestContext,
  jobId: string,
  trigger: "manual" | "creation",
): Promise<string> {
  const id = newId("execution", now);
  const isQueued = await queueExecution(tx, {
    id,
    workspaceId,
    jobId,
    trigger,
    replayOf: null,
    now,
  });
  requireFound(isQueued || undefined, "job");
  return id;
}

/**
 * Ends the schedule of `before` at this moment: what was due stands as a row, what was not is gone.
 * After the job itself is saved: what is told of a missed slot says when the job runs next.
 */
async function clearSlots(context: RequestContext, id: string, before: Job): Promise<void> {
  const { tx, workspaceId, now, services } = context;
  const { config, publicUrl } = services;
  const overdue = findOverdueSlots(before, now, config.catchUpSeconds * 1_000);
  if (overdue.length > 0) {
    const slots = overdue.map((slot) => ({ ...slot, jobId: id, workspaceId }));
    const deliveries = await insertSlots(tx, slots, { now, publicUrl });
    if (deliveries > 0) await wake(tx, "sender");
    await wake(tx, "runner");
  }
  await unplanExecutions(tx, id, now);
}

function requireAllowedTarget({ services }: RequestContext, request: JobRequest): void {
  const refusal = services.guard.refusalOfUrl(request.url);
  if (refusal === undefined) return;
  throw new ApiError("target_not_allowed", refusal, {
    details: [{ path: "request.url", message: refusal }],
  });
}
