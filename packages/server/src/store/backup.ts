// Writes the rows of all tables as the text of a backup, as they stand at one moment, while nodes
// go on. It reads only, and holds no more than a piece of a row.
import { createHash } from "node:crypto";
import { type BackupHead, backupFormat, rowsEnd, toLine } from "./backup-text.ts";
import { quote, readSequences, readTables } from "./catalogue.ts";
import { type CopyTx, type Database, raw } from "./db.ts";
import { readHistory } from "./migrate.ts";

/**
 * What a backup leaves out: `migrations` stands in its head, and `nodes` are the processes of this
 * database, whose leases end with it: without its node, a lease is one of a node that died.
 */
export const leftOut: readonly string[] = ["migrations", "nodes"];

export interface BackupSums {
  readonly tables: number;
  readonly rows: number;
  /**
   * Tables of the schema that somebody else has made. They are not in the backup: no restore could
   * put them back, as the migrations do not make them.
   */
  readonly foreign: readonly string[];
}

export interface BackupOptions {
  readonly version: string;
  readonly takenAt: Date;
  /** The tables that migrations make. */
  readonly own: ReadonlySet<string>;
}

/**
 * Hands the text to `write`, which must read it to its end. One snapshot: an execution and its
 * deliveries are both in it, or neither is.
 */
export function writeBackup(
  db: Database,
  { version, takenAt, own }: BackupOptions,
  write: (text: AsyncIterable<Buffer>) => Promise<void>,
): Promise<BackupSums> {
  return db.copy(async (tx) => {
    await tx.run(raw("set transaction isolation level repeatable read, read only"));
    const all = await readTables(tx);
    const tables = all.filter(({ name }) => own.has(name) && !leftOut.includes(name));
    const foreign = all.map(({ name }) => name).filter((name) => !own.has(name));
    // Against a migration, or a partition that goes, in the middle. Everybody reads and writes on.
    const names = tables.map(({ name }) => quote(name)).join(", ");
    if (tables.length > 0) await tx.run(raw(`lock table ${names} in access share mode`));
    const head: BackupHead = {
      trigrun_backup: backupFormat,
      version,
      taken_at: takenAt.toISOString(),
      migrations: await readHistory(tx),
      tables,
    };
    const sums = { tables: tables.length, rows: 0, foreign };
    await write(toText(tx, head, sums));
    return sums;
  });
}

async function* toText(
  tx: CopyTx,
  head: BackupHead,
  sums: { rows: number },
): AsyncGenerator<Buffer> {
  yield toLine(head);
  for (const { name, columns } of head.tables) {
    yield toLine({ table: name });
    const hash = createHash("sha256");
    let rows = 0;
    const list = columns.map(quote).join(", ");
    // Of a query: a table in months cannot be copied out by its name. Month by month would be no
    // use: a restored database has other months, and takes the rows in wherever they belong.
    const statement = `copy (select ${list} from ${quote(name)}) to stdout`;
    for await (const piece of tx.copyOut(statement)) {
      hash.update(piece);
      rows += countRows(piece);
      yield piece;
    }
    yield rowsEnd;
    yield toLine({ rows, sha256: hash.digest("hex") });
    sums.rows += rows;
  }
  // Read last: sequences are of no snapshot, and must not stand below a row of ours.
  yield toLine({ end: true, sequences: await readSequences(tx, head.tables) });
}

/** COPY writes a newline within a value as \n, so that each row is one line. */
function countRows(piece: Buffer): number {
  let count = 0;
  for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) count += 1;
  return count;
}
