// `cronctl executions`: what ran, how it went, and running it again.
import { type Execution, executionStatuses } from "@trigrun/contract";
import { type Command, Option } from "commander";
import { neutralise } from "../display.ts";
import { instantFlag, wholeNumber } from "../flags.ts";
import { followExecution } from "../follow.ts";
import { examples, leaf, onRun, type Run } from "../leaf.ts";
import { isId, resolveJobId } from "../lookup.ts";
import { addPageFlags, collect, type PageFlags } from "../paging.ts";
import { showPage } from "../show-page.ts";
import { renderDeliveries } from "../views/delivery.ts";
import { renderExecution, renderExecutionFacts, renderExecutions } from "../views/execution.ts";

const executionArgument = ["<execution>", "id of the execution"] as const;

export function defineExecutions(group: Command, run: Run): void {
  defineList(group, run);
  defineGet(group, run);
  defineReplay(group, run);
  defineCancel(group, run);
  defineNotifications(group, run);
}

interface ListFlags extends PageFlags {
  readonly job?: string;
  readonly status?: Execution["status"];
  readonly from?: string;
  readonly to?: string;
}

function defineList(group: Command, run: Run): void {
  const { now } = run.surroundings;
  const list = leaf(group, "list", "list executions, newest first")
    .option("--job <job>", "only of this job (name or id; a name also finds deleted jobs)")
    .addOption(new Option("--status <status>", "only with it").choices(executionStatuses))
    .option(
      "--from <time>",
      "scheduled at or after it (24h is a day ago)",
      instantFlag(now, "past"),
    )
    .option("--to <time>", "scheduled before it", instantFlag(now, "past"));
  addPageFlags(list);
  examples(
    list,
    "cronctl executions list --job nightly-backup --status failed",
    "cronctl executions list --from 24h --all --json",
  );
  onRun(list, run, async (session, flags: ListFlags) => {
    const { job, status, from, to } = flags;
    const { client } = session;
    const isNamed = job !== undefined && !isId("job", job);
    const filter = { status, from, to, ...(isNamed ? { job_name: job } : { job_id: job }) };
    const page = await collect(flags, (query) =>
      client.listExecutions({ query: { ...filter, ...query } }),
    );
    // A misspelt name must not look like a job that never ran.
    if (isNamed && page.items.length === 0) await requireJob(session.client, job);
    showPage(session, page, renderExecutions, "No executions.");
  });
}

type Api = Parameters<typeof resolveJobId>[0];

async function requireJob(client: Api, name: string): Promise<void> {
  const { items } = await client.listJobs({ query: { name, limit: 1 } });
  if (items.length === 0) await resolveJobId(client, name);
}

interface GetFlags {
  readonly full?: true;
}

function defineGet(group: Command, run: Run): void {
  const get = leaf(group, "get", "show an execution with its attempts")
    .argument(...executionArgument)
    .option("--full", "with headers and whole bodies");
  examples(get, "cronctl executions get exec_0193a5c4f7e2a1b2c3d4e5f60718293a");
  onRun(get, run, async (session, id: string, flags: GetFlags) => {
    const execution = await session.client.getExecution({ params: { id } });
    session.show(execution, (shown) => renderExecution(shown, session.view, flags.full === true));
  });
}

interface ReplayFlags {
  readonly wait?: true;
  readonly waitTimeout?: number;
}

function defineReplay(group: Command, run: Run): void {
  const replay = leaf(group, "replay", "run the job of an ended execution again, as the job is now")
    .argument(...executionArgument)
    .option("--wait", "follow it to its end; exit code 0 when it succeeded, else 8")
    .option("--wait-timeout <seconds>", "with --wait: stop following after this", wholeNumber);
  examples(replay, "cronctl executions replay exec_0193a5c4f7e2a1b2c3d4e5f60718293a --wait");
  onRun(replay, run, async (session, id: string, flags: ReplayFlags) => {
    const { client } = session;
    const execution = await client.replayExecution({ params: { id } });
    if (flags.wait === true)
      return followExecution(session, client, execution.id, flags.waitTimeout);
    session.show(execution, (queued) => renderExecutionFacts(queued, session.view));
    session.hint(`See how it went: cronctl executions get ${execution.id}`);
  });
}

function defineCancel(group: Command, run: Run): void {
  const cancel = leaf(group, "cancel", "cancel an execution that has not ended").argument(
    ...executionArgument,
  );
  examples(cancel, "cronctl executions cancel exec_0193a5c4f7e2a1b2c3d4e5f60718293a");
  onRun(cancel, run, async (session, id: string) => {
    const execution = await session.client.cancelExecution({ params: { id } });
    session.show(execution, ({ job_name: name, status }) =>
      neutralise(`The execution of ${name} is ${status}.`),
    );
  });
}

function defineNotifications(group: Command, run: Run): void {
  const list = leaf(group, "notifications", "list the deliveries of an execution").argument(
    ...executionArgument,
  );
  addPageFlags(list);
  examples(list, "cronctl executions notifications exec_0193a5c4f7e2a1b2c3d4e5f60718293a");
  onRun(list, run, async (session, id: string, flags: PageFlags) => {
    const { client } = session;
    const page = await collect(flags, (query) =>
      client.listExecutionNotifications({ params: { id }, query }),
    );
    showPage(session, page, renderDeliveries, "No deliveries: no rule of its job told of it.");
  });
}
