// Rules of the text of a backup: it is read the same however it is cut into pieces, and a part of
// it is never taken for the whole.
import { describe, expect, it } from "vitest";
import {
  BackupRefused,
  createBackupReader,
  endSchema,
  rowsEnd,
  startSchema,
  sumSchema,
  toLine,
} from "./backup-text.ts";

const head = {
  trigrun_backup: 1 as const,
  version: "1",
  taken_at: "2026-11-23T10:00:00.000Z",
  migrations: [],
  tables: [],
};
// Rows that begin or end almost like the line that ends them.
const rows = Buffer.from("a\tb\n\\\\.\n.\n\\N\n\nlong row, much longer than a piece\n");
const text = Buffer.concat([
  toLine(head),
  ...[toLine({ table: "some" }), rows, rowsEnd, toLine({ rows: 6, sha256: "x" })],
  ...[toLine({ table: "none" }), rowsEnd, toLine({ rows: 0, sha256: "y" })],
  toLine({ end: true, sequences: [] }),
]);

async function* inPieces(whole: Buffer, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < whole.length; at += bytes) yield whole.subarray(at, at + bytes);
}

async function read(whole: Buffer, bytes: number) {
  const reader = createBackupReader(inPieces(whole, bytes));
  const heading = await reader.head();
  const tables = [];
  for (let count = 0; count < 2; count += 1) {
    const { table } = await reader.line(startSchema);
    const pieces: Buffer[] = [];
    for await (const piece of reader.rows()) pieces.push(piece);
    tables.push({ table, text: Buffer.concat(pieces), sums: await reader.line(sumSchema) });
    // Each piece is of whole rows.
    expect(pieces.every((piece) => piece.at(-1) === 10)).toBe(true);
  }
  await reader.line(endSchema);
  await reader.end();
  return { heading, tables };
}

describe("the text of a backup", () => {
  it.each([1, 2, 3, 5, 8, 13, 10_000])("is the same in pieces of %i bytes", async (bytes) => {
    expect(await read(text, bytes)).toEqual({
      heading: head,
      tables: [
        { table: "some", text: rows, sums: { rows: 6, sha256: "x" } },
        { table: "none", text: Buffer.alloc(0), sums: { rows: 0, sha256: "y" } },
      ],
    });
  });

  it("is refused wherever it is cut off, and with anything behind it", async () => {
    for (const length of text.keys()) {
      await expect(read(text.subarray(0, length), 16)).rejects.toBeInstanceOf(BackupRefused);
    }
    await expect(read(Buffer.concat([text, toLine(head)]), 16)).rejects.toThrow(/damaged/);
    await expect(read(Buffer.concat([text, rowsEnd]), text.length)).rejects.toThrow(/damaged/);
  });
});
