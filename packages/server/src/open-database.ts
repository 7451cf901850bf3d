// Opens the database that the settings ask for: the one of `DATABASE_URL`, or the embedded one in
// the data folder, which this process then owns alone. Leaves it migrated,
// unless it is asked to leave the schema alone.
import type { Config } from "./config.ts";
import type { Log } from "./log.ts";
import { type StopStep, stopInOrder } from "./stop-in-order.ts";
import {
  type DataFolder,
  findDataFolder,
  type LockedDataFolder,
  openDataFolder,
} from "./store/data-folder.ts";
import { type ConnectionTarget, connect, type Database } from "./store/db.ts";
import {
  type EmbeddedPostgres,
  findEmbeddedPostgres,
  hasEmbeddedPostgres,
  startEmbeddedPostgres,
} from "./store/embedded-postgres.ts";
import { migrate } from "./store/migrate.ts";
import { refuseUnfitPooler } from "./store/pooler.ts";

export interface OpenDatabase {
  readonly db: Database;
  readonly folder: DataFolder;
  /** True when no other process can be using it: its leases are all leftovers. */
  readonly isOurs: boolean;
  /** Called when the embedded PostgreSQL is gone for good. */
  onExit(callback: (reason: string) => void): void;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly config: Config;
  readonly dataDir: string;
  readonly log: Log;
  readonly applicationName: string;
  /** Leaves the schema as it is: for what must work on an older or an empty database. */
  readonly isSchemaKept?: boolean;
  /** Aborted, opening goes no further, leaves nothing running, and throws the reason. */
  readonly stopSignal?: AbortSignal;
}

export async function openDatabase(options: OpenOptions): Promise<OpenDatabase> {
  const { databaseUrl } = options.config;
  if (databaseUrl !== undefined) {
    const folder = await findDataFolder(options.dataDir);
    const db = await open(options, { url: databaseUrl }, options.config.databaseDirectUrl);
    return { db, folder, isOurs: false, onExit: () => undefined, close: () => db.close() };
  }
  const folder = await openDataFolder(options.dataDir).catch((error) => {
    // A Ctrl-C at the terminal also ends the program that takes the lock.
    options.stopSignal?.throwIfAborted();
    throw error;
  });
  let postgres: EmbeddedPostgres | undefined;
  try {
    postgres = await startEmbeddedPostgres({
      dataDir: folder.dir,
      log: toPostgresLog(options.log),
      signal: options.stopSignal,
    });
    const db = await open(options, postgres.connection);
    return embedded({ folder, postgres, db }, options.log);
  } catch (error) {
    // Its failures are in the log; why nothing was opened is what the caller has to know.
    await stopInOrder(toSteps({ folder, ...(postgres && { postgres }) }), options.log).catch(
      () => undefined,
    );
    throw error;
  }
}

/** For a command beside a running `serve`: joins its database, or opens it as `serve` would. */
export async function joinDatabase(options: OpenOptions): Promise<OpenDatabase> {
  if (options.config.databaseUrl === undefined) {
    const folder = await findDataFolder(options.dataDir);
    const target = await findEmbeddedPostgres(folder.dir);
    if (target) {
      const db = await open(options, target);
      return { db, folder, isOurs: false, onExit: () => undefined, close: () => db.close() };
    }
  }
  return openDatabase(options);
}

/** A database as it was found, and who runs its server. */
export interface VisitedDatabase {
  readonly db: Database;
  /** `started`: the built-in one, for this visit; it ends with it. */
  readonly server: "outside" | "running" | "started";
  close(): Promise<void>;
}

/**
 * For a look that makes nothing, no folder and no schema, and refuses no setting of the database.
 * Undefined where the data folder never had a database.
 */
export async function visitDatabase(options: OpenOptions): Promise<VisitedDatabase | undefined> {
  const { databaseUrl, databaseDirectUrl } = options.config;
  if (databaseUrl !== undefined) {
    const db = reach(options, { url: databaseUrl }, databaseDirectUrl);
    return { db, server: "outside", close: () => db.close() };
  }
  if (!(await hasEmbeddedPostgres(options.dataDir))) return undefined;
  const { db, isOurs, close } = await joinDatabase({ ...options, isSchemaKept: true });
  return { db, server: isOurs ? "started" : "running", close };
}

function reach(options: OpenOptions, target: ConnectionTarget, directUrl?: string): Database {
  const { log, config, applicationName } = options;
  return connect({
    ...target,
    ...(directUrl === undefined ? {} : { pastPooler: { url: directUrl } }),
    poolMax: config.databasePool,
    applicationName,
    onWarning: (message, error) => log.warn({ err: error }, message),
  });
}

async function open(
  options: OpenOptions,
  target: ConnectionTarget,
  directUrl?: string,
): Promise<Database> {
  const { log } = options;
  const db = reach(options, target, directUrl);
  try {
    if (directUrl !== undefined) await refuseUnfitPooler(db);
    const applied = options.isSchemaKept === true ? [] : await migrate(db);
    if (applied.length > 0) log.info({ migrations: applied }, "the database was migrated");
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

interface Embedded {
  readonly folder: LockedDataFolder;
  readonly postgres: EmbeddedPostgres;
  readonly db: Database;
}

function embedded(parts: Embedded, log: Log): OpenDatabase {
  const { folder, postgres, db } = parts;
  return {
    db,
    folder,
    isOurs: true,
    onExit: (callback) => postgres.onExit(callback),
    close: () => stopInOrder(toSteps(parts), log),
  };
}

/** Of what was opened. The lock goes last: the next one in must find nothing that still runs. */
function toSteps({ folder, postgres, db }: Partial<Embedded>): StopStep[] {
  return [
    { name: "the connections", stop: async () => db?.close() },
    { name: "PostgreSQL", stop: async () => postgres?.stop() },
    { name: "the data folder", stop: async () => folder?.close() },
  ];
}

function toPostgresLog(log: Log) {
  return (level: "debug" | "info" | "warn" | "error", message: string) =>
    log[level]({ part: "postgres" }, message);
}
