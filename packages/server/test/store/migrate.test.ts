// The migrator: order, one run among many processes, refusals that say what to do.

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, type Database, raw, sql } from "../../src/store/db.ts";
import { MigrationRefused, migrate, pendingMigrations } from "../../src/store/migrate.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";

let test: TestDatabase;
let db: Database;
let folder: string;

beforeEach(async () => {
  test = await createTestDatabase({ isEmpty: true });
  db = test.db;
  folder = await mkdtemp(path.join(os.tmpdir(), "trigrun-migrations-"));
  await write("0001_apples.sql", "create table apples (id int); insert into apples values (1);");
  await write("0002_pears.sql", "create table pears (id int);");
});

afterEach(async () => {
  await test.drop();
  await rm(folder, { recursive: true });
});

async function write(name: string, text: string): Promise<void> {
  await writeFile(path.join(folder, name), text);
}

async function remove(name: string): Promise<void> {
  await rm(path.join(folder, name));
}

describe("migrate", () => {
  it("applies what is missing, in order, once", async () => {
    expect(await migrate(db, folder)).toEqual(["0001_apples.sql", "0002_pears.sql"]);
    expect(await migrate(db, folder)).toEqual([]);
    await write("0003_plums.sql", "create table plums (id int);");
    expect(await migrate(db, folder)).toEqual(["0003_plums.sql"]);
    expect(await db.rows(sql`select number, name from migrations order by number`)).toEqual([
      { number: 1, name: "0001_apples.sql" },
      { number: 2, name: "0002_pears.sql" },
      { number: 3, name: "0003_plums.sql" },
    ]);
  });

  it("runs once when three processes start together", async () => {
    await write("0003_slow.sql", "select pg_sleep(0.2); create table plums (id int);");
    const others = [1, 2, 3].map(() =>
      connect({ ...test.connection, poolMax: 1, applicationName: "node" }),
    );
    const runs = await Promise.all(others.map((other) => migrate(other, folder)));
    await Promise.all(others.map((other) => other.close()));
    expect(runs.map((run) => run.length).sort()).toEqual([0, 0, 3]);
    expect(await db.rows(sql`select id from apples`)).toEqual([{ id: 1 }]);
  });

  it("undoes the whole file that fails, and keeps those before it", async () => {
    await write("0003_plums.sql", "create table plums (id int); select 1 / 0;");
    await expect(migrate(db, folder)).rejects.toThrow("division by zero");
    const [row] = await db.rows(sql`
      select to_regclass('plums') as plums, (select max(number) from migrations) as last`);
    expect(row).toEqual({ plums: null, last: 2 });
    await write("0003_plums.sql", "create table plums (id int);");
    expect(await migrate(db, folder)).toEqual(["0003_plums.sql"]);
  });

  it("commits each step of a file, and begins again with its first one", async () => {
    const steps = (last: string) =>
      `create table if not exists plums (id int);\n-- step: fill\ninsert into plums values (1);
-- step: the rest\n${last};`;
    await write("0003_plums.sql", steps("select 1 / 0"));
    await expect(migrate(db, folder)).rejects.toThrow("division by zero");
    expect(await db.rows(sql`select id from plums`)).toEqual([{ id: 1 }]);
    expect(await pendingMigrations(db, folder)).toEqual(["0003_plums.sql"]);
    await write("0003_plums.sql", steps("select 1"));
    expect(await migrate(db, folder)).toEqual(["0003_plums.sql"]);
    expect(await db.rows(sql`select id from plums`)).toEqual([{ id: 1 }, { id: 1 }]);
  });

  it("refuses a file that was changed after it was applied", async () => {
    await migrate(db, folder);
    await write("0001_apples.sql", "create table apples (id int8);");
    const refused = migrate(db, folder);
    await expect(refused).rejects.toThrow(MigrationRefused);
    await expect(refused).rejects.toThrow("Migration 0001_apples.sql was changed after");
  });

  it("takes a former text of a file that a later one names", async () => {
    const former = "create table apples (id int8);";
    await write("0001_apples.sql", former);
    await migrate(db, folder);
    const sum = createHash("sha256").update(former).digest("hex");
    await write("0001_apples.sql", "create table apples (id int);");
    await write(
      "0003_ids.sql",
      `-- also: 0001_apples.sql ${sum}\nalter table apples alter id type int;`,
    );
    expect(await pendingMigrations(db, folder)).toEqual(["0003_ids.sql"]);
    expect(await migrate(db, folder)).toEqual(["0003_ids.sql"]);
    expect(await migrate(db, folder)).toEqual([]);
  });

  it("gives up a table that somebody holds, and says so", async () => {
    await migrate(db, folder);
    await write("0003_plums.sql", "alter table apples add column plums int;");
    await db.transaction(async (reader) => {
      await reader.rows(sql`select id from apples`);
      await expect(migrate(db, folder)).rejects.toThrow(
        "Migration 0003_plums.sql waited 10 s for a table that another transaction holds",
      );
    });
    expect(await migrate(db, folder)).toEqual(["0003_plums.sql"]);
  });

  it("takes a file with Windows line ends for the same", async () => {
    await write("0003_plums.sql", "create table\nplums (id int);\n");
    await migrate(db, folder);
    await write("0003_plums.sql", "create table\r\nplums (id int);\r\n");
    expect(await migrate(db, folder)).toEqual([]);
  });

  it("refuses a database that is newer than the code", async () => {
    await migrate(db, folder);
    await remove("0002_pears.sql");
    await expect(migrate(db, folder)).rejects.toThrow(
      "at migration 0002_pears.sql, which this version of TrigRun does not know",
    );
  });

  it("refuses a database with another history", async () => {
    await migrate(db, folder);
    await remove("0002_pears.sql");
    await write("0002_figs.sql", "create table figs (id int);");
    await expect(migrate(db, folder)).rejects.toThrow("do not share one history");
  });

  it("refuses a gap, a doubled number and a wrong name", async () => {
    await remove("0002_pears.sql");
    for (const name of ["0003_plums.sql", "0001_plums.sql", "plums.sql"]) {
      await write(name, "select 1;");
      await expect(migrate(db, folder)).rejects.toThrow("out of place");
      await remove(name);
    }
  });

  it("leaves files of other kinds alone", async () => {
    await write("README.md", "not SQL");
    await mkdir(path.join(folder, "old"));
    expect(await migrate(db, folder)).toHaveLength(2);
  });
});

// Add the sum of a file once it is on its way to others; never change one.
it("has the files that databases have applied as they were applied", async () => {
  const base = new URL("../../src/store/migrations/", import.meta.url);
  const sums = {
    "0001_first.sql": "5d4123b04d988384b7111d40e711dcc25b987b0d290ec29b48230cdfa6ff2a77",
    "0002_destinations.sql": "ea902795c9df178055848cf093ca64f27a4e94504c60e4b1641d0f784da81f0a",
    "0003_accounts.sql": "d43a2bf6f89520d24005492bf8479295d09eff022622863811489e1357d2a83a",
    "0004_secrets.sql": "6029fca8b9570ed1991c8944b7583bb9a6e48e675beddde52eba061c3578a705",
    "0005_audit.sql": "108c22088ce001b165cbe1fc06adc26ef623dffd085c24de235aa1476797c61a",
    "0006_history.sql": "e40822c8fd58377cc78e733f5909149380e589523fc8023fea044616ae05bb0f",
    "0007_destinations_of_the_deleted.sql":
      "139e85ae48e66e019a0f6832ede90c2a87cf290243fcfd202bbbba6e730c493e",
    "0008_audit_kinds.sql": "c0dd40c45f2eef435efb273c80113ee43f6bd078ecf5d610e0e3546caa1a51e6",
    "0009_due_executions.sql": "0245a1bd5d38d6143e35e1d5ab254586414964c941534d2913e44ba834616daf",
  };
  for (const [name, sum] of Object.entries(sums)) {
    const text = (await readFile(new URL(name, base), "utf8")).replaceAll("\r\n", "\n");
    expect(createHash("sha256").update(text).digest("hex"), name).toBe(sum);
  }
});

describe("pendingMigrations", () => {
  it("names what is still to be applied, without touching the database", async () => {
    expect(await pendingMigrations(db, folder)).toEqual(["0001_apples.sql", "0002_pears.sql"]);
    expect(await db.rows(sql`select to_regclass('migrations') as found`)).toEqual([
      { found: null },
    ]);
    await migrate(db, folder);
    await write("0003_plums.sql", "create table plums (id int);");
    expect(await pendingMigrations(db, folder)).toEqual(["0003_plums.sql"]);
  });

  it("refuses a database that is newer than the code", async () => {
    await migrate(db, folder);
    await db.run(raw("insert into migrations values (3, '0003_next.sql', 'x', now())"));
    await expect(pendingMigrations(db, folder)).rejects.toThrow(MigrationRefused);
  });
});
