// Encryption at rest: seals credentials with AES-256-GCM and opens them again, for their own row
// only. It never logs, and no error of it quotes what was sealed or a key.
import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { type Database, sql } from "./db.ts";
import { keyBytes } from "./vault-key.ts";

export interface VaultKey {
  /** Stored with every sealed value. From 1 to 4,294,967,295; a new key gets a new number. */
  readonly version: number;
  readonly key: Buffer;
}

export interface Vault {
  /** The version that `seal` uses. */
  readonly version: number;
  /** Seals a JSON value; only `open` with the same row id gives it back. */
  seal(rowId: string, value: unknown): Buffer;
  open<T>(rowId: string, sealed: Buffer): T;
  /**
   * What stands for a text that holds credentials where only equality matters: one for each key,
   * newest first. A plain hash of a weak credential could be guessed from a stolen database.
   */
  fingerprints(text: string): Buffer[];
}

/** A value that these keys do not open. The message is for the operator. */
export class VaultRefused extends Error {
  override readonly name = "VaultRefused";
}

// A sealed value: format 1, key version, nonce, ciphertext, tag.
const format = 1;
const versionAt = 1;
const nonceAt = 5;
// NIST SP 800-38D, 8.2.2: a random nonce of 96 bits is safe for 2^32 values under one key.
const nonceBytes = 12;
const textAt = nonceAt + nonceBytes;
const tagBytes = 16;

/** `keys` newest first: the first one seals, all of them open. */
export function createVault(keys: readonly VaultKey[]): Vault {
  const [newest] = keys;
  assert(newest, "a vault needs a key");
  for (const { key } of keys) assert.equal(key.length, keyBytes, "a vault key is 32 bytes");
  const byVersion = new Map(keys.map(({ version, key }) => [version, key]));
  assert.equal(byVersion.size, keys.length, "two vault keys share a version");
  const macKeys = keys.map(({ key }) => Buffer.from(hkdfSync("sha256", key, "", "mac", keyBytes)));
  return {
    version: newest.version,
    seal: (rowId, value) => seal(newest, rowId, value),
    open: (rowId, sealed) => open(byVersion, rowId, sealed),
    fingerprints: (text) => macKeys.map((key) => createHmac("sha256", key).update(text).digest()),
  };
}

function seal({ version, key }: VaultKey, rowId: string, value: unknown): Buffer {
  const head = Buffer.alloc(textAt);
  head.writeUInt8(format);
  head.writeUInt32BE(version, versionAt);
  randomBytes(nonceBytes).copy(head, nonceAt);
  const cipher = createCipheriv("aes-256-gcm", key, head.subarray(nonceAt), {
    authTagLength: tagBytes,
  });
  cipher.setAAD(toAad(head, rowId));
  const text = cipher.update(JSON.stringify(value), "utf8");
  return Buffer.concat([head, text, cipher.final(), cipher.getAuthTag()]);
}

function open<T>(keys: ReadonlyMap<number, Buffer>, rowId: string, sealed: Buffer): T {
  if (sealed.length < textAt + tagBytes || sealed.readUInt8() !== format) {
    throw new VaultRefused(`The credentials of ${rowId} are not in a format that this knows.`);
  }
  const head = sealed.subarray(0, textAt);
  const version = head.readUInt32BE(versionAt);
  const key = keys.get(version);
  if (key === undefined) {
    throw new VaultRefused(
      `The credentials of ${rowId} were sealed with encryption key ${version}, which is not here.`,
    );
  }
  const decipher = createDecipheriv("aes-256-gcm", key, head.subarray(nonceAt), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(toAad(head, rowId));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const text = decipher.update(sealed.subarray(textAt, -tagBytes));
  try {
    const whole = Buffer.concat([text, decipher.final()]);
    // The tag proves that `seal` made this for this row; its callers know what they sealed.
    return JSON.parse(whole.toString("utf8")) as T;
  } catch {
    throw new VaultRefused(
      `The credentials of ${rowId} do not open: the encryption key is another one, or the row ` +
        "was changed or copied by hand.",
    );
  }
}

/** Binds a value to its row and its key: a sealed value moved to another row does not open. */
function toAad(head: Buffer, rowId: string): Buffer {
  return Buffer.concat([head.subarray(0, nonceAt), Buffer.from(rowId, "utf8")]);
}

/**
 * Finds out at start whether the keys are those of this database, by a value sealed with each
 * key version. Answers what is wrong and what to do; undefined when all is well.
 */
export async function verifyVault(db: Database, vault: Vault): Promise<string | undefined> {
  // Two nodes start on an empty database with different keys: the first insert stands, and the
  // second node fails to open it.
  await db.run(sql`
    insert into vault_checks (key_version, sealed)
    values (${vault.version}, ${vault.seal(toCheckId(vault.version), "trigrun")})
    on conflict (key_version) do nothing`);
  const checks = await db.rows<{ key_version: number; sealed: Buffer }>(
    sql`select key_version, sealed from vault_checks order by key_version`,
  );
  for (const { key_version, sealed } of checks) {
    try {
      vault.open(toCheckId(key_version), sealed);
    } catch (error) {
      if (!(error instanceof VaultRefused)) throw error;
      return (
        `The encryption key is not the one of this database (key ${key_version}). Set ` +
        "TRIGRUN_ENCRYPTION_KEY to the key that it was used with, or put its key file back."
      );
    }
  }
  return undefined;
}

function toCheckId(version: number): string {
  return `vault_check_${version}`;
}
