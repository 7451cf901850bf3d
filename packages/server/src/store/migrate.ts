// Brings the schema up to date from numbered SQL files, each in one transaction, by one process
// at a time. It never skips a file, edits what was applied, or goes backwards.
//
// A file is named 0001_what_it_brings.sql, numbered from 0001 without a gap, and must not hold
// begin or commit. A line that begins with "-- step:" ends a transaction, so that a lock is not
// held while a later part reads a big table. A file that was cut off begins again with its first
// step: each of them must bear to be repeated, and the program of before must bear each of them.
// A line "-- also: <file> <sha256>" names a former text of an earlier file, which databases have
// applied as well, and after which the file with this line leaves the same schema and rows.

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { Database, Reserved, Tx } from "./db.ts";
import { raw, sql } from "./db.ts";
import { isLockTimeout } from "./db-errors.ts";

// The build copies the folder next to the bundle, so this holds there as well.
const MIGRATIONS = new URL("./migrations/", import.meta.url);

const STEP = /^-- step:.*$/m;

const ALSO = /^-- also: (\S+) ([0-9a-f]{64})$/gm;

const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;

// Any number will do that no other program takes on the same database: "TrigRu" in ASCII, the
// six letters that a JavaScript number carries exactly.
const LOCK_KEY = 0x5472_6967_5275;

// A rewrite of a big table takes minutes, a wait for another process's rewrite as long. An hour is
// the point where an operator should look.
const MIGRATION_TIMEOUT_MS = 3_600_000;

// While a step waits for its lock on a table, everybody else waits behind it. So it gives up when
// somebody, a backup for example, holds the table for longer.
const LOCK_TIMEOUT_MS = 10_000;

// The schema and this version do not fit. The message says what to do.
export class MigrationRefused extends Error {
  override readonly name = "MigrationRefused";
}

interface Migration {
  number: number;
  name: string;
  checksum: string;
  // Of former texts.
  alsoChecksums: string[];
  text: string;
}

interface AppliedRow {
  number: number;
  name: string;
  checksum: string;
  applied_at: Date;
}

// Applies what is missing and answers its file names, in order. Of several processes at once one
// applies everything; the others wait for it and answer an empty list.
export async function migrate(db: Database, folder: URL | string = MIGRATIONS): Promise<string[]> {
  const migrations = await readMigrations(folder);
  return await db.reserve(
    async (held) => {
      // A lock of the session, as it must span several transactions. It wins the race of two
      // nodes that start on one database: the second sees the first one's work as done.
      await refuseOldServer(held);
      await held.run(sql`select pg_advisory_lock(${LOCK_KEY})`);
      return await applyMissing(held, migrations);
    },
    { statementTimeoutMs: MIGRATION_TIMEOUT_MS },
  );
}

// The files that are still to be applied; the database is ready when there is none.
export async function pendingMigrations(
  db: Database,
  folder: URL | string = MIGRATIONS,
): Promise<string[]> {
  const migrations = await readMigrations(folder);
  const applied = await readApplied(db);
  refuseMismatch(migrations, applied);
  return migrations.slice(applied.length).map((migration) => migration.name);
}

// 15: the oldest PostgreSQL that these statements were run on.
const SERVER_VERSION_MIN = 15;

async function refuseOldServer(tx: Tx): Promise<void> {
  const [row] = await tx.rows<{ version: string }>(
    sql`select current_setting('server_version') as version`,
  );
  const version = row?.version ?? "";
  if (Number.parseInt(version, 10) >= SERVER_VERSION_MIN) return;
  throw new MigrationRefused(
    `The database is PostgreSQL ${version}; TrigRun needs ${SERVER_VERSION_MIN} or newer.`,
  );
}

/** A migration as another database has applied it. */
export type KnownMigration = Pick<Migration, "name" | "checksum">;

function matches(ours: Migration, { name, checksum }: KnownMigration): boolean {
  return ours.name === name && [ours.checksum, ...ours.alsoChecksums].includes(checksum);
}

/**
 * Brings the schema to a former state, or up to date, within a transaction: for a restore, of
 * which nothing may stay when it fails.
 */
export async function migrateWithin(tx: Tx, upTo?: readonly KnownMigration[]): Promise<void> {
  await refuseOldServer(tx);
  await tx.run(sql`select pg_advisory_xact_lock(${LOCK_KEY})`);
  await makeTable(tx);
  const migrations = await readMigrations(MIGRATIONS);
  upTo?.forEach((known, index) => {
    const ours = migrations[index];
    if (ours !== undefined && matches(ours, known)) return;
    throw new MigrationRefused(
      `The backup is of a database with migration ${known.name}, which this version of TrigRun ` +
        `does not have${ours === undefined ? "" : " so"}. ` +
        "Restore it with the version that made it.",
    );
  });
  const applied = await readApplied(tx);
  refuseMismatch(migrations, applied);
  for (const each of migrations.slice(applied.length, upTo?.length)) await apply(tx, each);
}

async function apply(tx: Tx, { number, name, checksum, text }: Migration): Promise<void> {
  await tx.run({ text, values: [] });
  await tx.run(sql`
    insert into migrations (number, name, checksum) values (${number}, ${name}, ${checksum})`);
}

/** Tables of the schema that this product has made, at any time; what else is there is foreign. */
export async function readOwnTables(): Promise<ReadonlySet<string>> {
  const migrations = await readMigrations(MIGRATIONS);
  const made = migrations.flatMap(({ text }) => [
    ...text.matchAll(/\bcreate (?:unlogged )?table (?:if not exists )?(\w+)/gi),
  ]);
  // Made by `makeTable`, before any of them.
  return new Set(["migrations", ...made.flatMap(([, name]) => name ?? [])]);
}

/** What has been applied, in order. */
export async function readHistory(tx: Tx): Promise<KnownMigration[]> {
  return (await readApplied(tx)).map(({ name, checksum }) => ({ name, checksum }));
}

async function makeTable(tx: Tx): Promise<void> {
  await tx.run(sql`
    create table if not exists migrations (
      number int primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz(3) not null default now()
    )`);
}

async function applyMissing(held: Reserved, migrations: Migration[]): Promise<string[]> {
  await makeTable(held);
  const applied = await readApplied(held);
  refuseMismatch(migrations, applied);
  const missing = migrations.slice(applied.length);
  for (const migration of missing) {
    const steps = migration.text.split(STEP);
    const text = steps.pop() ?? "";
    for (const step of steps) {
      await applyInTime(held, migration, (tx) => tx.run({ text: step, values: [] }));
    }
    await applyInTime(held, migration, (tx) => apply(tx, { ...migration, text }));
  }
  return missing.map((migration) => migration.name);
}

async function applyInTime(
  held: Reserved,
  { name }: Migration,
  step: (tx: Tx) => Promise<unknown>,
): Promise<void> {
  try {
    await held.transaction(async (tx) => {
      await tx.run(raw(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`));
      await step(tx);
    });
  } catch (error) {
    if (!isLockTimeout(error)) throw error;
    throw new MigrationRefused(
      `Migration ${name} waited ${LOCK_TIMEOUT_MS / 1000} s for a table that another transaction ` +
        "holds, a backup or a long query for example, and gave up. Start again when it has ended.",
      { cause: error },
    );
  }
}

async function readApplied(tx: Tx): Promise<AppliedRow[]> {
  const [table] = await tx.rows<{ exists: boolean }>(
    sql`select to_regclass('migrations') is not null as exists`,
  );
  if (!table?.exists) return [];
  return await tx.rows<AppliedRow>(
    sql`select number, name, checksum, applied_at from migrations order by number`,
  );
}

// The applied ones must be the first of ours, unchanged.
function refuseMismatch(migrations: Migration[], applied: AppliedRow[]): void {
  applied.forEach((row, index) => {
    const ours = migrations[index];
    if (ours === undefined) {
      throw new MigrationRefused(
        `The database is at migration ${row.name}, which this version of TrigRun does not know. ` +
          "It was used by a newer version: start that one, or restore a backup made before it.",
      );
    }
    if (ours.number !== row.number || ours.name !== row.name) {
      throw new MigrationRefused(
        `The database has applied migration ${row.name} where this version has ${ours.name}. ` +
          "The two do not share one history: check that DATABASE_URL names the right database.",
      );
    }
    if (!matches(ours, row)) {
      throw new MigrationRefused(
        `Migration ${row.name} was changed after it was applied at ` +
          `${row.applied_at.toISOString()}. Restore the file; a change needs a new migration.`,
      );
    }
  });
}

async function readMigrations(folder: URL | string): Promise<Migration[]> {
  const base = typeof folder === "string" ? `${folder}/` : folder;
  const files = (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort();
  const read = await Promise.all(
    files.map(async (name, index) => {
      const number = Number(FILE_NAME.exec(name)?.[1]);
      if (number !== index + 1) {
        throw new MigrationRefused(
          `Migration ${name} is out of place: expected one named ` +
            `${String(index + 1).padStart(4, "0")}_lower_case_words.sql.`,
        );
      }
      const file = typeof base === "string" ? base + name : new URL(name, base);
      // A checkout with Windows line ends is the same migration.
      const text = (await readFile(file, "utf8")).replaceAll("\r\n", "\n");
      return { number, name, checksum: createHash("sha256").update(text).digest("hex"), text };
    }),
  );
  const also = read.flatMap(({ text }) => [...text.matchAll(ALSO)]);
  return read.map((each) => ({
    ...each,
    alsoChecksums: also.flatMap(([, name, sum]) => (name === each.name && sum ? [sum] : [])),
  }));
}
