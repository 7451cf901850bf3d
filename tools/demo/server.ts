// The product itself: starts the built `trigrun serve` on an embedded PostgreSQL in a temporary
// folder. It is started and ended by guard.mjs, which leaves nothing of it behind.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
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
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** A folder of the demo's own; it is removed when the server has ended. */
  readonly folder: string;
  readonly smtpUrl: string;
  readonly smtpFrom: string;
  readonly narrator: Narrator;
  /** Told when it ends without having been asked. */
  readonly onDeath: (reason: DemoFailed) => void;
}

const guard = fileURLToPath(new URL("./guard.mjs", import.meta.url));
const program = fileURLToPath(new URL("../../packages/server/bin/trigrun.js", import.meta.url));

/** So begins what the guard says when the server has ended by itself. */
const deathNotice = "trigrun serve has ended by itself";

// What explains a failed start fits in; a server under way logs far less in a minute.
const linesMax = 40;
// A new database takes 2 s on a quiet machine and half a minute on a very busy one.
const stillStartingMs = 5_000;
// The guard's own waits add up to less.
const stopMs = 30_000;

export function startServer(options: ServerOptions): RunningServer {
  const { narrator, folder } = options;
  const token = `cron_pat_demo_${randomBytes(16).toString("hex")}`;
  const flags = ["--port", "0", "--data-dir", join(folder, "data")];
  const child = spawn(process.execPath, [guard, folder, program, "serve", ...flags], {
    env: toEnvironment(options, token),
    stdio: ["pipe", "pipe", "pipe"],
    // A group of its own: Ctrl-C at the terminal is for the demo, which then stops the server.
    detached: true,
  });
  let isStarting = true;
  let isStopping = false;
  const die = (how: string) => {
    if (isStopping) return;
    isStopping = true;
    clearInterval(patience);
    options.onDeath(new DemoFailed([`${how}; its last words are above.`]));
  };
  const words = keepWords(child.stderr, (line) => {
    if (line.startsWith(deathNotice)) die(line);
    else if (isStarting && !isStopping) narrator.tell("trigrun", toMessage(line), "dim");
  });
  const patience = setInterval(
    () => narrator.tell("trigrun", "still starting…", "dim"),
    stillStartingMs,
  );
  const ended = new Promise<void>((resolve) => {
    child.once("error", () => resolve()).once("close", () => resolve());
  });
  // The guard itself could not be started, or was killed.
  void ended.then(() => die("trigrun serve is gone, and so is its guard"));
  const ready = readAddress(child).then((url) => {
    isStarting = false;
    clearInterval(patience);
    return { url, token };
  });
  return {
    ready,
    lastWords: () => [...words],
    async stop() {
      isStopping = true;
      clearInterval(patience);
      child.stdin.on("error", () => undefined).end();
      const isGone = ended.then(() => true);
      if (!(await Promise.race([isGone, delay(stopMs, false, { ref: false })]))) {
        throw new Error(`The guard (process ${child.pid}) does not end; look at ${folder}.`);
      }
      // A Ctrl-C in the very moment of its birth, before it has left our group, ends the guard too.
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
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

/** The newest lines of a stream, kept up to date. */
function keepWords(stream: Readable, onLine: (line: string) => void): readonly string[] {
  const lines: string[] = [];
  createInterface({ input: stream }).on("line", (line) => {
    lines.push(line);
    if (lines.length > linesMax) lines.shift();
    onLine(line);
  });
  return lines;
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

/** Never resolves when the server does not get so far; `onDeath` says so. */
function readAddress({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    if (stdout === null) return;
    createInterface({ input: stdout }).on("line", (line) => {
      const url = /^listening on (http:\S+)$/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
}
