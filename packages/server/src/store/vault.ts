// Encryption at rest: seals credentials with AES-256-GCM and opens them again, for their own row
// only. It never logs, and no error of it quotes what was sealed or a key.
import assert from "node:assert/strict";
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { keyBytes, type VaultKey } from "./vault-key.ts";

export interface Vault {
  /** The version that `seal` uses. */
  readonly version: number;
  /** Every version that opens, the newest first. */
  readonly versions: readonly number[];
  /** Seals a JSON value; only `open` with the same row id gives it back. */
  seal(rowId: string, value: unknown): Buffer;
  open<T>(rowId: string, sealed: Buffer): T;
  /**
   * What stands for a text that holds credentials where only equality matters, whatever key seals.
   * A plain hash of a weak credential could be guessed from a stolen database.
   */
  fingerprint(text: string): Buffer;
  /** From now on seals with this key, which it has. */
  sealWith(version: number): void;
  /** Takes keys in that were made since it was; of a version that it has, its own stays. */
  learn(keys: readonly VaultKey[]): void;
  /** What makes fingerprints where nothing else is said: of the key of this version. */
  fingerprintKeyOf(version: number): Buffer;
  /** Keeps fingerprints what they were under an earlier key. */
  fingerprintWith(key: Buffer): void;
}

function deriveFingerprintKey(key: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", key, "", "mac", keyBytes));
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
  const byVersion = new Map<number, Buffer>();
  const add = ({ version, key }: VaultKey) => {
    assert.equal(key.length, keyBytes, "a vault key is 32 bytes");
    if (!byVersion.has(version)) byVersion.set(version, key);
  };
  for (const key of keys) add(key);
  assert.equal(byVersion.size, keys.length, "two vault keys share a version");
  const keyOf = (version: number) => {
    const key = byVersion.get(version);
    assert(key, "a vault uses keys that it has");
    return key;
  };
  let current = newest;
  let fingerprintKey = deriveFingerprintKey(newest.key);
  return {
    get version() {
      return current.version;
    },
    get versions() {
      return [...byVersion.keys()].sort((a, b) => b - a);
    },
    seal: (rowId, value) => seal(current, rowId, value),
    open: (rowId, sealed) => open(byVersion, rowId, sealed),
    fingerprint: (text) => createHmac("sha256", fingerprintKey).update(text).digest(),
    sealWith(version) {
      current = { version, key: keyOf(version) };
    },
    learn(more) {
      for (const key of more) add(key);
    },
    fingerprintKeyOf: (version) => deriveFingerprintKey(keyOf(version)),
    fingerprintWith(key) {
      fingerprintKey = key;
    },
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
