// Changes the encryption key of a database while nodes run on it, in steps of which each can be
// repeated: after a kill the next run goes on where this one stood. It never forgets a key that
// anything is still sealed with; the database itself would refuse that.
//
//   1. announce   the check of the new key; nodes learn it, and go on sealing with the old one
//   2. turn       once every node has it: the new key is the current one
//   3. reseal     what is sealed with older keys, in batches, until nothing is
//   4. forget     the checks of the older keys; a node no longer needs them to start
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { faultPoint } from "../fault-point.ts";
import { insertHostEntry } from "./audit-log.ts";
import { type Database, sql, type Tx, violatedConstraint } from "./db.ts";
import { toSealedId } from "./idempotency.ts";
import { findNodesWithout } from "./nodes.ts";
import { type Vault, VaultRefused } from "./vault.ts";
import { openCheck, readChecks, sealCheck } from "./vault-check.ts";

interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** With the workspace, what names a row. */
  readonly key: string;
  toSealedId(workspaceId: string, key: string): string;
}

/** Everything that is sealed, but for the checks. */
export const sealedColumns: readonly SealedColumn[] = [
  { table: "channels", column: "secrets", key: "id", toSealedId: (_, id) => id },
  { table: "secrets", column: "sealed", key: "id", toSealedId: (_, id) => id },
  {
    table: "idempotency_keys",
    column: "sealed",
    key: "key",
    toSealedId: (workspaceId, key) => toSealedId({ workspaceId, key }),
  },
];

export interface RotationOptions {
  readonly db: Database;
  /** With the new key; it is the newest of its versions. */
  readonly vault: Vault;
  /** Told of each step, as a sentence for the operator. */
  readonly say: (sentence: string) => void;
  /** How long nodes may take to follow. They look every five seconds. */
  readonly patienceMs?: number;
}

export interface Rotation {
  readonly resealed: number;
  /** Versions that nothing needs any more. */
  readonly forgotten: readonly number[];
  /** Rows that no key here opens. They keep their key in use. */
  readonly unreadable: readonly string[];
}

// Rows of one transaction: some 100 ms of locks on rows that clients may want to change.
const batchMax = 200;
// Six beats of a node's heart.
const patienceMsDefault = 30_000;
const pollMs = 200;
// Each needs a node that stood still for half a minute and wakes in this very moment.
const finishTriesMax = 5;

/** Any number will do that no other lock of ours has: "TrigKe" in ASCII. */
const lockKey = 0x5472_6967_4b65;

/**
 * Lets one rotation at a time happen on the database, from the making of its key on: of two that
 * make one, the second would write over the first one's in the key file.
 */
export function inRotation<T>(db: Database, work: () => Promise<T>): Promise<T> {
  return db.reserve(async (held) => {
    const [row] = await held.rows<{ got: boolean }>(
      sql`select pg_try_advisory_lock(${lockKey}) as got`,
    );
    if (row?.got === true) return work();
    throw new VaultRefused("Another rotate-key is running on this database. Wait for its end.");
  });
}

/** To the newest key that the vault holds. Throws `VaultRefused` where the operator has to act. */
export async function rotateKey(options: RotationOptions): Promise<Rotation> {
  const { db, vault, say } = options;
  const target = vault.versions[0];
  assert(target !== undefined, "a vault holds a key");
  await announce(options, target);
  await untilFollowed(options, target, { mustSeal: false });
  await db.transaction((tx) => turn(tx, target));
  vault.sealWith(target);
  await untilFollowed(options, target, { mustSeal: true });
  say(`Everything new is encrypted with key ${target}.`);
  return finish(options, target);
}

async function turn(tx: Tx, target: number): Promise<void> {
  const turned = await tx.rows<{ now: Date }>(sql`
    update vault_checks set is_current = false where is_current and key_version <> ${target}
    returning now()::timestamptz(3) as now`);
  await tx.run(sql`update vault_checks set is_current = true where key_version = ${target}`);
  const [before] = turned;
  // A run that goes on where another was killed turns nothing.
  if (before === undefined) return;
  await insertHostEntry(tx, {
    ...{ action: "rotateKey", command: "trigrun rotate-key", subject: null, workspaceId: null },
    ...{ values: { key_version: target }, now: before.now },
  });
}

async function finish(options: RotationOptions, target: number): Promise<Rotation> {
  let resealed = 0;
  for (let tries = 1; ; tries += 1) {
    const pass = await resealAll(options, target);
    resealed += pass.resealed;
    const { unreadable } = pass;
    if (unreadable.length > 0) return { resealed, unreadable, forgotten: [] };
    try {
      return { resealed, unreadable, forgotten: await forgetOthers(options.db, target) };
    } catch (error) {
      // A node that stood still since before the turn sealed something with the old key just now.
      if (tries === finishTriesMax || violatedConstraint(error) === undefined) throw error;
    }
  }
}

/** True when nothing is to be done: the newest key is the only one that is in use. */
export async function isRotated(tx: Tx, vault: Vault): Promise<boolean> {
  const [only, ...others] = await readChecks(tx);
  return others.length === 0 && only?.key_version === vault.versions[0];
}

async function announce({ db, vault, say }: RotationOptions, target: number): Promise<void> {
  const checks = await readChecks(db);
  const current = checks.find((check) => check.is_current);
  assert(current, "verifyVault has run before");
  const fingerprintKey = openCheck(vault, current);
  vault.sealWith(target);
  const sealed = sealCheck(vault, fingerprintKey);
  vault.sealWith(current.key_version);
  const inserted = await db.run(sql`
    insert into vault_checks (key_version, sealed) values (${target}, ${sealed})
    on conflict do nothing`);
  if (inserted > 0) say(`Key ${target} is made known to the nodes that run.`);
}

async function untilFollowed(
  { db, patienceMs = patienceMsDefault }: RotationOptions,
  target: number,
  how: { readonly mustSeal: boolean },
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const others = await findNodesWithout(db, target, how);
    if (others.length === 0) return;
    if (performance.now() > deadline) {
      throw new VaultRefused(
        `Key ${target} is not known to ${others.length === 1 ? "the node" : "the nodes"} ` +
          `${others.join(", ")}. Give it to every node, beside the old one (\`${target}:…\`, in ` +
          "TRIGRUN_ENCRYPTION_KEY or in the key file), and run this again. Nothing is lost: all " +
          "that runs has the keys that it needs.",
      );
    }
    await delay(pollMs);
  }
}

async function resealAll(
  { db, vault, say }: RotationOptions,
  target: number,
): Promise<{ resealed: number; unreadable: string[] }> {
  let resealed = 0;
  const unreadable: string[] = [];
  for (const column of sealedColumns) {
    const skipped = new Map<string, string>();
    let count = 0;
    for (;;) {
      const batch = await db.transaction((tx) =>
        resealBatch(tx, vault, { column, target, skipped }),
      );
      count += batch.resealed;
      if (batch.resealed > 0) faultPoint("rotate.resealed");
      if (batch.found > 0) continue;
      if (!(await hasLeft(db, { column, target, skipped }))) break;
      // Another transaction holds the rest of the rows; it lasts some milliseconds.
      await delay(pollMs);
    }
    say(`${column.table}: ${count} encrypted anew.`);
    resealed += count;
    unreadable.push(...skipped.values());
  }
  return { resealed, unreadable };
}

interface Pass {
  readonly column: SealedColumn;
  readonly target: number;
  /** Rows that do not open: what names them, and what they are called. */
  readonly skipped: Map<string, string>;
}

interface SealedRow {
  workspace_id: string;
  key: string;
  sealed: Buffer;
}

async function resealBatch(
  tx: Tx,
  vault: Vault,
  { column, target, skipped }: Pass,
): Promise<{ found: number; resealed: number }> {
  const { table, column: name, key } = column;
  // A node that changes a row at the same time: either it waits for this, or this passes it by and
  // comes back for it.
  const rows = await tx.rows<SealedRow>({
    text: `select workspace_id, ${key} as key, ${name} as sealed from ${table}
           where key_version <> $1 and not (workspace_id || ' ' || ${key} = any ($2))
           limit ${batchMax} for update skip locked`,
    values: [target, [...skipped.keys()]],
  });
  const opened = rows.filter((row) => !isUnreadable(vault, column, row, skipped));
  await tx.run({
    text: `update ${table} t set ${name} = n.sealed
           from unnest($1::text[], $2::text[], $3::bytea[]) as n (workspace_id, key, sealed)
           where t.workspace_id = n.workspace_id and t.${key} = n.key`,
    values: [
      opened.map(({ workspace_id }) => workspace_id),
      opened.map((row) => row.key),
      opened.map((row) => reseal(vault, column, row)),
    ],
  });
  return { found: rows.length, resealed: opened.length };
}

function reseal(vault: Vault, column: SealedColumn, row: SealedRow): Buffer {
  const id = column.toSealedId(row.workspace_id, row.key);
  return vault.seal(id, vault.open(id, row.sealed));
}

function isUnreadable(
  vault: Vault,
  column: SealedColumn,
  row: SealedRow,
  skipped: Map<string, string>,
): boolean {
  try {
    vault.open(column.toSealedId(row.workspace_id, row.key), row.sealed);
    return false;
  } catch (error) {
    if (!(error instanceof VaultRefused)) throw error;
    skipped.set(`${row.workspace_id} ${row.key}`, `${column.table} ${row.key}`);
    return true;
  }
}

async function hasLeft(tx: Tx, { column, target, skipped }: Pass): Promise<boolean> {
  const { table, key } = column;
  const rows = await tx.rows({
    text: `select from ${table}
           where key_version <> $1 and not (workspace_id || ' ' || ${key} = any ($2)) limit 1`,
    values: [target, [...skipped.keys()]],
  });
  return rows.length > 0;
}

/** Refused by the foreign keys where anything needs one, also by a write that comes in between. */
async function forgetOthers(db: Database, target: number): Promise<number[]> {
  const rows = await db.rows<{ key_version: number }>(sql`
    delete from vault_checks where key_version <> ${target} returning key_version`);
  return rows.map(({ key_version: version }) => version).sort((a, b) => a - b);
}
