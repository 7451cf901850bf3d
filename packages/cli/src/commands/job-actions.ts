// `cronctl jobs pause`, `resume`, `activate` and `run`: one job as a whole, many in one call.
import type { Job, JobBatchResult } from "@trigrun/contract";
import type { Command } from "commander";
import { neutralise } from "../display.ts";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { wholeNumber } from "../flags.ts";
import { followExecution } from "../follow.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { resolveJobId } from "../lookup.ts";
import { exact } from "../render.ts";
import type { Session } from "../session.ts";
import { renderExecutionFacts } from "../views/execution.ts";
import { renderBatch } from "../views/job.ts";

const jobsArgument = ["<job...>", "names or ids of jobs, a hundred at most"] as const;
// What the API takes in one call.
const jobsMax = 100;

export function defineStateChanges(group: Command, run: Run): void {
  const changes = [
    ["pause", "pauseJob", "pauseJobs", "stop the schedule of jobs until they are resumed"],
    ["resume", "resumeJob", "resumeJobs", "start the schedule of paused jobs again, from now"],
  ] as const;
  for (const [verb, one, many, description] of changes) {
    const change = leaf(group, verb, description).argument(...jobsArgument);
    examples(change, `cronctl jobs ${verb} nightly-backup`, `cronctl jobs ${verb} backup report`);
    onRun(change, run, async (session, jobs: readonly string[]) => {
      const [first = "", ...others] = jobs;
      if (others.length > 0) return actOnMany(session, jobs, many);
      await changeState(session, first, one);
    });
  }
  const activate = leaf(group, "activate", "start a draft").argument(
    "<job>",
    "name or id of the job",
  );
  examples(activate, "cronctl jobs activate nightly-backup");
  onRun(activate, run, (session, job: string) => changeState(session, job, "activateJob"));
}

async function changeState(
  session: Session,
  job: string,
  operation: "pauseJob" | "resumeJob" | "activateJob",
): Promise<void> {
  const { client } = session;
  const id = await resolveJobId(client, job);
  const changed = await client[operation]({ params: { id } });
  session.show(changed, (shown) => stateSentence(shown, session));
}

function stateSentence(job: Job, session: Session): string {
  const next = job.next_run_at;
  const when =
    next === null ? "It has no next run" : `It runs next at ${exact(next, session.view)}`;
  return neutralise(`${job.name} is ${job.state}. ${when}.`);
}

interface RunFlags {
  readonly wait?: true;
  readonly waitTimeout?: number;
}

export function defineRun(group: Command, run: Run): void {
  const runNow = leaf(group, "run", "run jobs now, beside their schedule")
    .argument(...jobsArgument)
    .option("--wait", "follow it to its end; exit code 0 when it succeeded, else 8")
    .option("--wait-timeout <seconds>", "with --wait: stop following after this", wholeNumber);
  examples(
    runNow,
    "cronctl jobs run nightly-backup --wait && echo done",
    "cronctl jobs run backup report",
  );
  onRun(runNow, run, async (session, jobs: readonly string[], flags: RunFlags) => {
    const [first = "", ...others] = jobs;
    if (others.length > 0) {
      if (flags.wait === true) throw usageError("--wait follows one job; run them one by one.");
      return actOnMany(session, jobs, "runJobsNow");
    }
    const { client } = session;
    const id = await resolveJobId(client, first);
    const execution = await client.runJobNow({ params: { id } });
    if (flags.wait === true)
      return followExecution(session, client, execution.id, flags.waitTimeout);
    session.show(execution, (queued) => renderExecutionFacts(queued, session.view));
    session.hint(`See how it went: cronctl executions get ${execution.id}`);
  });
}

/** Each job is answered for by itself; the exit code tells whether any was refused. */
async function actOnMany(
  session: Session,
  jobs: readonly string[],
  operation: "pauseJobs" | "resumeJobs" | "runJobsNow",
): Promise<void> {
  if (jobs.length > jobsMax) throw usageError(`Name at most ${jobsMax} jobs at once.`);
  const { client } = session;
  // Ids as they were typed, so that a person finds in the answer what they named.
  const names = new Map<string, string>();
  for (const job of jobs) names.set(await resolveJobId(client, job), job);
  const result = await client[operation]({ body: { job_ids: [...names.keys()] } });
  session.show(result, ({ items }) => renderBatch(items, names, session.view));
  if (result.items.some(isRefused)) session.exitCode = exitCodes.failed;
}

function isRefused({ outcome }: JobBatchResult["items"][number]): boolean {
  return outcome === "refused";
}
