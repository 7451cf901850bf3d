// A database as an earlier version left it, for tests of what a migration makes of its rows.
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Database } from "../../src/store/db.ts";
import { migrate } from "../../src/store/migrate.ts";

const folder = new URL("../../src/store/migrations/", import.meta.url);

/** Applies the first `count` migrations. */
export async function migrateUpTo(db: Database, count: number): Promise<void> {
  const before = await mkdtemp(path.join(tmpdir(), "trigrun-migrations-"));
  const names = (await readdir(folder)).sort().slice(0, count);
  for (const name of names) await copyFile(new URL(name, folder), path.join(before, name));
  await migrate(db, before);
  await rm(before, { recursive: true });
}
