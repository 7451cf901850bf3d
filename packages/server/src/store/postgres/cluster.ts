// Makes the folder that PostgreSQL keeps everything in, whole or not at all. It never changes one
// that is in use and never deletes one that holds data.

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, open, readdir, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { type Account, makePrivateFolder } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { EmbeddedPostgresError, errorCode } from "./errors.ts";
import { sendSignal } from "./postmaster.ts";
import type { Settings } from "./settings.ts";

const run = promisify(execFile);

// The only role. It may do everything and can come in through the private socket only.
export const DATABASE_USER = "trigrun";

export interface Cluster {
  postgresDir: string;
  binaries: Binaries;
  account: Account;
  settings: Settings;
}

export async function prepareCluster(cluster: Cluster, signal?: AbortSignal): Promise<void> {
  const { postgresDir, binaries } = cluster;
  const found = await readVersion(postgresDir);
  if (found === undefined) return await createCluster(cluster, signal);
  if (found !== binaries.major) {
    throw new EmbeddedPostgresError(
      `The database folder ${postgresDir} was made by PostgreSQL ${found}, and this version of ` +
        `TrigRun brings ${binaries.major}. Make a backup with the TrigRun that last used it ` +
        "(`trigrun backup`) and restore it into a new data folder.",
    );
  }
  await restoreOwnership(cluster);
}

async function readVersion(postgresDir: string): Promise<string | undefined> {
  try {
    return (await readFile(path.join(postgresDir, "PG_VERSION"), "utf8")).trim();
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
  }
  try {
    await rmdir(postgresDir);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") {
      throw new EmbeddedPostgresError(
        `The folder ${postgresDir} exists but holds no database (${errorCode(error)}). ` +
          "Move it away, or choose another folder with --data-dir.",
      );
    }
  }
  return undefined;
}

const DRAFT_NAME = /^postgres\.[0-9a-f]{8}\.new$/;

// In a folder beside, renamed when it is whole: a start that is killed half-way leaves nothing
// that looks like a database. Each start has a name of its own, as the programs of a killed one
// may go on for a moment.
async function createCluster(cluster: Cluster, signal?: AbortSignal): Promise<void> {
  const { postgresDir, account } = cluster;
  const dataDir = path.dirname(postgresDir);
  await removeDrafts(dataDir);
  const draft = path.join(dataDir, `postgres.${randomBytes(4).toString("hex")}.new`);
  await makePrivateFolder(draft, account);
  await initialise(cluster, draft, signal);
  await rename(draft, postgresDir);
  await syncFolder(dataDir);
}

async function removeDrafts(dataDir: string): Promise<void> {
  const drafts = (await readdir(dataDir)).filter((name) => DRAFT_NAME.test(name));
  for (const draft of drafts) {
    await rm(path.join(dataDir, draft), { recursive: true, force: true, maxRetries: 5 });
  }
}

async function initialise(cluster: Cluster, draft: string, signal?: AbortSignal): Promise<void> {
  const { binaries, account, settings } = cluster;
  const args = [
    `--pgdata=${draft}`,
    `--username=${DATABASE_USER}`,
    "--encoding=UTF8",
    // Text sorts by code point and changes case by Unicode's rules, the same on every system and
    // after every update of its libraries.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    // Who can open the socket's folder is who may come in; there is no other way.
    "--auth-local=trust",
    "--auth-host=reject",
    "--data-checksums",
    "--no-instructions",
    ...(settings.fsync === "off" ? ["--no-sync"] : []),
  ];
  // In a session of its own, as the server: a Ctrl-C at the terminal is for TrigRun alone.
  const child = account.spawn(binaries.initdb, args, { ...spawnOptions(), detached: true });
  // With what it has started itself. The draft that is left is removed by the next start.
  const kill = () => killGroup(child.pid);
  process.on("exit", kill);
  signal?.addEventListener("abort", kill);
  let output = "";
  child.stderr?.on("data", (chunk) => {
    output += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  })
    .catch((error) => {
      throw cannotStart(cluster, binaries.initdb, error);
    })
    .finally(() => {
      process.removeListener("exit", kill);
      signal?.removeEventListener("abort", kill);
    });
  signal?.throwIfAborted();
  if (code === 0) return;
  throw cannotStart(cluster, binaries.initdb, new Error(output.trim() || `it ended with ${code}`));
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  sendSignal(-pid, "SIGKILL");
}

export function spawnOptions() {
  return {
    // The caller's working folder may be closed to the account.
    cwd: "/",
    // PG* variables of the caller are about other servers.
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["ignore", "ignore", "pipe"] as ["ignore", "ignore", "pipe"],
  };
}

export function cannotStart(cluster: Cluster, program: string, cause: unknown): Error {
  const { obstacle, uid } = cluster.account;
  const name = path.basename(program);
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (obstacle !== undefined) {
    return new EmbeddedPostgresError(
      `PostgreSQL does not run as root, and user ${uid}, whom it runs as instead, cannot pass ` +
        `the folder ${obstacle}. Put --data-dir and the installation where everyone may pass ` +
        "(/var/lib, /opt), or run TrigRun as an ordinary user, or install util-linux's setpriv. " +
        `(${name}: ${reason})`,
    );
  }
  if (errorCode(cause) === "ENOENT") {
    return new EmbeddedPostgresError(
      `${program} cannot be run. It is made for glibc: on Alpine and other musl systems set ` +
        "DATABASE_URL to a PostgreSQL server.",
    );
  }
  if (errorCode(cause) === "EPERM" || errorCode(cause) === "EINVAL") {
    return new EmbeddedPostgresError(
      `PostgreSQL does not run as root, and this root may not become user ${uid}. Run TrigRun ` +
        `as an ordinary user. (${name}: ${reason})`,
    );
  }
  return new EmbeddedPostgresError(`The built-in database cannot start. ${name}: ${reason}`);
}

// After a restore from a backup the files may be root's, or readable by others, which PostgreSQL
// refuses.
async function restoreOwnership({ postgresDir, account }: Cluster): Promise<void> {
  const found = await stat(postgresDir);
  if (found.uid !== account.uid) {
    // -h: a link inside must not hand over what it points to.
    await run("chown", ["-R", "-h", `${account.uid}:${account.gid}`, postgresDir]);
  }
  if ((found.mode & 0o077) !== 0) await chmod(postgresDir, 0o700);
}

async function syncFolder(folder: string): Promise<void> {
  const file = await open(folder, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
