// The story in three acts: a job and its channels; it fails and everybody is told; it is mended,
// replayed, and everybody is told.
import type { Answer, TrigRunApi } from "@trigrun/contract";
import { DemoFailed } from "./demo-failed.ts";
import { findMiscounts, findMissing, findWrong, type Snapshot } from "./judge.ts";
import {
  channelNames,
  failedRun,
  jobName,
  mendedRun,
  type Run,
  webhookFailures,
} from "./script.ts";
import { plainSecret, recipient, type Stage } from "./stage.ts";

type Channel = Answer<TrigRunApi["createChannel"]>;

/** Throws when anything is not as the script says. */
export async function playStory(stage: Stage): Promise<Snapshot> {
  stage.narrator.act("Act 1: five channels, a job, and who is told what");
  await createChannels(stage);
  await createJob(stage);
  stage.narrator.act("Act 2: the job is due, its target is down");
  const executionId = await watchItFail(stage);
  stage.narrator.act("Act 3: the target is mended, the execution is replayed");
  const snapshot = await watchItSucceed(stage, executionId);
  const wrong = findMiscounts([failedRun, mendedRun], ledgersOf(stage));
  if (wrong.length > 0) throw new DemoFailed(wrong);
  return snapshot;
}

async function createChannels(stage: Stage): Promise<void> {
  const { client, webhook, slack, discord } = stage;
  const create = async (body: Parameters<typeof client.createChannel>[0]["body"]) =>
    tellChannel(stage, await client.createChannel({ body }));
  await create({
    name: channelNames.webhook,
    type: "webhook",
    config: { url: webhook.url, secret: plainSecret },
  });
  await create({ name: channelNames.email, type: "email", config: { email: recipient } });
  await create({
    name: channelNames.slack,
    type: "slack",
    config: { url: slack.url, include_output: true },
  });
  await create({
    name: channelNames.discord,
    type: "discord",
    config: { url: discord.url, include_output: true },
  });
  const { audit, auditSecret, cronctl } = stage;
  const address = ["--url", audit.url, "--secret", auditSecret];
  await cronctl(
    "channels",
    "create",
    "--name",
    channelNames.audit,
    "--type",
    "webhook",
    ...address,
  );
}

/** As the API answers it: with its credentials masked. */
function tellChannel({ narrator }: Stage, { name, type, config }: Channel): void {
  const { url, email, secret } = config;
  const parts = [url ?? email, ...(secret === undefined ? [] : [`secret ${secret}`])];
  narrator.tell("channel", `${name.padEnd(14)} ${type.padEnd(8)} ${parts.join(", ")}`);
}

// Time enough to see it coming; and the planner, which works a moment ahead, has to plan it.
const dueInMs = 2_000;

async function createJob({ client, narrator, target, cronctl }: Stage): Promise<void> {
  const { items: channels } = await client.listChannels();
  const idOf = (name: string) => channels.find((channel) => channel.name === name)?.id ?? name;
  // A rule for each thing that is to be told; on_completion of both executions is one rule.
  const rules = new Map(
    [...failedRun.tells, ...mendedRun.tells].map(({ channel, event }) => [
      `${channel} ${event}`,
      { channel_id: idOf(channel), event },
    ]),
  );
  const job = await client.createJob({
    body: {
      name: jobName,
      kind: "scheduled",
      schedule: { run_at: new Date(Date.now() + dueInMs).toISOString() },
      request: { url: target.url, method: "POST", body: { full: true } },
      retry_policy: { max_attempts: failedRun.answers.length },
      notification_rules: [...rules.values()],
    },
  });
  narrator.tell(
    "job",
    `${job.name}: POST ${target.url}\n` +
      `${job.kind} at ${job.next_run_at}, at most ${job.retry_policy.max_attempts} attempts, ` +
      `${rules.size} rules in the same request`,
  );
  await cronctl("rules", "list", jobName);
}

async function watchItFail(stage: Stage): Promise<string> {
  const { watcher, narrator, cronctl } = stage;
  // All but the delivery whose receiver fails at first: that one has been tried, and waits.
  const others: Run = { ...failedRun, tells: failedRun.tells.filter(({ tries }) => tries === 1) };
  const retriedOf = ({ deliveries }: Snapshot) =>
    deliveries.find(({ attempts }) => attempts.length === webhookFailures && isRetried(attempts));
  const snapshot = await watcher.until({
    findMissing: (now) => [
      ...findMissing(others, now),
      ...(retriedOf(now) === undefined ? [`${channelNames.webhook} has not been tried`] : []),
    ],
    findWrong: (now) => findAllWrong(stage, now),
  });
  const retried = retriedOf(snapshot);
  narrator.gap();
  narrator.print("One receiver answered 500: its delivery waits, and says why and until when.");
  if (retried !== undefined) await cronctl("deliveries", "get", retried.id);
  showMail(stage);
  await watcher.until({
    findMissing: (now) => findMissing(failedRun, now),
    findWrong: (now) => findAllWrong(stage, now),
  });
  return snapshot.executions[0]?.id ?? "";
}

function isRetried(attempts: Snapshot["deliveries"][number]["attempts"]): boolean {
  return attempts.at(-1)?.verdict === "retry";
}

function showMail({ narrator, mail }: Stage): void {
  const lines = (mail.texts[0] ?? "").trimEnd().split("\n");
  narrator.print("Meanwhile, the mail as its reader sees it:\n");
  narrator.print(lines.map((line) => `  │ ${line}`.trimEnd()).join("\n"));
  narrator.gap();
}

async function watchItSucceed(stage: Stage, id: string): Promise<Snapshot> {
  const { watcher, client, target, narrator } = stage;
  const failuresLeft = mendedRun.answers.length - 1;
  target.mend(failuresLeft);
  narrator.tell("target", `is mended; it fails ${failuresLeft} time more`);
  const replay = await client.replayExecution({ params: { id } });
  narrator.tell("api", `POST /v1/executions/${id}/replay\nanswers ${replay.id}, ${replay.status}`);
  return watcher.until({
    findMissing: (now) => findMissing(mendedRun, now),
    findWrong: (now) => findAllWrong(stage, now),
  });
}

function findAllWrong(stage: Stage, snapshot: Snapshot): string[] {
  return [
    ...ledgersOf(stage).flatMap(({ problems }) => problems),
    ...stage.target.problems,
    ...findWrong([failedRun, mendedRun], snapshot),
  ];
}

function ledgersOf({ webhook, audit, mail, slack, discord }: Stage) {
  return [webhook, audit, mail, slack, discord].map(({ ledger }) => ledger);
}
