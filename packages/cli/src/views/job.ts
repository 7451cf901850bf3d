// Jobs and schedules as people read them.
import type { Answer, Job, JobBatchResult, Rule, TrigRunApi } from "@trigrun/contract";
import { toLength } from "../moments.ts";
import {
  type Column,
  type Detail,
  exact,
  relative,
  renderDetails,
  renderTable,
  toneOf,
  type View,
} from "../render.ts";

type Preview = Answer<TrigRunApi["previewSchedule"]>;

const minuteMs = 60_000;

/** "every 15 min", "0 2 * * * (America/New_York)", "at …", "once, when created". */
function scheduleText({ kind, schedule }: Pick<Job, "kind" | "schedule">, view: View): string {
  switch (kind) {
    case "recurring":
      return `every ${toLength((schedule.every_n_minutes ?? 0) * minuteMs)}`;
    case "cron":
      return `${schedule.cron ?? ""} (${schedule.timezone ?? "UTC"})`;
    case "scheduled":
      return schedule.run_at === undefined ? "once" : `at ${exact(schedule.run_at, view)}`;
    case "one_time":
      return "once, when created";
  }
}

function lastText(job: Job, view: View): string {
  const last = job.last_execution;
  if (last === null) return "-";
  return `${last.status} ${relative(last.finished_at ?? last.scheduled_for, view)}`;
}

export function renderJobs(jobs: readonly Job[], view: View): string {
  const columns: Column<Job>[] = [
    { title: "NAME", text: (job) => job.name },
    { title: "STATE", text: (job) => job.state, tone: (job) => toneOf(job.state), isRigid: true },
    { title: "NEXT", text: (job) => relative(job.next_run_at, view), isRigid: true },
    {
      title: "LAST",
      text: (job) => lastText(job, view),
      tone: (job) => (job.last_execution === null ? undefined : toneOf(job.last_execution.status)),
    },
    { title: "SCHEDULE", text: (job) => scheduleText(job, view), isOptional: true },
    { title: "KIND", text: (job) => job.kind, isRigid: true, isOptional: true },
    // Commands take names, so the id is the first to go where there is no room.
    { title: "ID", text: (job) => job.id, isRigid: true, isOptional: true },
  ];
  return renderTable(columns, jobs, view);
}

export function renderJob(job: Job, view: View): string {
  const { request, retry_policy: retry } = job;
  const headers = Object.entries(request.headers).map(([key, value]) => `${key}: ${value}`);
  const retried = retry.retry_on_statuses.join(", ") || "no status";
  const details: (Detail | undefined)[] = [
    ["Job", job.name, "strong"],
    ["Id", job.id],
    ["State", job.state, toneOf(job.state)],
    ["Schedule", `${job.kind}: ${scheduleText(job, view)}`],
    ["Next run", job.next_run_at === null ? "none" : exact(job.next_run_at, view)],
    [
      "Last run",
      job.last_execution === null
        ? "none yet"
        : `${lastText(job, view)} (${job.last_execution.id})`,
    ],
    ["Request", `${request.method} ${request.url}`],
    headers.length === 0 ? undefined : ["Headers", headers],
    request.body === null || request.body === undefined
      ? undefined
      : ["Body", bodyText(request.body)],
    ["Timeout", `${request.timeout_seconds} s for each attempt`],
    ["Success", request.success_statuses.join(", ")],
    ["Redirects", request.follow_redirects ? "followed" : "not followed"],
    [
      "Attempts",
      `at most ${retry.max_attempts}; retried on ${retried}, timeouts and connection errors`,
    ],
    job.warnings.length === 0 ? undefined : ["Warning", job.warnings, "waiting"],
    ["Created", exact(job.created_at, view)],
    ["Changed", exact(job.updated_at, view)],
  ];
  return renderDetails(details, view);
}

function bodyText(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

/** `names` are what the person called the jobs, by id. */
export function renderBatch(
  items: JobBatchResult["items"],
  names: ReadonlyMap<string, string>,
  view: View,
): string {
  const columns: Column<JobBatchResult["items"][number]>[] = [
    { title: "JOB", text: (item) => names.get(item.job_id) ?? item.job_id },
    {
      title: "OUTCOME",
      text: (item) => item.outcome,
      tone: (item) => (item.outcome === "done" ? "good" : "bad"),
      isRigid: true,
    },
  ];
  if (items.some(({ error }) => error !== null)) {
    columns.push({ title: "WHY", text: (item) => item.error?.message ?? "" });
  }
  if (items.some(({ execution_id: id }) => id !== null)) {
    const text = (item: JobBatchResult["items"][number]) => item.execution_id ?? "";
    columns.push({ title: "EXECUTION", text, isRigid: true, isWrappable: true });
  }
  return renderTable(columns, items, view);
}

export function renderRules(rules: readonly Rule[], view: View): string {
  const columns: Column<Rule>[] = [
    { title: "EVENT", text: (rule) => rule.event, isRigid: true },
    { title: "CHANNEL", text: (rule) => rule.channel_name },
    { title: "TYPE", text: (rule) => rule.channel_type, isOptional: true },
    { title: "ID", text: (rule) => rule.id, isRigid: true, isWrappable: true },
  ];
  return renderTable(columns, rules, view);
}

export function renderRuns(runs: Preview, view: View): string {
  const columns: Column<Preview["items"][number]>[] = [
    { title: "LOCAL TIME OF THE JOB", text: (run) => run.local_time, isRigid: true },
    { title: "WHEN", text: (run) => relative(run.run_at, view), isRigid: true },
    { title: "UTC", text: (run) => run.run_at, isRigid: true, isOptional: true },
    { title: "NOTE", text: (run) => run.note ?? "", tone: () => "waiting" },
  ];
  return renderTable(columns, runs.items, view);
}
