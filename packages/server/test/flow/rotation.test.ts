// A change of the encryption key while nodes run, claim, call and seal: nothing fails meanwhile,
// all that is sealed opens with the new key alone, and no key goes that anything needs.
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changeKey } from "../../src/rotate.ts";
import { type Database, raw, sql } from "../../src/store/db.ts";
import { beat } from "../../src/store/nodes.ts";
import { createVault, type Vault } from "../../src/store/vault.ts";
import { followKeys, verifyVault } from "../../src/store/vault-check.ts";
import type { VaultKey } from "../../src/store/vault-key.ts";
import { inRotation, rotateKey, sealedColumns } from "../../src/store/vault-rotation.ts";
import { readAuditRows } from "../support/audit.ts";
import { createTestDatabase } from "../support/db.ts";
import { createStory, type Story } from "../support/story.ts";

let story: Story;
let keys: VaultKey[];
beforeEach(async () => {
  story = await createStory("2026-03-01T10:00:00Z");
  keys = [];
});
afterEach(() => story.close());

const nodeId = "node_0";

// Nobody looks there: the setting wins.
const folder = {
  dir: "/nowhere",
  postgresDir: "/nowhere/postgres",
  keyFile: "/nowhere/secret.key",
  tokenFile: "/nowhere/token",
  lockFile: "/nowhere/lock",
};

/** The story's vault has made its own key 1; a vault beside it needs the same. */
async function openVaults(): Promise<{ node: Vault; operator: Vault }> {
  const one = { version: 1, key: randomBytes(32) };
  keys = [{ version: 2, key: randomBytes(32) }, one];
  await story.db.run(sql`delete from vault_checks`);
  const node = createVault([one]);
  const operator = createVault(keys);
  expect(await verifyVault(story.db, node)).toBeUndefined();
  expect(await verifyVault(story.db, operator)).toBeUndefined();
  return { node, operator };
}

async function countSealed(db: Database, version: number): Promise<number> {
  let count = 0;
  for (const { table } of sealedColumns) {
    const rows = await db.rows(raw(`select from ${table} where key_version = ${version}`));
    count += rows.length;
  }
  return count;
}

it("knows every table that is sealed", async () => {
  const database = await createTestDatabase();
  const rows = await database.db.rows<{ name: string }>(sql`
    select distinct conrelid::regclass::text as name from pg_constraint
    where confrelid = 'vault_checks'::regclass`);
  await database.drop();
  expect(rows.map(({ name }) => name).sort()).toEqual(
    sealedColumns.map(({ table }) => table).sort(),
  );
});

/** A node that makes calls with a secret and changes what is sealed, until it is told to stop. */
async function workUntil(story: Story, targetUrl: string, signal: AbortSignal): Promise<number> {
  let rounds = 0;
  while (!signal.aborted) {
    rounds += 1;
    await story.client.createSecret({
      body: { name: `made-${rounds % 7}`, value: `value-${rounds}` },
    });
    await story.addJob(targetUrl, {
      kind: "one_time",
      schedule: {},
      request: { headers: { "x-key": "secret://key" } },
    });
    await story.tick();
  }
  return rounds;
}

describe("a rotation beside a node", () => {
  it("lets every claim and every write succeed, and leaves nothing under the old key", async () => {
    const { node, operator } = await openVaults();
    // The services hold the vault that everything in this story seals and opens with.
    Object.assign(story.services.vault, bindTo(node));
    await story.client.createSecret({ body: { name: "key", value: "the-value" } });
    const ops = await story.addReceiver();
    const jobId = await story.addJob(ops.url);
    await story.tell(jobId, "on_failure", ops.url);
    for (let n = 0; n < 450; n += 1) {
      await story.client.createSecret({ body: { name: `many-${n}`, value: `value-${n}` } });
    }
    const headers = { "idempotency-key": "before-the-rotation" };
    const body = { name: "kept", value: "kept-value" };
    const before = await story.call({ path: "/v1/secrets", body, headers });

    const target = await story.addReceiver();
    const stop = new AbortController();
    const working = workUntil(story, target.url, stop.signal);
    const following = followUntil(node, stop.signal);
    const said: string[] = [];
    const rotating = rotateKey({ db: story.db, vault: operator, say: (text) => said.push(text) });
    const stopping = rotating.finally(() => stop.abort());
    const [rotation, rounds] = await Promise.all([stopping, working, following]);

    expect(rotation).toMatchObject({ forgotten: [1], unreadable: [] });
    expect(rotation.resealed).toBeGreaterThan(450);
    expect(await countSealed(story.db, 1)).toBe(0);
    expect(rounds).toBeGreaterThan(1);
    const calls = target.calls.map((call) => call.headers["x-key"]);
    expect(new Set(calls)).toEqual(new Set(["the-value"]));
    expect(said).toContain("Everything new is encrypted with key 2.");
    expect(await readRotations()).toMatchObject([
      {
        actor_kind: "host",
        actor_name: "trigrun rotate-key",
        changes: { values: { key_version: 2 } },
      },
    ]);
    // A node with the new key alone starts, opens all, and repeats what was answered before.
    const fresh = createVault(keys.slice(0, 1));
    expect(await verifyVault(story.db, fresh)).toBeUndefined();
    Object.assign(story.services.vault, bindTo(fresh));
    await expect(story.client.listChannels()).resolves.toMatchObject({ items: [{}] });
    const after = await story.call({ path: "/v1/secrets", body, headers });
    expect([after.status, after.text]).toEqual([before.status, before.text]);
    expect(after.headers["idempotent-replayed"]).toBe("true");
  });

  it("waits for a node that lacks the key, names it, and has changed nothing", async () => {
    const { operator } = await openVaults();
    await beat(story.db, "node_without", 60);
    await beat(story.db, nodeId, -1);
    const rotating = rotateKey({
      db: story.db,
      vault: operator,
      say: () => undefined,
      patienceMs: 1,
    });
    await expect(rotating).rejects.toThrow(/node_without.*`2:…`.*run this again/);
    const [row] = await story.db.rows<{ key_version: number }>(
      sql`select key_version from vault_checks where is_current`,
    );
    expect(row?.key_version).toBe(1);
    expect(await readRotations()).toEqual([]);
  });

  it("is the only one: a second is told to wait, and a third may come after it", async () => {
    const { db } = story;
    await inRotation(db, async () => {
      await expect(inRotation(db, async () => "no")).rejects.toThrow(/Another rotate-key/);
    });
    expect(await inRotation(db, async () => "yes")).toBe("yes");
  });

  it("names what no key opens, and keeps the old key for it", async () => {
    const { operator } = await openVaults();
    await beat(story.db, nodeId, -1);
    await story.db.run(sql`
      insert into secrets (id, workspace_id, name, sealed)
      values ('sec_1', ${story.workspaceId}, 'odd', ${operator.seal("sec_2", "of another row")})`);
    const rotation = await rotateKey({ db: story.db, vault: operator, say: () => undefined });
    expect(rotation).toEqual({ resealed: 0, forgotten: [], unreadable: ["secrets sec_1"] });
  });
});

async function readRotations() {
  return (await readAuditRows(story.db)).filter(({ action }) => action === "rotateKey");
}

describe("trigrun rotate-key with keys of the setting", () => {
  it("asks for a second key, and turns to it once it is there", async () => {
    const { db } = story;
    await beat(db, nodeId, -1);
    await db.run(sql`delete from vault_checks`);
    const [one, two] = ["ab".repeat(32), "cd".repeat(32)];
    const said: string[] = [];
    const change = (encryptionKey: string) =>
      changeKey({ db, folder }, { encryptionKey }, (text) => said.push(text));
    await expect(change(one)).rejects.toThrow(/`2:<new>,1:<old>` on every node/);
    await change(`2:${two},1:${one}`);
    expect(said.at(-1)).toMatch(/Key 1 may go from TRIGRUN_ENCRYPTION_KEY of every node/);
    await expect(change(one)).rejects.toThrow(/key 2.*is missing/);
    await expect(change(`2:${two}`)).rejects.toThrow(/`3:<new>,2:<old>`/);
    expect(said.join()).not.toMatch(/abab|cdcd/);
  });
});

async function followUntil(vault: Vault, signal: AbortSignal): Promise<void> {
  const load = async () => keys;
  while (!signal.aborted) {
    await followKeys(story.db, vault, { nodeId, load });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The same vault behind the object that the services were made with. */
function bindTo(vault: Vault): Partial<Vault> {
  return {
    seal: (rowId, value) => vault.seal(rowId, value),
    open: (rowId, sealed) => vault.open(rowId, sealed),
    fingerprint: (text) => vault.fingerprint(text),
  };
}
