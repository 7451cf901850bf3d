// Backup and restore: every row of every table comes back, as of one moment, or nothing does.
import { createHash } from "node:crypto";
import { pipeline } from "node:stream/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { leftOut, writeBackup } from "../../src/store/backup.ts";
import { type Database, raw, sql } from "../../src/store/db.ts";
import { readOwnTables } from "../../src/store/migrate.ts";
import { restoreBackup } from "../../src/store/restoration.ts";
import { createVault, type Vault } from "../../src/store/vault.ts";
import { verifyVault } from "../../src/store/vault-check.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { migrateUpTo } from "../support/migrations.ts";
import {
  insertChannelRow,
  insertDeliveryRow,
  insertExecutionRow,
  insertJobRow,
  insertWorkspace,
} from "../support/rows.ts";

const vault = createVault([{ version: 1, key: Buffer.alloc(32, 1) }]);
const wrong = createVault([{ version: 1, key: Buffer.alloc(32, 2) }]);

let source: TestDatabase;
let target: TestDatabase;
beforeEach(async () => {
  source = await createTestDatabase();
  target = await createTestDatabase({ isEmpty: true });
  await verifyVault(source.db, vault);
});
afterEach(async () => {
  await source.drop();
  await target.drop();
});

/** `more`: tables that a later migration makes. */
async function toOptions(more: readonly string[] = []) {
  const own = new Set([...(await readOwnTables()), ...more]);
  return { version: "1.2.3", takenAt: new Date(0), own };
}

async function backUp(db: Database, more: readonly string[] = []): Promise<Buffer> {
  const pieces: Buffer[] = [];
  await writeBackup(db, await toOptions(more), async (text) => {
    for await (const piece of text) pieces.push(piece);
  });
  return Buffer.concat(pieces);
}

/** In pieces of a few bytes, so that every boundary falls somewhere. */
async function* inPieces(text: Buffer, bytes = 7): AsyncGenerator<Buffer> {
  for (let at = 0; at < text.length; at += bytes) yield text.subarray(at, at + bytes);
}

function restore(text: Buffer, held: Vault | "none" | "unchecked" = vault, bytes = 4_096) {
  return restoreBackup({ db: target.db, text: inPieces(text, bytes), vault: held });
}

/** Asked of the database in a way that shares nothing with the backup. */
async function readAll(db: Database): Promise<Record<string, unknown[]>> {
  const tables = await db.rows<{ name: string }>(sql`
    select t.table_name as name from information_schema.tables t
    where t.table_schema = 'public' and t.table_type = 'BASE TABLE'
      and not exists (select from pg_inherits i where i.inhrelid = t.table_name::regclass)`);
  const all: Record<string, unknown[]> = {};
  for (const { name } of tables) {
    all[name] = await db.rows(raw(`select to_jsonb(t) as row from ${name} t order by 1`));
  }
  return all;
}

// All that COPY writes in a way of its own, and the line that ends the rows.
const nasty = "tab\t newline\n return\r back\\slash \\. \n\\.\n \\N é 漢 🚀 \u0001 end";

async function insertStory(db: Database, name = "Test"): Promise<string> {
  const workspaceId = await insertWorkspace(db, name);
  const channelId = await insertChannelRow(db, { workspaceId, name: "c" });
  const jobId = await insertJobRow(db, { workspaceId, nextRunAt: new Date("2026-11-23T11:00Z") });
  const executionId = await insertExecutionRow(db, { workspaceId, jobId });
  await insertDeliveryRow(db, { workspaceId, channelId, jobId, executionId });
  return workspaceId;
}

async function countTables(db: Database): Promise<number> {
  const rows = await db.rows(sql`
    select from information_schema.tables where table_schema = 'public'`);
  return rows.length;
}

describe("a backup", () => {
  it("brings every row of every table back", async () => {
    const { db } = source;
    const workspaceId = await insertStory(db, nasty);
    await db.run(sql`update attempts set body_preview = ${nasty.repeat(1_000)}`);
    await db.run(sql`
      insert into secrets (id, workspace_id, name, sealed)
      values ('sec_1', ${workspaceId}, 'k', ${vault.seal("sec_1", "v")})`);
    await db.run(sql`
      insert into nodes (id, expires_at) values ('node_old', now() + interval '1 hour')`);
    const before = await readAll(db);

    const { rows } = await restore(await backUp(db), vault, 7);

    const after = await readAll(target.db);
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    for (const name of leftOut) {
      delete before[name];
      delete after[name];
    }
    expect(after).toEqual(before);
    expect(rows).toBe(Object.values(before).flat().length);
    // The processes of the other database have no leases in this one.
    expect(await target.db.rows(sql`select from nodes`)).toEqual([]);
  });

  it("leaves to extensions what came with them, on either side", async () => {
    for (const { db } of [source, target]) {
      // As PostGIS brings its `spatial_ref_sys`.
      await db.run(sql`create table of_extension (number integer)`);
      await db.run(sql`insert into of_extension values (1)`);
      await db.run(sql`alter extension plpgsql add table of_extension`);
    }
    const text = await backUp(source.db);
    expect(text.toString()).not.toContain("of_extension");
    await restore(text);
    expect(await target.db.rows(sql`select number from of_extension`)).toEqual([{ number: 1 }]);
  });

  it("leaves out what somebody else has made, and names it", async () => {
    const { db } = source;
    await insertStory(db);
    await db.run(sql`create table of_somebody (id serial, job_id text references jobs)`);
    await db.run(sql`insert into of_somebody (job_id) select id from jobs`);
    await db.run(sql`create sequence of_nobody`);
    const pieces: Buffer[] = [];
    const { foreign } = await writeBackup(db, await toOptions(), async (text) => {
      for await (const piece of text) pieces.push(piece);
    });
    expect(foreign).toEqual(["of_somebody"]);
    const text = Buffer.concat(pieces);
    expect(text.toString()).not.toMatch(/of_somebody|of_nobody/);
    await restore(text);
    expect(await target.db.rows(sql`select from jobs`)).toHaveLength(1);
  });

  it("names every table of the schema but two", async () => {
    const tables = await source.db.rows<{ name: string }>(sql`
      select c.relname as name from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and not exists (select from pg_inherits i where i.inhrelid = c.oid)`);
    const [first = ""] = (await backUp(source.db)).toString().split("\n");
    const named: string[] = JSON.parse(first).tables.map(({ name }: { name: string }) => name);
    const expected = tables.map(({ name }) => name).filter((name) => !leftOut.includes(name));
    expect([...named].sort()).toEqual(expected.sort());
    expect(leftOut).toEqual(["migrations", "nodes"]);
  });

  it("is of one moment, while others write", async () => {
    const { db } = source;
    const workspaceId = await insertStory(db);
    const jobId = await insertJobRow(db, { workspaceId });
    const channelId = await insertChannelRow(db, { workspaceId, name: "d" });
    let isOver = false;
    let written = 0;
    const load = async () => {
      while (!isOver) {
        await db.transaction(async (tx) => {
          const scheduledFor = new Date(1_700_000_000_000 + written * 60_000);
          const executionId = await insertExecutionRow(tx, { workspaceId, jobId, scheduledFor });
          await insertDeliveryRow(tx, { workspaceId, channelId, jobId, executionId });
        });
        written += 1;
      }
    };
    const loading = load();
    let pieces = 0;
    const text: Buffer[] = [];
    await writeBackup(db, await toOptions(), async (all) => {
      for await (const piece of all) {
        text.push(piece);
        // So that there are writes between any two tables.
        const seen = written;
        while (written === seen) await new Promise((resolve) => setImmediate(resolve));
        pieces += 1;
      }
    });
    isOver = true;
    await loading;
    expect(pieces).toBeGreaterThan(20);
    await restore(Buffer.concat(text));
    const [halves] = await target.db.rows<{ count: number }>(sql`
      select count(*) from executions e full join deliveries d on d.execution_id = e.id
        full join attempts a on a.execution_id = e.id
      where e.id is null or d.id is null or a.execution_id is null`);
    expect(halves?.count).toBe(0);
    const [restored] = await target.db.rows<{ count: number }>(sql`
      select count(*) from executions`);
    expect(restored?.count).toBeLessThan(written);
  });

  it("of an earlier schema is brought to the newest", async () => {
    const old = await createTestDatabase({ isEmpty: true });
    try {
      await migrateUpTo(old.db, 5);
      await insertStory(old.db, nasty);
      await restore(await backUp(old.db), "none");
    } finally {
      await old.drop();
    }
    // Their months are those of a new database.
    expect(await target.db.rows(sql`select from executions_default`)).toHaveLength(1);
    expect(await target.db.rows(sql`select from deliveries`)).toHaveLength(1);
    const applied = await target.db.rows(sql`select number from migrations`);
    expect(applied.length).toBeGreaterThan(3);
    expect(await target.db.rows(sql`select name from workspaces`)).toEqual([{ name: nasty }]);
  });

  it("holds a table in partitions by its own name, and sequences", async () => {
    // As a later migration may make them, here and there.
    const migration = { name: "9999_parted.sql", checksum: "x" };
    await source.db.run(
      raw(`
      create table parted (id bigint generated always as identity, at timestamptz not null)
        partition by range (at);
      create table parted_2026_11 partition of parted
        for values from ('2026-11-01') to ('2026-12-01');
      insert into parted (at) values ('2026-11-05'), ('2026-11-06')`),
    );
    const text = (await backUp(source.db, ["parted"])).toString();
    const head = JSON.parse(text.slice(0, text.indexOf("\n")));
    expect(text).toMatch(/\n\{"table":"parted"\}\n1\t2026-11-05 00:00:00\+00\n2\t.*\n\\\.\n/);
    expect(text).toMatch(/\{"end":true,"sequences":\[.*\{"name":"parted_id_seq","last":2\}/);
    // Its migration is not ours, so that it cannot be restored here.
    head.migrations.push(migration);
    const changed = Buffer.from(`${JSON.stringify(head)}${text.slice(text.indexOf("\n"))}`);
    await expect(restore(changed)).rejects.toThrow(/9999_parted\.sql.*version that made it/);
  });
});

describe("a restore leaves nothing of", () => {
  const isEmpty = async () => expect(await countTables(target.db)).toBe(0);

  it("a backup that was cut off, wherever that was", async () => {
    await insertStory(source.db);
    const text = await backUp(source.db);
    const lastLine = text.lastIndexOf("\n", text.length - 2) + 1;
    for (const cut of [0, 100, Math.trunc(text.length / 2), lastLine, text.length - 1]) {
      const refused = restore(text.subarray(0, cut));
      await expect(refused).rejects.toMatchObject({ name: "BackupRefused" });
    }
    await isEmpty();
  });

  it.each([
    ["a value", "the body", "the bodx"],
    ["a row", /\n\{"table":"rules"\}\n/, '\n{"table":"rules"}\nrule_1\n'],
    ["a row less", /\nws_[^\n]*\n/, "\n"],
    ["a count", /"rows":1,/, '"rows":2,'],
    ["an order", '{"table":"rules"}', '{"table":"users"}'],
    ["something after the end", /\n$/, "\n\n"],
    ["a column", '"columns":["id",', '"columns":["id","idd",'],
    ["a table", '"name":"rules"', '"name":"pg_authid"'],
  ])("a backup in which %s was changed", async (_, what, by) => {
    await insertStory(source.db);
    const text = (await backUp(source.db)).toString();
    const changed = text.replace(what, by);
    expect(changed).not.toBe(text);
    await expect(restore(Buffer.from(changed))).rejects.toThrow();
    await isEmpty();
  });

  it("a backup whose key is not here, unless that is asked for", async () => {
    await insertStory(source.db);
    const text = await backUp(source.db);
    await expect(restore(text, wrong)).rejects.toThrow(/not the one of this database.*--without/);
    await expect(restore(text, "none")).rejects.toThrow(/no encryption key here.*secret\.key/);
    await isEmpty();
    await restore(text, "unchecked");
    expect(await countTables(target.db)).toBeGreaterThan(20);
  });

  it("what is no backup, or one of a newer version", async () => {
    await expect(restore(Buffer.from('{"jobs":[]}\n'))).rejects.toThrow(/not a backup/);
    await expect(restore(Buffer.from('{"trigrun_backup":2}\n'))).rejects.toThrow(/newer version/);
    await isEmpty();
  });
});

describe("a restore into a database that holds anything", () => {
  it("is refused and changes nothing", async () => {
    const text = await backUp(source.db);
    await target.db.run(raw("create table mine (a int)"));
    await expect(restore(text)).rejects.toThrow(/not empty.*another --data-dir/);
    expect(await countTables(target.db)).toBe(1);
  });
});

describe("copying", () => {
  it("gives PostgreSQL's own complaint, and the source's", async () => {
    const { db } = target;
    await db.run(raw("create table few (a int)"));
    const copyIn = (rows: AsyncIterable<Buffer>) =>
      db.copy((tx) => tx.copyIn("copy few from stdin", rows));
    await expect(copyIn(inPieces(Buffer.from("x\n")))).rejects.toThrow(/invalid input syntax/);
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from("1\n");
      throw new Error("the disk is gone");
    }
    await expect(copyIn(broken())).rejects.toThrow("the disk is gone");
    expect(await db.rows(raw("select from few"))).toEqual([]);
  });

  it("leaves no connection when its reader fails", async () => {
    await insertStory(source.db);
    const writing = writeBackup(source.db, await toOptions(), (text) =>
      pipeline(text, async (pieces) => {
        for await (const piece of pieces) createHash("sha256").update(piece);
        throw new Error("no space left");
      }),
    );
    await expect(writing).rejects.toThrow("no space left");
    const early = writeBackup(source.db, await toOptions(), async (text) => {
      for await (const _ of text) throw new Error("no space at all");
    });
    await expect(early).rejects.toThrow("no space at all");
    // `drop` fails where a connection is left.
  });
});
