// `cronctl jobs`: make, see, change, stop and run jobs.
import { events, type Job, jobKinds, jobStates } from "@trigrun/contract";
import { type Command, Option } from "commander";
import { usageError } from "../errors.ts";
import { splitAtLastColon, textList } from "../flags.ts";
import {
  addJobFlags,
  type JobFlags,
  readBody,
  toChange,
  toRequest,
  toRetryPolicy,
  toSchedule,
} from "../job-flags.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { resolveChannelId, resolveJobId } from "../lookup.ts";
import { addPageFlags, collect, type PageFlags } from "../paging.ts";
import { exact } from "../render.ts";
import type { Session } from "../session.ts";
import { showPage } from "../show-page.ts";
import { renderJob, renderJobs } from "../views/job.ts";
import { defineRun, defineStateChanges } from "./job-actions.ts";
import { defineRequestTest } from "./request-test.ts";

const jobArgument = ["<job>", "name or id of the job"] as const;

export function defineJobs(group: Command, run: Run): void {
  defineList(group, run);
  defineGet(group, run);
  defineCreate(group, run);
  defineUpdate(group, run);
  defineStateChanges(group, run);
  defineDelete(group, run);
  defineRun(group, run);
  defineRequestTest(group, run);
}

interface ListFlags extends PageFlags {
  readonly state?: Job["state"];
  readonly kind?: Job["kind"];
  readonly name?: string;
  readonly search?: string;
}

function defineList(group: Command, run: Run): void {
  const list = leaf(group, "list", "list jobs, newest first")
    .addOption(new Option("--state <state>", "only in this state").choices(jobStates))
    .addOption(new Option("--kind <kind>", "only of this kind").choices(jobKinds))
    .option("--name <name>", "only with this whole name")
    .option("--search <text>", "only with this in the name");
  addPageFlags(list);
  examples(list, "cronctl jobs list --state active", "cronctl jobs list --all --json | jq .items");
  onRun(list, run, async (session, flags: ListFlags) => {
    const { state, kind, name, search } = flags;
    const { client } = session;
    const filter = { state, kind, name, search };
    const page = await collect(flags, (query) =>
      client.listJobs({ query: { ...filter, ...query } }),
    );
    const isFiltered = Object.values(filter).some((value) => value !== undefined);
    showPage(
      session,
      page,
      renderJobs,
      isFiltered ? "No such jobs." : "No jobs. Make one: cronctl jobs create --help",
    );
  });
}

function defineGet(group: Command, run: Run): void {
  const get = leaf(group, "get", "show one job").argument(...jobArgument);
  examples(get, "cronctl jobs get nightly-backup");
  onRun(get, run, async (session, job: string) => {
    const { client } = session;
    const id = await resolveJobId(client, job);
    showJob(session, await client.getJob({ params: { id } }));
  });
}

function showJob(session: Session, job: Job): void {
  session.show(job, (shown) => renderJob(shown, session.view));
}

interface CreateFlags extends JobFlags {
  readonly name: string;
  readonly url: string;
  readonly draft?: true;
  readonly notify?: readonly string[];
}

function defineCreate(group: Command, run: Run): void {
  const create = leaf(group, "create", "create a job")
    .requiredOption("--name <name>", "name of the job")
    .requiredOption("--url <url>", "what to call");
  addJobFlags(create, run.surroundings.now)
    .option("--draft", "hold it back until `cronctl jobs activate`")
    .option(
      "--notify <channel:event>",
      `attach a rule (${events.join(", ")}); repeatable`,
      textList,
    );
  examples(
    create,
    "cronctl jobs create --name ping --url https://example.com/ping --every 15",
    'cronctl jobs create --name backup --url https://example.com/backup --cron "0 2 * * *" \\',
    "    --timezone America/New_York --method POST --body '{\"full\":true}' \\",
    "    --notify ops:on_failure",
    "cronctl jobs create --name once --url https://example.com/x --at 2026-12-01T09:00:00Z",
    "cronctl jobs create --name now --url https://example.com/x --kind one_time",
  );
  onRun(create, run, createJob);
}

async function createJob(session: Session, flags: CreateFlags): Promise<void> {
  const schedule = toSchedule(flags);
  if (schedule === undefined) {
    throw usageError(
      "Say when it runs: --every MINUTES, --cron EXPRESSION, --at TIME or --kind one_time.",
    );
  }
  const body = await readBody(flags, session.surroundings);
  const { client } = session;
  const rules = await resolveRules(session, flags.notify ?? []);
  const job = await client.createJob({
    body: {
      name: flags.name,
      ...schedule,
      request: { ...toRequest(flags, body), url: flags.url },
      retry_policy: toRetryPolicy(flags),
      ...(flags.draft === true ? { state: "draft" } : {}),
      ...(rules.length === 0 ? {} : { notification_rules: rules }),
    },
  });
  session.show(job, (made) => `Created.\n\n${renderJob(made, session.view)}`);
  session.hint(`${nextStepOf(job, session)}`);
}

function nextStepOf(job: Job, session: Session): string {
  if (job.state === "draft") return `Start it: cronctl jobs activate ${job.id}`;
  if (job.kind === "one_time") return `It is queued. See: cronctl executions list --job ${job.id}`;
  const next =
    job.next_run_at === null ? "" : `It runs at ${exact(job.next_run_at, session.view)}. `;
  return `${next}Try it now: cronctl jobs run ${job.id} --wait`;
}

async function resolveRules(session: Session, notify: readonly string[]) {
  const rules = [];
  for (const text of notify) {
    const [channel, word] = splitAtLastColon(text) ?? [];
    const event = events.find((candidate) => candidate === word);
    if (channel === undefined || event === undefined) {
      throw usageError(
        `--notify ${text} must be CHANNEL:EVENT with an event of ${events.join(", ")}.`,
      );
    }
    rules.push({ channel_id: await resolveChannelId(session.client, channel), event });
  }
  return rules;
}

function defineUpdate(group: Command, run: Run): void {
  const update = leaf(group, "update", "change a job; what is not named stays")
    .argument(...jobArgument)
    .option("--name <name>", "its new name")
    .option("--url <url>", "what to call");
  addJobFlags(update, run.surroundings.now)
    .option("--no-follow-redirects", "do not follow them")
    .option("--no-headers", "take its headers away; --header replaces all of them")
    .option("--no-body", "take its body away");
  examples(
    update,
    'cronctl jobs update backup --cron "30 2 * * *"',
    "cronctl jobs update ping --every 5 --max-attempts 5 --retry-on 429,503",
  );
  onRun(update, run, async (session, job: string, flags: JobFlags) => {
    const { client } = session;
    const body = await readBody(flags, session.surroundings);
    const id = await resolveJobId(client, job);
    const change = toChange(flags, body, await client.getJob({ params: { id } }));
    const changed = await client.updateJob({ params: { id }, body: change });
    session.show(changed, (shown) => `Changed.\n\n${renderJob(shown, session.view)}`);
  });
}

interface DeleteFlags {
  readonly yes?: true;
}

function defineDelete(group: Command, run: Run): void {
  const remove = leaf(group, "delete", "delete a job; its history stays readable")
    .argument(...jobArgument)
    .option("-y, --yes", "do not ask (in scripts nothing is asked)");
  examples(remove, "cronctl jobs delete nightly-backup --yes");
  onRun(remove, run, async (session, job: string, flags: DeleteFlags) => {
    const { client } = session;
    const id = await resolveJobId(client, job);
    await session.confirm(
      `Delete job ${job}? It runs no more and what is queued is cancelled.`,
      flags.yes === true,
    );
    await client.deleteJob({ params: { id } });
    session.say(`Deleted job ${job}.`);
  });
}
