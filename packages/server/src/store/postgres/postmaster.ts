// Looks at a running PostgreSQL from outside: its pid file, whether the process is really it, and
// how to end it. It never touches a process that it has not recognised.

import { execFile } from "node:child_process";
import { readFile, rm, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { EmbeddedPostgresError, errorCode } from "./errors.ts";

const run = promisify(execFile);

export interface PidFile {
  pid: number;
  port: number;
  socketDir: string;
  isReady: boolean;
}

// The pid file's lines are stable: src/include/utils/pidfile.h of PostgreSQL.
export async function readPidFile(postgresDir: string): Promise<PidFile | undefined> {
  let text: string;
  try {
    text = await readFile(pidFilePath(postgresDir), "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const [pid = "", , , port = "", socketDir = "", , , status = ""] = text.split("\n");
  return {
    // Negative for a PostgreSQL in single-user mode; 0 for a file that a crash left empty.
    pid: Math.abs(Number(pid)) || 0,
    port: Number(port),
    socketDir: socketDir.trim(),
    isReady: status.trim() === "ready",
  };
}

// Removes what a PostgreSQL that is gone left behind. PostgreSQL itself would not dare where the
// number now belongs to another program, which is the rule in containers.
export async function removeStaleFiles(postgresDir: string, found: PidFile): Promise<void> {
  const lock = path.join(found.socketDir, `.s.PGSQL.${found.port}.lock`);
  await rm(pidFilePath(postgresDir), { force: true });
  if (found.socketDir !== "") await rm(lock, { force: true });
}

// True when the process is a PostgreSQL on this very folder.
export async function isPostmasterOf(pid: number, postgresDir: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  if (await runsIn(pid, postgresDir)) return true;
  const command = await commandOf(pid);
  return command?.includes("postgres") === true && command.includes(postgresDir);
}

export function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return errorCode(error) === "EPERM";
  }
}

// A fast shutdown ends sessions and writes a checkpoint of at most 64 MB: seconds on a slow disk.
const FAST_STOP_MS = 20_000;
// An immediate one only ends processes; PostgreSQL itself kills the rest after 5 s.
const IMMEDIATE_STOP_MS = 10_000;
const POLL_MS = 5;

// Ends it, cleanly if it lets itself; `hasEnded` says when it is over.
export async function stopPostmaster(pid: number, hasEnded: () => Promise<boolean>): Promise<void> {
  // https://www.postgresql.org/docs/current/server-shutdown.html
  for (const [signal, waitMs] of [
    ["SIGINT", FAST_STOP_MS],
    ["SIGQUIT", IMMEDIATE_STOP_MS],
  ] as const) {
    sendSignal(pid, signal);
    if (await waitUntil(hasEnded, waitMs)) return;
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL (process ${pid}) does not stop. Its disk may hang; end the process by hand.`,
  );
}

export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}

// Ends it with this process however that ends, short of a kill. Kept until it is gone, as its
// number may be another's then.
export function endWithUs(pid: number, ended: Promise<unknown>): void {
  const onExit = () => sendSignal(pid, "SIGINT");
  process.on("exit", onExit);
  void ended.finally(() => process.removeListener("exit", onExit));
}

// Answers whether the condition came true in time.
export async function waitUntil(
  condition: () => Promise<boolean>,
  limitMs: number,
): Promise<boolean> {
  const endMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > endMs) return false;
    await delay(POLL_MS);
  }
  return true;
}

// A process that ended but was not yet collected by its parent still has a number. After its
// first parent was killed, that can take a while, and it must not count as running.
export async function hasEnded(pid: number): Promise<boolean> {
  if (!isAlive(pid)) return true;
  try {
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    // "12 (name) Z ...": the name may hold anything, so look behind its last bracket.
    return text.slice(text.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    return false;
  }
}

function pidFilePath(postgresDir: string): string {
  return path.join(postgresDir, "postmaster.pid");
}

// A postmaster's working folder is its data folder, under whatever path it was reached.
async function runsIn(pid: number, postgresDir: string): Promise<boolean> {
  try {
    const [theirs, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(postgresDir)]);
    return theirs.dev === ours.dev && theirs.ino === ours.ino;
  } catch {
    // No /proc, or a process of another user.
    return false;
  }
}

async function commandOf(pid: number): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    const { stdout } = await run("ps", ["-ww", "-o", "command=", "-p", String(pid)]).catch(() => ({
      stdout: undefined,
    }));
    return stdout;
  }
}
