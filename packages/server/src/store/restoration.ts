// Puts the text of a backup into an empty database, in one transaction: all of it is there in the
// end, or nothing is. It runs no statement that the text brings along.
//
//   1. refuse a database that holds anything
//   2. the schema as it was: the migrations of the backup
//   3. the rows, table by table, each compared with its sums; the key once its check is there
//   4. the schema as it is now
import { createHash } from "node:crypto";
import { leftOut } from "./backup.ts";
import {
  type BackupHead,
  type BackupReader,
  BackupRefused,
  createBackupReader,
  damaged,
  endSchema,
  startSchema,
  sumSchema,
} from "./backup-text.ts";
import { ofExtension, quote, readTables, type Sequence, type Table } from "./catalogue.ts";
import { type CopyTx, type Database, raw, sql, type Tx } from "./db.ts";
import { migrateWithin } from "./migrate.ts";
import type { Vault } from "./vault.ts";
import { findRefusal } from "./vault-check.ts";

export interface RestoreOptions {
  readonly db: Database;
  readonly text: AsyncIterable<Buffer>;
  /** Of the keys at hand, which must open what is restored. */
  readonly vault: Vault | "none" | "unchecked";
}

export interface Restored {
  readonly head: BackupHead;
  readonly rows: number;
}

export async function restoreBackup({ db, text, vault }: RestoreOptions): Promise<Restored> {
  const reader = createBackupReader(text);
  const head = await reader.head();
  return await db.copy(async (tx) => {
    await refuseFull(tx);
    await migrateWithin(tx, head.migrations);
    await compareTables(tx, head);
    await switchTriggers(tx, head, "disable");
    let rows = 0;
    for (const { name, columns } of head.tables) {
      rows += await restoreTable(tx, reader, { name, columns });
      if (name === "vault_checks") await refuseWrongKey(tx, vault);
    }
    const { sequences } = await reader.line(endSchema);
    await reader.end();
    for (const sequence of sequences) await setSequence(tx, sequence);
    await switchTriggers(tx, head, "enable");
    await migrateWithin(tx);
    // A planner that knows nothing of the tables would read them whole until autovacuum comes. In
    // here, where no limit of time ends it, and where its failure does not follow a success.
    await tx.run(raw("analyze"));
    return { head, rows };
  });
}

async function refuseFull(tx: Tx): Promise<void> {
  const [row] = await tx.rows<{ tables: number }>(
    raw(`
    select count(*) as tables from pg_class
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
      and not ${ofExtension("pg_class.oid")}`),
  );
  if (row?.tables === 0) return;
  throw new BackupRefused(
    "The database is not empty, and a restore changes nothing that is there. Give it a new one: " +
      "another --data-dir, or a DATABASE_URL with an empty database.",
  );
}

/** What is restored has the names that the migrations made, and no others. */
async function compareTables(tx: Tx, head: BackupHead): Promise<void> {
  const toNames = (tables: readonly Table[]) =>
    JSON.stringify(tables.map(({ name, columns }) => [name, [...columns].sort()]).sort());
  const made = (await readTables(tx)).filter(({ name }) => !leftOut.includes(name));
  if (toNames(made) === toNames(head.tables)) return;
  throw new BackupRefused(
    "The backup holds other tables than its migrations make: it was changed, or made of a " +
      "database that had more in it. Nothing was restored.",
  );
}

/** Triggers judge changes, and a restored row is none. PostgreSQL's own keep the foreign keys. */
async function switchTriggers(
  tx: Tx,
  { tables }: BackupHead,
  what: "disable" | "enable",
): Promise<void> {
  for (const { name } of tables) {
    await tx.run(raw(`alter table ${quote(name)} ${what} trigger user`));
  }
}

async function restoreTable(
  tx: CopyTx,
  reader: BackupReader,
  { name, columns }: BackupHead["tables"][number],
): Promise<number> {
  const { table } = await reader.line(startSchema);
  if (table !== name) throw new BackupRefused(damaged);
  const hash = createHash("sha256");
  async function* hashed(): AsyncGenerator<Buffer> {
    for await (const piece of reader.rows()) {
      hash.update(piece);
      yield piece;
    }
  }
  const list = columns.map(quote).join(", ");
  const rows = await tx.copyIn(`copy ${quote(name)} (${list}) from stdin`, hashed());
  const sums = await reader.line(sumSchema);
  if (sums.rows !== rows || sums.sha256 !== hash.digest("hex")) throw new BackupRefused(damaged);
  return rows;
}

async function refuseWrongKey(tx: Tx, vault: RestoreOptions["vault"]): Promise<void> {
  if (vault === "unchecked") return;
  // Of all that later schemas have of a check, what the first one had too.
  const checks = await tx.rows<{ key_version: number; sealed: Buffer }>(
    sql`select key_version, sealed from vault_checks`,
  );
  if (checks.length === 0) return;
  const refusal =
    vault === "none"
      ? "There is no encryption key here: a backup does not hold it. Set TRIGRUN_ENCRYPTION_KEY, " +
        "or put secret.key into the data folder."
      : findRefusal(checks, vault);
  if (refusal === undefined) return;
  throw new BackupRefused(
    `${refusal} Nothing was restored. To restore without the key, add --without-key: credentials ` +
      "cannot be read then, and `serve` needs the key to start.",
  );
}

async function setSequence(tx: Tx, { name, last }: Sequence): Promise<void> {
  if (last !== null) await tx.run(sql`select setval(${quote(name)}::regclass, ${last})`);
}
