// The built-in database: first and later starts, root, closed folders, and what a kill leaves.

import {
  access,
  chmod,
  chown,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connect, type Database, raw, type SocketTarget, sql } from "../../src/store/db.ts";
import {
  type EmbeddedPostgres,
  EmbeddedPostgresError,
  findEmbeddedPostgres,
  startEmbeddedPostgres,
} from "../../src/store/embedded-postgres.ts";
import { chooseAccount, makePrivateFolder } from "../../src/store/postgres/account.ts";
import { findBinaries, linkLibraries } from "../../src/store/postgres/binaries.ts";
import { type Cluster, prepareCluster } from "../../src/store/postgres/cluster.ts";
import { launch } from "../../src/store/postgres/launch.ts";
import { postgresSettings, type Settings } from "../../src/store/postgres/settings.ts";
import { supervise } from "../../src/store/postgres/supervise.ts";
import { startHolder } from "../support/holder.ts";

const quiet = () => undefined;

// Syncing the thousand files of a new database costs more than all the rest; only tests about
// what comes with the default settings pay it.
const HASTY = { fsync: "off" };

// A restart takes a quarter of a second; a busy machine with a slow disk takes its time.
const RECOVERY_MAX_MS = 20_000;

let template: string;
let parent: string;
let dataDir: string;
let started: EmbeddedPostgres[];

// One database is made for all tests that are not about making one.
beforeAll(async () => {
  template = await mkdtemp(path.join(os.tmpdir(), "trigrun-embedded-"));
  await (await startEmbeddedPostgres({ dataDir: template, log: quiet, settings: HASTY })).stop();
});

afterAll(async () => {
  await rm(template, { recursive: true });
});

beforeEach(async () => {
  // mkdtemp makes it 0700, so a database that root starts as another user is shut out at first.
  parent = await mkdtemp(path.join(os.tmpdir(), "trigrun-embedded-"));
  dataDir = path.join(parent, "data");
  await mkdir(dataDir);
  started = [];
});

afterEach(async () => {
  for (const postgres of started) await postgres.stop();
  await rm(parent, { recursive: true });
});

// A copy as a restored backup is one: root's, where root runs the test, and readable by others.
async function restoreTemplate(dir = dataDir): Promise<void> {
  await cp(template, dir, { recursive: true });
}

async function start(dir = dataDir, settings: Settings = HASTY): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir: dir, log: quiet, settings });
  started.push(postgres);
  return postgres;
}

async function withDatabase<T>(
  target: SocketTarget,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const db = connect({ ...target, poolMax: 2, applicationName: "test" });
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

async function pidIn(dir: string): Promise<number> {
  const text = await readFile(path.join(dir, "postgres", "postmaster.pid"), "utf8");
  return Number(text.split("\n")[0]);
}

describe("startEmbeddedPostgres", () => {
  it("makes a durable UTF-8 database that answers on a private socket only", async () => {
    const { connection } = await start(dataDir, {});
    const [row] = await withDatabase(connection, (db) =>
      db.rows(sql`
        select current_database() as name, current_setting('server_encoding') as encoding,
          upper('é') as upper, 'Z' < 'a' as by_code_point,
          current_setting('data_checksums') as checksums, current_setting('fsync') as fsync,
          current_setting('synchronous_commit') as commits,
          current_setting('listen_addresses') as addresses`),
    );
    expect(row).toEqual({
      name: "trigrun",
      encoding: "UTF8",
      upper: "É",
      by_code_point: true,
      checksums: "on",
      fsync: "on",
      commits: "on",
      addresses: "",
    });
    expect((await stat(connection.host)).mode & 0o777).toBe(0o700);
    expect((await stat(path.join(dataDir, "postgres"))).mode & 0o777).toBe(0o700);
  });

  it("keeps what was stored through a stop and a start", async () => {
    await restoreTemplate();
    const first = await start();
    await withDatabase(first.connection, (db) => db.run(raw("create table kept as select 1 as n")));
    await first.stop();
    const second = await start();
    await withDatabase(second.connection, async (db) => {
      expect(await db.rows(sql`select n from kept`)).toEqual([{ n: 1 }]);
    });
  });

  it("finds a place for its socket when the folder's path is too long", async () => {
    const deep = path.join(parent, "a".repeat(90));
    await restoreTemplate(deep);
    const { connection } = await start(deep);
    expect(connection.host.startsWith(deep)).toBe(false);
    expect((await stat(connection.host)).mode & 0o777).toBe(0o700);
    await withDatabase(connection, (db) => db.ping());
    await rm(connection.host, { recursive: true });
  });

  it("refuses a socket folder that is a link to another place", async () => {
    await mkdir(path.join(parent, "elsewhere"));
    await symlink(path.join(parent, "elsewhere"), path.join(dataDir, "run"));
    await expect(start()).rejects.toThrow(EmbeddedPostgresError);
  });

  it("quotes a folder with a comma and a space", async () => {
    const odd = path.join(parent, 'one, "two"');
    await restoreTemplate(odd);
    const { connection } = await start(odd);
    await withDatabase(connection, (db) => db.ping());
  });

  it("starts over where a first start was killed half-way", async () => {
    const draft = path.join(dataDir, "postgres.0123abcd.new");
    await mkdir(draft);
    await writeFile(path.join(draft, "PG_VERSION"), "18\n");
    const { connection } = await start();
    await withDatabase(connection, (db) => db.ping());
    await expect(access(draft)).rejects.toThrow("ENOENT");
  });

  it("refuses a folder of another major version and says what to do", async () => {
    const postgresDir = path.join(dataDir, "postgres");
    await mkdir(postgresDir);
    await writeFile(path.join(postgresDir, "PG_VERSION"), "17\n");
    await expect(start()).rejects.toThrow("was made by PostgreSQL 17");
  });

  it("refuses a folder that holds something else, and leaves it as it was", async () => {
    const precious = path.join(dataDir, "postgres", "thesis.txt");
    await mkdir(path.dirname(precious));
    await writeFile(precious, "precious");
    await expect(start()).rejects.toThrow(EmbeddedPostgresError);
    expect(await readFile(precious, "utf8")).toBe("precious");
  });

  it("starts in spite of a pid file whose number another program has now", async () => {
    await restoreTemplate();
    const first = await start();
    await first.stop();
    const pidFile = path.join(dataDir, "postgres", "postmaster.pid");
    const { uid, gid } = await stat(path.join(dataDir, "postgres"));
    // This very process lives and is no PostgreSQL.
    await writeFile(pidFile, `${process.pid}\n${dataDir}/postgres\n0\n5432\n\n\n\nready\n`);
    await chmod(pidFile, 0o600);
    if (process.getuid?.() === 0) await chown(pidFile, uid, gid);
    const { connection } = await start();
    await withDatabase(connection, (db) => db.ping());
  });
});

describe("a pid file", () => {
  it("that a crash left empty does not stop a start", async () => {
    await restoreTemplate();
    const first = await start();
    await first.stop();
    await writeFile(path.join(dataDir, "postgres", "postmaster.pid"), "");
    const { connection } = await start();
    await withDatabase(connection, (db) => db.ping());
  });
});

describe("a PostgreSQL left running by a killed TrigRun", () => {
  it("is adopted with its data, and the sessions of the dead one are ended", async () => {
    await restoreTemplate();
    const holder = await startHolder(dataDir, "postgres");
    const pid = await pidIn(dataDir);
    const left = await findEmbeddedPostgres(dataDir);
    if (left === undefined) throw new Error("the holder's database is not found");
    const orphan = connect({ ...left, poolMax: 1, applicationName: "orphan" });
    await orphan.run(raw("create table kept as select 1 as n"));
    const open = orphan.transaction((tx) => tx.run(sql`lock table kept; select pg_sleep(60)`));
    const opened = open.catch((error) => error);
    await holder.kill("SIGKILL");
    // The holder's settings are the default ones.
    const { connection } = await start(dataDir, {});
    expect(await pidIn(dataDir)).toBe(pid);
    expect(await opened).toMatchObject({ name: "DatabaseUnavailable" });
    await withDatabase(connection, async (db) => {
      expect(await db.rows(sql`select n from kept`)).toEqual([{ n: 1 }]);
    });
    await orphan.close();
  });

  it("is stopped and replaced when it runs with other settings", async () => {
    await restoreTemplate();
    const settings = { ...HASTY, max_connections: "20" };
    const before = await startEmbeddedPostgres({ dataDir, log: quiet, settings });
    const pid = await pidIn(dataDir);
    const { connection } = await start();
    expect(await pidIn(dataDir)).not.toBe(pid);
    await withDatabase(connection, async (db) => {
      const [row] = await db.rows(sql`select current_setting('max_connections') as n`);
      expect(row).toEqual({ n: "50" });
    });
    await before.stop();
  });
});

describe("a PostgreSQL that dies", () => {
  it("is started again with what was committed", async () => {
    await restoreTemplate();
    const { connection } = await start(dataDir, {});
    await withDatabase(connection, async (db) => {
      await db.run(raw("create table kept as select 1 as n"));
      process.kill(await pidIn(dataDir), "SIGKILL");
      const kept = () => db.rows(sql`select n from kept`).catch(() => []);
      await expect.poll(kept, { timeout: RECOVERY_MAX_MS }).toEqual([{ n: 1 }]);
    });
  });

  it("is told about when it cannot be started again", async () => {
    await restoreTemplate();
    const cluster = await makeCluster((await findBinaries()).root);
    const running = await launch(cluster, quiet);
    // Two waits in place of the five that take 17 s.
    const supervision = supervise(cluster, running, quiet, [1, 1]);
    const told = new Promise<string>((resolve) => supervision.onExit(resolve));
    await rm(path.join(cluster.postgresDir, "global", "pg_control"));
    process.kill(running.pid, "SIGKILL");
    expect(await told).toContain("SIGKILL");
    await supervision.stop();
  });
});

describe("closed folders", () => {
  it("do not keep it from programs and data that lie in them", async () => {
    const { root } = await findBinaries();
    const copy = path.join(parent, "native");
    await cp(root, copy, { recursive: true, verbatimSymlinks: true });
    await chmod(parent, 0o700);
    const cluster = await makeCluster(copy);
    const running = await launch(cluster, quiet);
    const supervision = supervise(cluster, running, quiet);
    const host = path.join(dataDir, "run");
    const target = { host, user: "trigrun", database: "postgres" };
    await withDatabase(target, async (db) => {
      // A library that is loaded by name, and the zone files, lie in there too.
      await db.run(raw("create extension if not exists pg_trgm"));
      expect(await db.rows(sql`select now() at time zone 'Europe/Berlin' is null as no`)).toEqual([
        { no: false },
      ]);
    });
    await supervision.stop();
  });
});

describe("linkLibraries", () => {
  it("makes the links that an install without scripts leaves out", async () => {
    const lib = path.join(parent, "native", "lib");
    await mkdir(lib, { recursive: true });
    const links = [
      { source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so.5" },
      { source: "native/lib/libpq.so.5.18", target: "native/lib/libpq.so" },
    ];
    await writeFile(path.join(parent, "native", "pg-symlinks.json"), JSON.stringify(links));
    await writeFile(path.join(lib, "libpq.so.5.18"), "library");
    await symlink("libpq.so.5.18", path.join(lib, "libpq.so"));
    await linkLibraries(parent, "@embedded-postgres/test");
    expect(await readFile(path.join(lib, "libpq.so.5"), "utf8")).toBe("library");
  });
});

// The parts that startEmbeddedPostgres puts together, with programs from a place of choice.
async function makeCluster(root: string): Promise<Cluster> {
  const binaries = await findBinaries();
  const bin = path.join(root, "bin");
  const postgresDir = path.join(dataDir, "postgres");
  const socketDir = path.join(dataDir, "run");
  const account = await chooseAccount(postgresDir, [bin, dataDir]);
  const cluster = {
    postgresDir,
    account,
    settings: postgresSettings(HASTY, socketDir),
    binaries: {
      ...binaries,
      root,
      initdb: path.join(bin, "initdb"),
      postgres: path.join(bin, "postgres"),
    },
  };
  await prepareCluster(cluster);
  await makePrivateFolder(socketDir, account);
  return cluster;
}
