// `cronctl listen`: receives signed calls on this machine and shows them as they come.
// It listens on 127.0.0.1 only, and the channel it made never outlives it.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { type Event, events } from "@trigrun/contract";
import { type Command, InvalidArgumentError, Option } from "commander";
import { neutralise } from "../display.ts";
import { usageError } from "../errors.ts";
import { examples, onRun, type Run } from "../leaf.ts";
import { resolveJobId } from "../lookup.ts";
import { CallJudge } from "../received-call.ts";
import type { Session } from "../session.ts";
import { type ChannelPlan, withTemporaryChannel } from "../temporary-channel.ts";
import { renderCall, toCallLine, toJsonLine } from "../views/received-call.ts";
import { readSecret, type SecretFlags } from "../webhook-input.ts";
import { host, startListener } from "../webhook-listener.ts";
import { addSecretFlags } from "./webhooks.ts";

interface ListenFlags extends SecretFlags {
  readonly port: number;
  readonly answer: number;
  readonly job?: string;
  readonly event?: Event;
  readonly publicUrl?: string;
  /** False only when asked for. */
  readonly channel?: boolean;
}

export function defineListen(listen: Command, run: Run): void {
  listen.option("--port <port>", "port on 127.0.0.1 (default: a free one)", port, 0);
  addSecretFlags(listen)
    .option("--answer <status>", "what calls are answered with", status, 200)
    .option("--job <job>", "be told about this job: name or id")
    .addOption(new Option("--event <event>", "with --job (default on_completion)").choices(events))
    .addOption(
      new Option("--public-url <url>", "where the server reaches this port: that of a tunnel"),
    )
    .option("--no-channel", "make no channel, only listen");
  examples(
    listen,
    "cronctl listen --job nightly-backup",
    "cronctl listen --port 4100 --secret-file secret.txt",
    "cronctl listen --job nightly-backup --answer 503",
    "cronctl listen --port 4100 --job nightly-backup --public-url https://tunnel.example.com/",
  );
  onRun(listen, run, receiveCalls);
}

function port(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError("It must be 0 to 65535.");
}

function status(text: string): number {
  if (/^[2-5]\d\d$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a status of HTTP, 200 to 599.");
}

async function receiveCalls(session: Session, flags: ListenFlags): Promise<void> {
  refuseContradictions(flags);
  const given = readSecret(flags);
  const secret = given ?? `whsec_${randomBytes(32).toString("base64")}`;
  const wantsChannel = decideChannel(session, flags, given !== undefined);
  // Asked for first: a wrong name should end the command before anything is made.
  const jobId = flags.job === undefined ? undefined : await resolveJobId(session.client, flags.job);
  const judge = new CallJudge(secret);
  const listener = await startListener({
    port: flags.port,
    answer: flags.answer,
    onCall: (arrival) => {
      const call = judge.judge(arrival, session.surroundings.now());
      const text = session.isJson ? toCallLine(call) : renderCall(call, session.view);
      session.surroundings.stdout.write(`${text}\n`);
    },
  });
  const address = `http://${host}:${listener.port}`;
  const { signal } = session.surroundings;
  try {
    if (!wantsChannel) {
      tellStart(session, { address, secret: given === undefined ? secret : undefined });
      return await untilAborted(signal);
    }
    const plan: ChannelPlan = {
      name: channelNameFor(listener.port),
      url: flags.publicUrl ?? `${address}/`,
      secret,
      rule: jobId === undefined ? undefined : { jobId, event: flags.event ?? "on_completion" },
    };
    await withTemporaryChannel(session, plan, async () => {
      tellStart(session, { address, channel: plan.name, job: flags.job });
      await untilAborted(signal);
    });
  } finally {
    await listener.close();
  }
}

function refuseContradictions({ channel, job, event, publicUrl }: ListenFlags): void {
  if (event !== undefined && job === undefined) throw usageError("--event needs --job.");
  if (channel === false && (job !== undefined || publicUrl !== undefined)) {
    throw usageError("--no-channel goes neither with --job nor with --public-url.");
  }
  if (publicUrl !== undefined && !/^https?:\/\/[^/]/i.test(publicUrl)) {
    throw usageError("--public-url must be a whole http:// or https:// address.");
  }
}

/** A secret of one's own means a channel of one's own, unless a flag asks for one. */
function decideChannel(session: Session, flags: ListenFlags, hasSecret: boolean): boolean {
  if (flags.channel === false) return false;
  // Asking for the client refuses whoever is not logged in.
  if (flags.job !== undefined || flags.publicUrl !== undefined) return Boolean(session.client);
  return !hasSecret && session.settings.token !== undefined;
}

/** Names end at 200 characters; a host's own name is shorter than 64 on every system. */
function channelNameFor(listenerPort: number): string {
  const machine = hostname()
    .replace(/[^\w.-]+/g, "-")
    .slice(0, 64);
  return `listen-${machine}-${listenerPort}`;
}

interface Start {
  readonly address: string;
  readonly channel?: string | undefined;
  readonly job?: string | undefined;
  /** Only when it was made here and no channel holds it: somebody must know it. */
  readonly secret?: string | undefined;
}

/** Told beside the calls, so that standard output holds nothing else. */
function tellStart(session: Session, start: Start): void {
  const { address, channel, job, secret } = start;
  const { stderr } = session.surroundings;
  if (session.isJson) {
    stderr.write(`${toJsonLine({ listening: { url: address, channel, secret } })}\n`);
    return;
  }
  const lines = [
    `Listening on ${address}. Ctrl-C ends it.`,
    ...(secret === undefined ? [] : [`Sign with this secret: ${secret}`]),
    ...(channel === undefined ? [] : toChannelLines(channel, job)),
  ];
  stderr.write(`${lines.map(neutralise).join("\n")}\n\n`);
}

function toChannelLines(channel: string, job: string | undefined): string[] {
  return [
    `Channel ${channel} calls it, until the end of this command.`,
    job === undefined
      ? `Try it: cronctl channels test ${channel}`
      : `It is told about ${job}. Try it: cronctl jobs run ${job}`,
  ];
}

/** Ctrl-C is how listening ends: no error. */
function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}
