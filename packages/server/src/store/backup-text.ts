// The text of a backup: lines of JSON, and between them the rows of each table as COPY writes them.
// It reads in pieces and keeps one row at most, and trusts nothing that it reads.
//
//   {"trigrun_backup":1, version, taken_at, migrations, tables}
//   {"table":"workspaces"}           then its rows, one a line, and a line that is \.
//   {"rows":2,"sha256":"…"}          of the rows above
//   …
//   {"end":true,"sequences":[…]}
import { z } from "zod";

/** Raised when an older reader would misread a newer text. */
export const backupFormat = 1;

const table = z.strictObject({ name: z.string(), columns: z.array(z.string()) });

/** Read before all else: what follows may have another form in another format. */
const formatSchema = z.looseObject({ trigrun_backup: z.number() });

const headSchema = z.strictObject({
  trigrun_backup: z.literal(backupFormat),
  version: z.string(),
  taken_at: z.string(),
  migrations: z.array(z.strictObject({ name: z.string(), checksum: z.string() })),
  tables: z.array(table),
});

export const startSchema = z.strictObject({ table: z.string() });

export const sumSchema = z.strictObject({ rows: z.number().int(), sha256: z.string() });

export const endSchema = z.strictObject({
  end: z.literal(true),
  sequences: z.array(z.strictObject({ name: z.string(), last: z.number().nullable() })),
});

const lineSchemas = [headSchema, startSchema, sumSchema, endSchema] as const;

export type BackupHead = z.output<typeof headSchema>;

/** The backup cannot be used, or not here. The message says why and what to do. */
export class BackupRefused extends Error {
  override readonly name = "BackupRefused";
}

export function toLine(value: z.input<(typeof lineSchemas)[number]>): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

/** The line behind the last row of a table. No row is like it: COPY doubles its backslashes. */
export const rowsEnd = Buffer.from("\\.\n");
const rowsEndAfterRow = Buffer.from("\n\\.\n");
const newline = 0x0a;

// The longest row there can be holds some megabytes of a request and its answer; PostgreSQL's own
// limit is 1 GB, which a damaged file must not make us keep.
const lineBytesMax = 64 * 1_024 * 1_024;

export interface BackupReader {
  head(): Promise<BackupHead>;
  /** The next line of JSON. */
  line<S extends z.ZodType>(schema: S): Promise<z.output<S>>;
  /** The rows up to their end, in pieces of whole rows. To be read to their end. */
  rows(): AsyncGenerator<Buffer>;
  /** Refuses when anything follows. */
  end(): Promise<void>;
}

export const damaged =
  "The backup is damaged or cut off: it was changed or not copied whole. Nothing was restored. " +
  "Use another copy of it.";

export const foreign = "This is not a backup that `trigrun backup` wrote.";

const newer = "The backup was made by a newer version of TrigRun. Restore it with that one.";

export function createBackupReader(source: AsyncIterable<Buffer>): BackupReader {
  const pieces = source[Symbol.asyncIterator]();
  let pending: Buffer = Buffer.alloc(0);

  /** To the next line end at least, joined once: a long row comes in many pieces. */
  async function readOn(): Promise<boolean> {
    const read = [pending];
    let bytes = pending.length;
    for (;;) {
      const { done, value } = await pieces.next();
      if (done === true) return false;
      read.push(value);
      bytes += value.length;
      if (bytes > lineBytesMax) throw new BackupRefused(damaged);
      if (value.includes(newline)) break;
    }
    pending = Buffer.concat(read);
    return true;
  }

  async function readLine(): Promise<unknown> {
    let end = pending.indexOf(newline);
    while (end < 0) {
      if (!(await readOn())) throw new BackupRefused(damaged);
      end = pending.indexOf(newline);
    }
    const text = pending.toString("utf8", 0, end);
    pending = pending.subarray(end + 1);
    return readJson(text);
  }

  return {
    async head() {
      const line = await readLine();
      const { data } = formatSchema.safeParse(line);
      if (data === undefined) throw new BackupRefused(foreign);
      if (data.trigrun_backup > backupFormat) throw new BackupRefused(newer);
      return toLineOf(headSchema, line);
    },
    line: async (schema) => toLineOf(schema, await readLine()),
    async *rows() {
      for (;;) {
        if (pending.subarray(0, rowsEnd.length).equals(rowsEnd)) break;
        const marker = pending.indexOf(rowsEndAfterRow);
        const whole = marker < 0 ? pending.lastIndexOf(newline) + 1 : marker + 1;
        if (whole > 0) {
          const rows = pending.subarray(0, whole);
          pending = pending.subarray(whole);
          yield rows;
        } else if (!(await readOn())) {
          throw new BackupRefused(damaged);
        }
      }
      pending = pending.subarray(rowsEnd.length);
    },
    async end() {
      const { done } = await pieces.next();
      if (pending.length > 0 || done !== true) throw new BackupRefused(damaged);
    },
  };
}

function toLineOf<S extends z.ZodType>(schema: S, line: unknown): z.output<S> {
  const parsed = schema.safeParse(line);
  if (!parsed.success) throw new BackupRefused(damaged);
  return parsed.data;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
