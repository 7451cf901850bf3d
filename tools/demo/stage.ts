// Puts up everything that the story needs: the far ends, the server, its client. Whatever is opened
// is also handed to `closers`, so that it is closed even when the rest cannot be opened.
import { randomBytes } from "node:crypto";
import { chmodSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, type Fetch, type TrigRunApi } from "@trigrun/contract";
import { runCronctl } from "./cronctl.ts";
import { type DiscordReceiver, startDiscord } from "./discord.ts";
import type { Ending } from "./ending.ts";
import { type MailServer, startMail } from "./mail.ts";
import type { Narrator } from "./narrator.ts";
import { channelNames, webhookFailures } from "./script.ts";
import { type RunningServer, type Server, startServer } from "./server.ts";
import { type SlackReceiver, startSlack } from "./slack.ts";
import { startTarget, type Target } from "./target.ts";
import { createWatcher, type Watcher } from "./watcher.ts";
import { startWebhook, type WebhookReceiver } from "./webhook.ts";

/** Run in the opposite order. */
export type Closers = (() => Promise<void>)[];

export interface FarEnds {
  readonly target: Target;
  readonly webhook: WebhookReceiver;
  readonly audit: WebhookReceiver;
  readonly mail: MailServer;
  readonly slack: SlackReceiver;
  readonly discord: DiscordReceiver;
}

export interface Stage extends FarEnds {
  readonly narrator: Narrator;
  readonly server: Server;
  readonly client: Client<TrigRunApi>;
  readonly watcher: Watcher;
  /** The secret of `audit`: `whsec_` and base64. The other webhook has the one below. */
  readonly auditSecret: string;
  cronctl(...args: string[]): Promise<void>;
}

/** It looks like `whsec_` and base64 and is neither: its own characters are the key. */
export const plainSecret = "whsec_your_signing_secret";
export const recipient = "team@example.com";

// The API answers within milliseconds; on a very busy machine within a second.
const requestMs = 10_000;

export interface StageOptions {
  readonly narrator: Narrator;
  readonly ending: Ending;
  readonly closers: Closers;
  /** Told as soon as there is a server, whose last words a failure needs. */
  readonly onServer: (server: RunningServer) => void;
}

export async function setStage(options: StageOptions): Promise<Stage> {
  const { narrator, ending, closers } = options;
  const auditSecret = `whsec_${randomBytes(32).toString("base64")}`;
  const farEnds = await startFarEnds(narrator, auditSecret, closers);
  const { mail } = farEnds;
  const folder = await makeFolder();
  narrator.tell("trigrun", `starts with a new PostgreSQL of its own in ${folder}`);
  const running = startServer({
    ...{ folder, narrator, smtpUrl: mail.url, smtpFrom: mail.from },
    onDeath: ending.end,
  });
  closers.push(running.stop);
  options.onServer(running);
  const server = await ending.race(running.ready);
  narrator.tell("trigrun", `listens on ${server.url}`, "good");
  const client = createClient({
    baseUrl: server.url,
    token: server.token,
    fetch: (url, init) => ending.race(fetchOnce(url, init)),
  });
  return {
    ...farEnds,
    ...{ narrator, server, client, auditSecret },
    watcher: createWatcher({ client, narrator, ending }),
    cronctl: (...args) =>
      runCronctl({ server, home: folder, narrator, signal: ending.signal }, args),
  };
}

/**
 * On a connection of its own, and never broken off: a server that is being stopped waits for
 * connections that are kept for later, or that were opened and never used.
 */
const fetchOnce: Fetch = (url, init) =>
  fetch(url, {
    ...init,
    headers: { ...init.headers, connection: "close" },
    signal: AbortSignal.timeout(requestMs),
  });

/** Removed by the server's guard. */
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "trigrun-demo-"));
  // Root's PostgreSQL runs as another user, who has to pass through.
  if (process.getuid?.() === 0) chmodSync(folder, 0o711);
  return folder;
}

async function startFarEnds(
  narrator: Narrator,
  auditSecret: string,
  closers: Closers,
): Promise<FarEnds> {
  const open = async <T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const opened = await starting;
    closers.push(opened.close);
    return opened;
  };
  const { webhook, audit, email, slack, discord } = channelNames;
  const farEnds: FarEnds = {
    target: await open(startTarget(narrator)),
    webhook: await open(
      startWebhook({
        ...{ channel: webhook, narrator, failures: webhookFailures },
        ...{ secret: plainSecret, format: "raw" },
      }),
    ),
    audit: await open(startWebhook({ channel: audit, narrator, secret: auditSecret, failures: 0 })),
    mail: await open(startMail({ channel: email, recipient, narrator })),
    slack: await open(startSlack(slack, narrator)),
    discord: await open(startDiscord(discord, narrator)),
  };
  const smtp = new URL(farEnds.mail.url).host;
  narrator.tell("target", `${farEnds.target.url}, which answers 503 until it is mended`);
  narrator.tell("webhook", `${farEnds.webhook.url}, verifies with the package standardwebhooks`);
  narrator.tell("webhook", `${farEnds.audit.url}, the same with another kind of secret`);
  narrator.tell("mail", `smtp://${smtp}, takes mail for ${recipient}`);
  narrator.tell("slack", `${new URL(farEnds.slack.url).origin}, validates as Slack does`);
  narrator.tell("discord", `${new URL(farEnds.discord.url).origin}, validates as Discord does`);
  return farEnds;
}
