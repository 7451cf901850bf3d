// The product for a benchmark: the built `trigrun serve` on an embedded PostgreSQL in a temporary
// folder. The demo's guard starts and ends it, so that nothing stays however the benchmark ends.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
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

/** `environment` goes to the server beside what every benchmark sets. */
export async function startInstallation(
  signal: AbortSignal,
  environment: Readonly<Record<string, string>> = {},
): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), "trigrun-bench-"));
  // Root's database runs as another user, who must pass through.
  await chmod(folder, 0o711);
  const token = `cron_pat_bench_${randomBytes(16).toString("hex")}`;
  const flags = ["--port", "0", "--data-dir", join(folder, "data")];
  const child = spawn(process.execPath, [guard, folder, program, "serve", ...flags], {
    env: {
      PATH: process.env.PATH,
      TRIGRUN_BOOTSTRAP_TOKEN: token,
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
  try {
    const url = await Promise.race([
      readAddress(createInterface({ input: child.stdout })),
      ended.then(() => Promise.reject(new Error("trigrun serve ended before it listened"))),
      once(signal, "abort").then(() => Promise.reject(signal.reason)),
    ]);
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
  return db;
}

async function readAddress(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) {
    const url = /^listening on (http:\S+)$/.exec(line)?.[1];
    if (url !== undefined) return url;
  }
  throw new Error("trigrun serve said nothing of an address");
}
