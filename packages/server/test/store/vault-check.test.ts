// Rules of the keys of a database: a wrong one is found at the start, and a new one is learned.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { beat } from "../../src/store/nodes.ts";
import { createVault } from "../../src/store/vault.ts";
import { followKeys, sealCheck, verifyVault } from "../../src/store/vault-check.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const one = { version: 1, key: Buffer.alloc(32, 1) };
const two = { version: 2, key: Buffer.alloc(32, 2) };
const wrong = { version: 1, key: Buffer.alloc(32, 9) };

/** As a rotation does it: the check of key 2 is there, and it is the current one or not yet. */
async function addCheck(isCurrent: boolean): Promise<void> {
  const vault = createVault([two, one]);
  const sealed = sealCheck(vault, vault.fingerprintKeyOf(1));
  await database.db.run(sql`update vault_checks set is_current = ${!isCurrent}`);
  await database.db.run(sql`
    insert into vault_checks (key_version, sealed, is_current)
    values (2, ${sealed}, ${isCurrent})`);
}

describe("at the start", () => {
  it("another database's key is found out, with a sentence that says what to do", async () => {
    const { db } = database;
    expect(await verifyVault(db, createVault([one]))).toBeUndefined();
    expect(await verifyVault(db, createVault([one]))).toBeUndefined();
    expect(await verifyVault(db, createVault([wrong]))).toMatch(
      /\(key 1\).*TRIGRUN_ENCRYPTION_KEY/,
    );
    expect(await verifyVault(db, createVault([two]))).toMatch(/key 1.*is missing.*only key 2/);
  });

  it("one key stands for all nodes that start at once: the others are told", async () => {
    const answers = await Promise.all(
      [1, 2, 3].map((byte) => {
        const key = Buffer.alloc(32, byte);
        return verifyVault(database.db, createVault([{ version: 1, key }]));
      }),
    );
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(1);
  });

  it("a newer key is held and not used before the database says so", async () => {
    const { db } = database;
    await verifyVault(db, createVault([one]));
    const vault = createVault([two, one]);
    expect(await verifyVault(db, vault)).toBeUndefined();
    expect(vault.version).toBe(1);
    await addCheck(false);
    expect(await verifyVault(db, vault)).toBeUndefined();
    expect(vault.version).toBe(1);
    expect(await verifyVault(db, createVault([one]))).toMatch(/key 2.*is missing/);
  });

  it("a database from before there were several keys keeps its fingerprints", async () => {
    const { db } = database;
    const old = createVault([one]);
    await db.run(sql`
      insert into vault_checks (key_version, sealed, is_current)
      values (1, ${old.seal("vault_check_1", "trigrun")}, true)`);
    const vault = createVault([two, one]);
    expect(await verifyVault(db, vault)).toBeUndefined();
    expect(vault.fingerprint("a")).toEqual(old.fingerprint("a"));
  });
});

describe("while a node runs", () => {
  const follow = (vault: ReturnType<typeof createVault>, keys: (typeof one)[]) =>
    followKeys(database.db, vault, { nodeId: "node_1", load: async () => keys });
  const told = async () => {
    const [row] = await database.db.rows<{ key_versions: number[] }>(
      sql`select key_versions from nodes`,
    );
    return row?.key_versions;
  };

  it("it learns a key that was announced, turns to it when it is current, and tells", async () => {
    const { db } = database;
    const vault = createVault([one]);
    await verifyVault(db, vault);
    await beat(db, "node_1", 60);
    await follow(vault, [one]);
    expect(await told()).toEqual([1]);
    await addCheck(false);
    await follow(vault, [two, one]);
    expect(await told()).toEqual([1, 2]);
    await db.run(sql`update vault_checks set is_current = false`);
    await db.run(sql`update vault_checks set is_current = true where key_version = 2`);
    await follow(vault, [one]);
    expect(await told()).toEqual([2, 1]);
    expect(vault.version).toBe(2);
  });

  it("it says what it lacks, and goes on sealing with what it has", async () => {
    const vault = createVault([one]);
    await verifyVault(database.db, vault);
    await addCheck(true);
    await expect(follow(vault, [one])).rejects.toThrow(/key 2.*is missing/);
    expect(vault.version).toBe(1);
  });
});

describe("the database", () => {
  it("forgets no key that is needed, and takes nothing sealed with a forgotten one", async () => {
    const { db } = database;
    const vault = createVault([one]);
    await verifyVault(db, vault);
    await addCheck(true);
    await db.run(sql`insert into workspaces (id, name) values ('ws_1', 'one')`);
    const put = () =>
      db.run(sql`
        insert into secrets (id, workspace_id, name, sealed)
        values ('sec_1', 'ws_1', 'key', ${vault.seal("sec_1", "value")})`);
    await put();
    const forget = () => db.run(sql`delete from vault_checks where key_version = 1`);
    await expect(forget()).rejects.toThrow(/foreign key/);
    await db.run(sql`delete from secrets`);
    await forget();
    await expect(put()).rejects.toThrow(/foreign key/);
  });
});
