// The file of a backup on a real disk: a name that is taken, before or meanwhile, is left alone.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { backUp } from "../../src/backup-file.ts";
import type { Database } from "../../src/store/db.ts";
import { sql } from "../../src/store/db.ts";
import { createTestDatabase } from "../support/db.ts";

it("is not written over a file that came meanwhile, and says what is not in it", async ({
  onTestFinished,
}) => {
  const { db, drop } = await createTestDatabase();
  onTestFinished(drop);
  const folder = await mkdtemp(path.join(tmpdir(), "backup-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await db.run(sql`create table of_somebody (id integer)`);
  const said: string[] = [];
  const back = (to: Database, file: string) => {
    const stopSignal = new AbortController().signal;
    const say = (sentence: string) => void said.push(sentence);
    const surroundings = { config: { encryptionKey: undefined }, say, stopSignal };
    return backUp({ db: to, folder: { keyFile: "secret.key" } }, file, surroundings);
  };
  const good = path.join(folder, "good");
  await back(db, good);
  expect(said.join("")).toContain("Not in it: the table of_somebody, which TrigRun did not make.");
  const late = path.join(folder, "late");
  const slow: Database = {
    ...db,
    copy: async (work) => {
      const result = await db.copy(work);
      await writeFile(late, "of somebody else");
      return result;
    },
  };
  await expect(back(slow, late)).rejects.toThrow(/is there already, and is not written over/);
  expect(await readFile(late, "utf8")).toBe("of somebody else");
  expect((await readdir(folder)).sort()).toEqual(["good", "late"]);
});
