// Compares the keys of this process with those of the database: at the start, where a wrong one is
// found out, and with every heartbeat, so that a key is changed while nodes run. It makes no key.
import { type Database, sql, type Tx } from "./db.ts";
import { type Vault, VaultRefused } from "./vault.ts";
import type { VaultKey } from "./vault-key.ts";

export interface CheckRow {
  key_version: number;
  is_current: boolean;
  sealed: Buffer;
}

/**
 * What a check seals: the key of fingerprints, the same in every check of a database. The first
 * checks said a word only; theirs comes of the encryption key.
 */
type Check = "trigrun" | { readonly fingerprint_key: string };

function toCheckId(version: number): string {
  return `vault_check_${version}`;
}

export function readChecks(tx: Tx): Promise<CheckRow[]> {
  return tx.rows<CheckRow>(
    sql`select key_version, is_current, sealed from vault_checks order by key_version`,
  );
}

/** The key of fingerprints. Throws when the vault has another key of this version, or none. */
export function openCheck(
  vault: Vault,
  { key_version: version, sealed }: Omit<CheckRow, "is_current">,
): Buffer {
  const check = vault.open<Check>(toCheckId(version), sealed);
  if (check === "trigrun") return vault.fingerprintKeyOf(version);
  return Buffer.from(check.fingerprint_key, "base64");
}

/** Of the key that `vault` seals with. */
export function sealCheck(vault: Vault, fingerprintKey: Buffer): Buffer {
  const check: Check = { fingerprint_key: fingerprintKey.toString("base64") };
  return vault.seal(toCheckId(vault.version), check);
}

/**
 * Finds out at start whether the keys are those of this database, by a value sealed with each key
 * in use, and has the vault seal with the current one. The keys of an empty database are these.
 * Answers what is wrong and what to do; undefined when all is well.
 */
export async function verifyVault(db: Database, vault: Vault): Promise<string | undefined> {
  await enterFirstKey(db, vault);
  const checks = await readChecks(db);
  const refusal = findRefusal(checks, vault);
  const current = checks.find((check) => check.is_current);
  if (refusal !== undefined || current === undefined) return refusal;
  vault.fingerprintWith(openCheck(vault, current));
  vault.sealWith(current.key_version);
  return undefined;
}

/** What is wrong with the keys for a database with these checks, and what to do. */
export function findRefusal(
  checks: readonly Omit<CheckRow, "is_current">[],
  vault: Vault,
): string | undefined {
  for (const check of checks) {
    try {
      openCheck(vault, check);
    } catch (error) {
      if (!(error instanceof VaultRefused)) throw error;
      return toRefusal(check.key_version, vault);
    }
  }
  return undefined;
}

function toRefusal(version: number, vault: Vault): string {
  if (vault.versions.includes(version)) {
    return (
      `The encryption key is not the one of this database (key ${version}). Set ` +
      "TRIGRUN_ENCRYPTION_KEY to the key that it was used with, or put its key file back."
    );
  }
  return (
    `The encryption key ${version}, which this database is used with, is missing: there is only ` +
    `key ${vault.versions.join(", ")}. Add it to TRIGRUN_ENCRYPTION_KEY (\`${version}:…\`) or to ` +
    "the key file."
  );
}

async function enterFirstKey(db: Database, vault: Vault): Promise<void> {
  const { version } = vault;
  const sealed = sealCheck(vault, vault.fingerprintKeyOf(version));
  // Two nodes start on an empty database with different keys: the first insert stands, and the
  // second node fails to open it.
  await db.run(sql`
    insert into vault_checks (key_version, sealed, is_current)
    select ${version}, ${sealed}, true where not exists (select from vault_checks)
    on conflict do nothing`);
}

export interface FollowOptions {
  readonly nodeId: string;
  /** Reads the keys anew from where they come from. */
  readonly load: () => Promise<readonly VaultKey[]>;
}

/** Learns keys that the database has since got, seals with its current one, and says so. */
export async function followKeys(
  db: Database,
  vault: Vault,
  { nodeId, load }: FollowOptions,
): Promise<void> {
  const checks = await readChecks(db);
  const isKnown = ({ key_version: version }: CheckRow) => vault.versions.includes(version);
  if (!checks.every(isKnown)) vault.learn(await load());
  for (const check of checks.filter(isKnown)) openCheck(vault, check);
  const current = checks.find((check) => check.is_current);
  if (current !== undefined && isKnown(current)) vault.sealWith(current.key_version);
  const { version, versions } = vault;
  const held = [version, ...versions.filter((other) => other !== version)];
  await db.run(sql`
    update nodes set key_versions = ${held}
    where id = ${nodeId} and key_versions is distinct from ${held}::bigint[]`);
  const missing = checks.find((check) => !isKnown(check));
  if (missing !== undefined) throw new VaultRefused(toRefusal(missing.key_version, vault));
}
