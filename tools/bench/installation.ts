// The product for a benchmark: the built `trigrun serve` on an embedded PostgreSQL in a temporary
// folder. The demo's guard starts and ends it, so that nothing stays however the benchmark ends.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Client, createClient, type TrigRunApi } from "@trigrun/contract";
import pg from "pg";
import { parentOf } from "./cpu.ts";

export interface Installation {
  readonly client: Client<TrigRunApi>;
  /** Where its API answers, and the token that the client uses. */
  readonly url: string;
  readonly token: string;
  /** The socket of its PostgreSQL. */
  readonly database: pg.ClientConfig;
  /** The processes of the program and of its PostgreSQL. */
  readonly pids: { readonly server: number; readonly postgres: number };
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const guard = fileURLToPath(new URL("../demo/guard.mjs", import.meta.url));
// The folder for profiles of the server; see profile.mjs.
const profile = process.env.BENCH_PROFILE;
const profiled = `--import ${new URL("./profile.mjs", import.meta.url).href}`;
const program = fileURLToPath(new URL("../../packages/server/bin/trigrun.js", import.meta.url));

/**
 * `environment` goes to the server beside what every benchmark sets. A `keptDataDir` is somebody
 * else's to remove: the guard removes a link to it.
 */
export async function startInstallation(
  signal: AbortSignal,
  environment: Readonly<Record<string, string>> = {},
  keptDataDir?: string,
): Promise<Installation> {
  const folder = await makeFolder();
  if (keptDataDir !== undefined) await symlink(keptDataDir, join(folder, "data"));
  const token = `cron_pat_bench_${randomBytes(16).toString("hex")}`;
  const command = ["serve", "--port", "0", "--data-dir", join(folder, "data")];
  const all = { TRIGRUN_BOOTSTRAP_TOKEN: token, ...environment };
  const { said: url, stop } = await startProgram(signal, folder, command, {
    environment: all,
    awaited: /^listening on (http:\S+)$/,
  });
  try {
    return {
      client: createClient({ baseUrl: url, token, userAgent: "bench", fetch }),
      ...{ url, token, stop },
      database: { host: join(folder, "data", "run"), user: "trigrun", database: "trigrun" },
      pids: await findProcesses(join(folder, "data")),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One more node on a database, which `environment` names. Answers how it is stopped. */
export async function startNode(
  signal: AbortSignal,
  environment: Readonly<Record<string, string>>,
): Promise<() => Promise<void>> {
  const folder = await makeFolder();
  const command = ["work", "--data-dir", join(folder, "data")];
  const awaited = /^(working)$/;
  return (await startProgram(signal, folder, command, { environment, awaited })).stop;
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "trigrun-bench-"));
  // Root's database runs as another user, who must pass through.
  await chmod(folder, 0o711);
  return folder;
}

interface Start {
  readonly environment: Readonly<Record<string, string>>;
  /** What it says when it is ready; its first group is answered. */
  readonly awaited: RegExp;
}

async function startProgram(
  signal: AbortSignal,
  folder: string,
  command: readonly string[],
  { environment, awaited }: Start,
): Promise<{ said: string; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [guard, folder, program, ...command], {
    env: {
      PATH: process.env.PATH,
      TRIGRUN_ALLOW_NETWORKS: "127.0.0.1/32",
      TRIGRUN_LOG_LEVEL: "warn",
      // One token starts every job, as fast as the benchmark asks for.
      TRIGRUN_RATE_LIMIT_PER_TOKEN: "off",
      ...(profile === undefined ? {} : { BENCH_PROFILE: profile, NODE_OPTIONS: profiled }),
      ...environment,
    },
    stdio: ["pipe", "pipe", "inherit"],
    // A group of its own: Ctrl-C at the terminal is for the benchmark, which then stops the server.
    detached: true,
  });
  const ended = once(child, "close");
  const stop = async () => {
    child.stdin.on("error", () => undefined).end();
    await ended;
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  };
  const title = `trigrun ${command[0]}`;
  const isStarted = new AbortController();
  try {
    const said = await Promise.race([
      readUntil(createInterface({ input: child.stdout }), awaited),
      ended.then(() => Promise.reject(new Error(`${title} ended before it was ready`))),
      once(signal, "abort", isStarted).then(() => Promise.reject(signal.reason)),
    ]);
    return { said, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    // Takes its listener from the signal, which outlives many starts.
    isStarted.abort();
  }
}

/** The server is the one that started PostgreSQL, whose process id is in its own file. */
async function findProcesses(dataDir: string): Promise<Installation["pids"]> {
  const pidFile = await readFile(join(dataDir, "postgres", "postmaster.pid"), "utf8");
  const postgres = Number(pidFile.split("\n")[0]);
  return { postgres, server: parentOf(postgres) ?? postgres };
}

/** A connection of the benchmark's own to the database of an installation. */
export async function connectTo({ database }: Installation): Promise<pg.Client> {
  const db = new pg.Client({ ...database, application_name: "bench" });
  await db.connect();
  // Whether anything is left is asked all the time. Along an index the first row answers that; by
  // a bitmap PostgreSQL collects all that are left, which took a quarter of its time.
  await db.query("set enable_bitmapscan = off; set enable_seqscan = off");
  return db;
}

async function readUntil(lines: AsyncIterable<string>, awaited: RegExp): Promise<string> {
  for await (const line of lines) {
    const said = awaited.exec(line)?.[1];
    if (said !== undefined) return said;
  }
  throw new Error("the program never said that it was ready");
}
