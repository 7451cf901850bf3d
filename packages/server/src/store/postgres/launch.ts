// Starts one PostgreSQL, or takes over the one that a killed TrigRun left running on the same
// folder. It reports how that one ends and never starts another in its place.

import type { ChildProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { clientConfig } from "../db-config.ts";
import { type Cluster, cannotStart, DATABASE_USER, spawnOptions } from "./cluster.ts";
import {
  endWithUs,
  hasEnded,
  isAlive,
  isPostmasterOf,
  type PidFile,
  readPidFile,
  removeStaleFiles,
  stopPostmaster,
  waitUntil,
} from "./postmaster.ts";
import { clusterName, toArguments } from "./settings.ts";

export type PostgresLog = (level: "debug" | "info" | "warn" | "error", message: string) => void;

export interface Running {
  pid: number;
  // Resolves with the reason when the process is gone, whoever ended it.
  ended: Promise<string>;
}

// Replaying 256 MB of log after a power cut takes seconds; on a very slow disk a minute.
const START_MAX_MS = 120_000;
// A start that takes longer than this is a recovery, and someone may be waiting for it.
const START_SLOW_MS = 5_000;
// How much of PostgreSQL's own words goes into the error of a failed start.
const TAIL_LINES = 5;
// The last words arrive with the end of the pipe, just after the end of the process.
const LAST_WORDS_MS = 200;
// An adopted process is no child of ours, so its end has to be looked for. Connections break at
// once; this only delays the restart.
const ADOPTED_POLL_MS = 250;

// Adopts a PostgreSQL that runs with our settings, ends one that does not, and answers undefined
// when there is none left and one has to be started.
export async function adopt(cluster: Cluster, log: PostgresLog): Promise<Running | undefined> {
  const { postgresDir } = cluster;
  const found = await readPidFile(postgresDir);
  if (found === undefined) return undefined;
  const { pid } = found;
  if (!(await isPostmasterOf(pid, postgresDir))) {
    // A number that nobody has is cleared up by PostgreSQL itself, with more checks than ours.
    if (isAlive(pid) || pid === 0) await removeStaleFiles(postgresDir, found);
    return undefined;
  }
  if (await takeOver(cluster, found)) {
    // Its log went to the process that was killed, and has no reader until it is started anew.
    log("info", `Adopted the PostgreSQL that was left running (process ${pid})`);
    const ended = watch(pid);
    endWithUs(pid, ended);
    return { pid, ended };
  }
  log("info", `Stopping the PostgreSQL that was left running (process ${pid})`);
  await stopPostmaster(pid, () => hasEnded(pid));
  return undefined;
}

// Aborted while it starts, it is ended again, and the reason is thrown.
export async function launch(
  cluster: Cluster,
  log: PostgresLog,
  signal?: AbortSignal,
): Promise<Running> {
  const { account, binaries, postgresDir, settings } = cluster;
  const startedMs = performance.now();
  const name = clusterName(binaries.version, settings);
  const args = ["-D", postgresDir, ...toArguments({ ...settings, cluster_name: name })];
  // In a session of its own: a Ctrl-C at the terminal is for TrigRun, which ends PostgreSQL when
  // it has finished its own work.
  const child = account.spawn(binaries.postgres, args, { ...spawnOptions(), detached: true });
  const tail = relayLog(child, log);
  let isOver = false;
  let cannotRun: Error | undefined;
  child.once("error", (error) => {
    cannotRun = error;
  });
  const ended = readEnd(child).finally(() => {
    isOver = true;
  });
  // A program that cannot be run at all has no pid.
  const { pid } = child;
  if (pid !== undefined) endWithUs(pid, ended);
  const isReady = async () => {
    const file = await readPidFile(postgresDir);
    const isUnwanted = signal?.aborted === true;
    return isOver || isUnwanted || (file?.pid === pid && file?.isReady === true);
  };
  let isInTime = await waitUntil(isReady, START_SLOW_MS);
  if (!isInTime) {
    log("info", "PostgreSQL is still starting; it repairs its files after an unclean end");
    isInTime = await waitUntil(isReady, START_MAX_MS - START_SLOW_MS);
  }
  if (isOver || pid === undefined) {
    const reason = await ended;
    const words = tail.length > 0 ? tail.join(" / ") : reason;
    throw cannotStart(cluster, binaries.postgres, cannotRun ?? words);
  }
  if (signal?.aborted) {
    await stopPostmaster(pid, async () => isOver);
    throw signal.reason;
  }
  if (!isInTime) {
    await stopPostmaster(pid, async () => isOver);
    throw cannotStart(cluster, binaries.postgres, `not ready after ${START_MAX_MS / 1000} s`);
  }
  const tookMs = Math.round(performance.now() - startedMs);
  log("info", `PostgreSQL ${binaries.version} started in ${tookMs} ms (process ${pid})`);
  return { pid, ended };
}

async function readEnd(child: ChildProcess): Promise<string> {
  const closed = new Promise((resolve) => child.once("close", resolve));
  const reason = await new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  await Promise.race([closed, delay(LAST_WORDS_MS)]);
  return reason;
}

// Passes PostgreSQL's log on, line by line, and keeps the last lines that are not routine.
function relayLog(child: ChildProcess, log: PostgresLog): string[] {
  const tail: string[] = [];
  let rest = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const level = levelOf(line);
      log(level, `PostgreSQL: ${line}`);
      if (level !== "debug") tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
    }
  });
  return tail;
}

function levelOf(line: string): "debug" | "warn" | "error" {
  const severity = /^([A-Z]+): /.exec(line)?.[1];
  // LOG is routine. FATAL ends one session, which happens at every stop; PANIC ends everything.
  if (severity === "LOG" || severity === "HINT") return "debug";
  return severity === "ERROR" || severity === "PANIC" ? "error" : "warn";
}

// True when the running one has our version and settings and answers on our socket. Sessions of
// the TrigRun before are ended, so that none of its transactions outlives it.
async function takeOver(cluster: Cluster, found: PidFile): Promise<boolean> {
  if (!found.isReady) return false;
  const { binaries, settings } = cluster;
  const { socketDir: host, port } = found;
  const target = { host, port, user: DATABASE_USER, database: "postgres" };
  const client = new pg.Client(clientConfig(target, "trigrun adopt"));
  // A server that dies under the question is one that cannot be adopted.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query("select current_setting('cluster_name') as name");
    if (rows[0]?.name !== clusterName(binaries.version, settings)) return false;
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function watch(pid: number): Promise<string> {
  while (!(await hasEnded(pid))) {
    // It must not keep a program alive that has nothing else to do.
    await delay(ADOPTED_POLL_MS, undefined, { ref: false });
  }
  return "it is gone";
}
