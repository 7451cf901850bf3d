// `trigrun backup` and `trigrun restore`: the backup as a file, compressed, or as a stream. A file
// of this name is there whole or not at all, and one that is there is never written over.
import { createReadStream } from "node:fs";
import { access, link, open, rename, rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { Config } from "./config.ts";
import type { OpenDatabase } from "./open-database.ts";
import { type BackupSums, writeBackup } from "./store/backup.ts";
import { BackupRefused, damaged, foreign } from "./store/backup-text.ts";
import { syncClock } from "./store/clock.ts";
import type { DataFolder } from "./store/data-folder.ts";
import type { Database } from "./store/db.ts";
import { readOwnTables } from "./store/migrate.ts";
import { restoreBackup } from "./store/restoration.ts";
import { createVault } from "./store/vault.ts";
import { findKeys } from "./store/vault-key.ts";
import { version } from "./version.ts";

/** Stands for standard output, and for standard input. */
const stream = "-";

interface Surroundings {
  readonly config: Pick<Config, "encryptionKey">;
  /** Told what the operator has to know; never on standard output, where a backup may go. */
  readonly say: (sentence: string) => void;
  readonly stopSignal: AbortSignal;
}

export async function backUp(
  { db, folder }: { readonly db: Database; readonly folder: Pick<DataFolder, "keyFile"> },
  path: string,
  { config, say, stopSignal }: Surroundings,
): Promise<void> {
  const takenAt = (await syncClock(db)).now();
  const own = await readOwnTables();
  const write = (target: NodeJS.WritableStream) =>
    writeBackup(db, { version, takenAt, own }, (text) =>
      pipeline(text, createGzip(), target, { signal: stopSignal }),
    );
  const sums =
    path === stream ? await write(process.stdout) : await intoFile(path, (file) => write(file));
  const key = config.encryptionKey === undefined ? folder.keyFile : "TRIGRUN_ENCRYPTION_KEY";
  const place = path === stream ? "" : ` to ${path}`;
  say(
    `Backed up ${sums.rows} rows of ${sums.tables} tables${place}, ` +
      `as of ${takenAt.toISOString()}.\n` +
      tellForeign(sums.foreign) +
      `The encryption key (${key}) is not in it, and without the key no secret and no credential ` +
      "in it can be read. Keep a copy of the key, in another place than the backup.",
  );
}

function tellForeign(tables: readonly string[]): string {
  if (tables.length === 0) return "";
  const [one, rest] = [`table ${tables[0]}`, `tables ${tables.join(", ")}`];
  return (
    `Not in it: the ${tables.length === 1 ? one : rest}, which TrigRun did not make. ` +
    "Keep what you need of that by other means, as pg_dump.\n"
  );
}

/** Written beside its place and moved there when it is on the disk. */
async function intoFile(
  path: string,
  write: (file: NodeJS.WritableStream) => Promise<BackupSums>,
): Promise<BackupSums> {
  if (await isThere(path)) throw taken(path);
  const draft = `${path}.${process.pid}.part`;
  // For its owner's eyes alone: it holds all that was ever sent and answered.
  // Opened before anything is begun: a stream that opens by itself fails with nobody listening.
  const handle = await open(draft, "wx", 0o600).catch((error: unknown) => refuse(path, error));
  const file = handle.createWriteStream({ flush: true });
  try {
    const sums = await write(file);
    await place(draft, path);
    return sums;
  } catch (error) {
    file.destroy();
    await rm(draft, { force: true });
    return refuse(path, error);
  }
}

/** Under a name that somebody else may have taken since the backup was begun. */
async function place(draft: string, path: string): Promise<void> {
  try {
    await link(draft, path);
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw taken(path);
    // Some file systems have no links; there, what is between this look and the move is no time.
    if (await isThere(path)) throw taken(path);
    await rename(draft, path);
    return;
  }
  await rm(draft);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function taken(path: string): BackupRefused {
  return new BackupRefused(`${path} is there already, and is not written over: choose a new name.`);
}

/** Says what a failure of the file means, and passes on every other one. */
function refuse(path: string, error: unknown): never {
  if (error instanceof Error && "syscall" in error && "code" in error) {
    throw new BackupRefused(`${path} cannot be written (${error.code}).`);
  }
  throw error;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A mistaken name is found before a database is made for it. */
export async function findBackup(path: string): Promise<void> {
  if (path === stream) return;
  try {
    const file = await open(path, "r");
    await file.close();
    if ((await stat(path)).isFile()) return;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  throw new BackupRefused(`${path} cannot be read: check its name and its rights.`);
}

export async function restore(
  { db, folder }: Pick<OpenDatabase, "db" | "folder">,
  path: string,
  { config, say, stopSignal, isKeyNeeded }: Surroundings & { readonly isKeyNeeded: boolean },
): Promise<void> {
  const keys = await findKeys({ ...config, keyFile: folder.keyFile });
  const held = keys === undefined ? "none" : createVault(keys);
  const source = path === stream ? process.stdin : createReadStream(path);
  const text = createGunzip({ chunkSize: gunzipChunkBytes });
  // Ends with `text`, which passes every failure on to its reader.
  const reading = pipeline(source, text, { signal: stopSignal });
  reading.catch(() => undefined);
  const { head, rows } = await restoreBackup({
    db,
    text: readable(text),
    vault: isKeyNeeded ? held : "unchecked",
  });
  say(
    `Restored ${rows} rows of ${head.tables.length} tables, as they were at ${head.taken_at} ` +
      `(TrigRun ${head.version}).\n` +
      "What was due since then is caught up or recorded as missed when a node starts; what was " +
      "under way then is settled as interrupted.",
  );
}

// A row that a receiver answered with its 64 KB fits in one piece.
const gunzipChunkBytes = 256 * 1_024;

/** Says what a broken compression means. */
async function* readable(text: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isFirst = true;
  try {
    for await (const piece of text) {
      isFirst = false;
      yield piece;
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && String(error.code).startsWith("Z_"))) {
      throw error;
    }
    throw new BackupRefused(isFirst ? foreign : damaged);
  }
}
