// The built-in database: a PostgreSQL that lives in the data folder, answers on a private socket
// only, and is started again when it dies. Its durability is never traded for speed.
//
// 1. find the programs, 2. choose the user, 3. make the folder if it is new, 4. adopt what a
// killed TrigRun left running or start anew, 5. make the database, 6. watch.

import { createHash } from "node:crypto";
import { access, realpath } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { clientConfig, type SocketTarget } from "./db-config.ts";
import { chooseAccount, makePrivateFolder } from "./postgres/account.ts";
import { findBinaries } from "./postgres/binaries.ts";
import { type Cluster, DATABASE_USER, prepareCluster } from "./postgres/cluster.ts";
import { EmbeddedPostgresError, errorCode } from "./postgres/errors.ts";
import { adopt, launch, type PostgresLog } from "./postgres/launch.ts";
import { isPostmasterOf, readPidFile } from "./postgres/postmaster.ts";
import { postgresSettings, type Settings } from "./postgres/settings.ts";
import { end, type Supervision, supervise } from "./postgres/supervise.ts";

export { EmbeddedPostgresError } from "./postgres/errors.ts";
export type { PostgresLog } from "./postgres/launch.ts";

export interface EmbeddedPostgresOptions {
  // An existing folder that the caller has locked (openDataFolder).
  dataDir: string;
  log: PostgresLog;
  // In place of ours, by PostgreSQL's names: for tests, which need neither fsync nor thrift.
  settings?: Settings;
  // Aborted, the start goes no further, leaves nothing running, and throws the reason.
  signal?: AbortSignal | undefined;
}

export interface EmbeddedPostgres extends Supervision {
  connection: SocketTarget;
}

const DATABASE_NAME = "trigrun";
// PostgreSQL's own; on a socket it is only a part of the file's name.
const PORT = 5_432;
// The room for a path in sockaddr_un, less the closing zero: 108 bytes on Linux, 104 on macOS.
const SOCKET_PATH_MAX_BYTES = process.platform === "darwin" ? 103 : 107;

export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { log, signal } = options;
  const binaries = await findBinaries();
  const dataDir = await realpath(options.dataDir);
  const postgresDir = path.join(dataDir, "postgres");
  const socketDir = chooseSocketDir(dataDir);
  const reach = [path.join(binaries.root, "bin"), dataDir, path.dirname(socketDir)];
  const account = await chooseAccount(postgresDir, reach);
  const settings = postgresSettings(options.settings ?? {}, socketDir);
  const cluster: Cluster = { postgresDir, binaries, account, settings };
  // Before anything is made: what was asked about the account may have been cut short as well.
  signal?.throwIfAborted();
  await prepareCluster(cluster, signal);
  await makePrivateFolder(socketDir, account);
  const running = (await adopt(cluster, log)) ?? (await launch(cluster, log, signal));
  try {
    await ensureDatabase(socketDir);
    signal?.throwIfAborted();
  } catch (error) {
    await end(running);
    throw error;
  }
  const connection = toTarget(socketDir, PORT);
  return { connection, ...supervise(cluster, running, log) };
}

// Where the built-in database of a TrigRun that is running answers, for a command beside it.
export async function findEmbeddedPostgres(dataDir: string): Promise<SocketTarget | undefined> {
  const postgresDir = path.join(await realpath(dataDir), "postgres");
  const found = await readPidFile(postgresDir);
  if (!found?.isReady || !(await isPostmasterOf(found.pid, postgresDir))) return undefined;
  return toTarget(found.socketDir, found.port);
}

// Whether the data folder has a built-in database, running or not.
export async function hasEmbeddedPostgres(dataDir: string): Promise<boolean> {
  try {
    await access(path.join(dataDir, "postgres", "PG_VERSION"));
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return false;
    throw new EmbeddedPostgresError(
      `The database folder in ${dataDir} cannot be looked into (${code ?? error}). Run this as ` +
        "the user that runs the server.",
    );
  }
}

function toTarget(socketDir: string, port: number): SocketTarget {
  return { host: socketDir, port, user: DATABASE_USER, database: DATABASE_NAME };
}

function chooseSocketDir(dataDir: string): string {
  const fits = (dir: string) =>
    Buffer.byteLength(path.join(dir, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_MAX_BYTES;
  const own = path.join(dataDir, "run");
  if (fits(own)) return own;
  // Sixteen hex digits of a hash: two folders of one machine do not meet in them.
  const hash = createHash("sha256").update(dataDir).digest("hex").slice(0, 16);
  const elsewhere = path.join(os.tmpdir(), `trigrun-${hash}`);
  if (fits(elsewhere)) return elsewhere;
  throw new EmbeddedPostgresError(
    `The path of ${dataDir} is too long for the database's socket, and so is that of ` +
      `${os.tmpdir()}. Choose a shorter --data-dir.`,
  );
}

async function ensureDatabase(host: string): Promise<void> {
  const target = { host, port: PORT, user: DATABASE_USER, database: "postgres" };
  const client = new pg.Client(clientConfig(target, "trigrun start"));
  // What breaks the connection also rejects the question.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const known = "select 1 from pg_database where datname = $1";
    const { rowCount } = await client.query(known, [DATABASE_NAME]);
    if (rowCount === 0) await client.query(`create database ${DATABASE_NAME}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}
