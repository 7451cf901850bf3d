// The product itself: starts the built `trigrun serve` on an embedded PostgreSQL in a temporary
// folder, and leaves nothing of it behind: no process, no file.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DemoFailed } from "./demo-failed.ts";
import type { Narrator } from "./narrator.ts";

export interface Server {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly token: string;
}

export interface RunningServer {
  /** Resolves when it listens. */
  readonly ready: Promise<Server>;
  /** The last lines of its standard error. */
  lastWords(): string[];
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** A folder of the demo's own; the data folder is made in it. */
  readonly folder: string;
  readonly smtpUrl: string;
  readonly smtpFrom: string;
  readonly narrator: Narrator;
  /** Told when it ends without having been asked. */
  readonly onDeath: (reason: DemoFailed) => void;
}

const program = fileURLToPath(new URL("../../packages/server/bin/trigrun.js", import.meta.url));

// What explains a failed start fits in; a server under way logs far less in a minute.
const linesMax = 40;
// It lets requests in flight end; the demo's take milliseconds. Then it is asked a second time,
// which does not wait, and at last it is killed.
const stopMs = 10_000;
const stopAtOnceMs = 3_000;
// A new database takes 2 s on a quiet machine and half a minute on a very busy one.
const stillStartingMs = 5_000;

export function startServer(options: ServerOptions): RunningServer {
  const { narrator, folder } = options;
  const dataDir = join(folder, "data");
  const token = `cron_pat_demo_${randomBytes(16).toString("hex")}`;
  const child = spawn(
    process.execPath,
    [program, "serve", "--port", "0", "--data-dir", dataDir],
    // A group of its own: Ctrl-C at the terminal is for the demo, which then stops the server.
    { env: toEnvironment(options, token), stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  const lines: string[] = [];
  let isStarting = true;
  createInterface({ input: child.stderr }).on("line", (line) => {
    lines.push(line);
    if (lines.length > linesMax) lines.shift();
    if (isStarting) narrator.tell("trigrun", toMessage(line), "dim");
  });
  const patience = setInterval(
    () => narrator.tell("trigrun", "still starting…", "dim"),
    stillStartingMs,
  );
  let isStopping = false;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) =>
      resolve(code === null ? `${signal}` : `exit code ${code}`),
    );
  });
  const ready = readAddress(child, ended).finally(() => {
    isStarting = false;
    clearInterval(patience);
  });
  // Whoever awaits `ready` sees the failure; a demo that was interrupted before does not.
  ready.catch(() => undefined);
  void ended.then((how) => {
    if (!isStopping)
      options.onDeath(new DemoFailed([`trigrun serve has ended by itself (${how}).`]));
  });
  return {
    ready: ready.then((url) => ({ url, token })),
    lastWords: () => [...lines],
    async stop() {
      isStopping = true;
      clearInterval(patience);
      await stopChild(child, ended);
      await stopOrphan(dataDir);
    },
  };
}

/** Ours alone: what the caller has set for another TrigRun or PostgreSQL is left out. */
function toEnvironment(options: ServerOptions, token: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(?:TRIGRUN_|CRON_|PG|DATABASE_URL$)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    TRIGRUN_BOOTSTRAP_TOKEN: token,
    TRIGRUN_ALLOW_NETWORKS: "127.0.0.1/32,::1/128",
    TRIGRUN_SMTP_URL: options.smtpUrl,
    TRIGRUN_SMTP_FROM: options.smtpFrom,
  };
}

/** Of a line of the log, which is JSON; anything else is shown as it is. */
function toMessage(line: string): string {
  try {
    const entry: unknown = JSON.parse(line);
    const isEntry = typeof entry === "object" && entry !== null && "msg" in entry;
    return isEntry ? String(entry.msg) : line;
  } catch {
    return line;
  }
}

async function readAddress(child: ChildProcess, ended: Promise<string>): Promise<string> {
  const listening = new Promise<string>((resolve) => {
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on("line", (line) => {
      const url = /^listening on (http:\S+)$/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const failed = ended.then((how) => {
    throw new DemoFailed([`trigrun serve could not start (${how}); its own words are below.`]);
  });
  return Promise.race([listening, failed]);
}

async function stopChild(child: ChildProcess, ended: Promise<string>): Promise<void> {
  const hasEndedIn = (ms: number) =>
    Promise.race([ended.then(() => true), delay(ms, false, { ref: false })]);
  for (const [signal, ms] of [
    ["SIGTERM", stopMs],
    ["SIGTERM", stopAtOnceMs],
    ["SIGKILL", stopAtOnceMs],
  ] as const) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) break;
    child.kill(signal);
    if (await hasEndedIn(ms)) break;
  }
  endGroup(child);
}

/** A server that is stopped while it starts may leave the maker of its database behind. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in the group, as it should be.
  }
}

// PostgreSQL ends in a fraction of a second when it is told to drop its connections.
const orphanMs = 5_000;
const lookMs = 50;

/** The database of a server that was killed: its folder can only be removed once it has ended. */
async function stopOrphan(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, "postgres", "postmaster.pid");
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8").split("\n")[0]) : 0;
  if (!(pid > 0)) return;
  for (let waitedMs = 0; waitedMs < orphanMs; waitedMs += lookMs) {
    try {
      // "Fast shutdown" in PostgreSQL's words.
      process.kill(pid, waitedMs === 0 ? "SIGINT" : 0);
    } catch {
      return;
    }
    await delay(lookMs);
  }
}
