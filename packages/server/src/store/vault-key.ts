// Where the encryption keys come from: the setting, or a file that the first start makes.
// It never takes a key away that is there: without the old one every credential would be lost.
import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";

// AES-256.
export const keyBytes = 32;

/** The key cannot be used. The message says what to do. */
export class KeyRefused extends Error {
  override readonly name = "KeyRefused";
}

export interface VaultKey {
  /** Stored with every sealed value. From 1 to 4,294,967,295; a new key gets a new number. */
  readonly version: number;
  readonly key: Buffer;
}

export interface KeySource {
  /** TRIGRUN_ENCRYPTION_KEY, which wins over the file. */
  readonly encryptionKey: string | undefined;
  /** Read, or made when it is not there. */
  readonly keyFile: string;
}

const setting = "TRIGRUN_ENCRYPTION_KEY";
const versionMax = 0xffff_ffff;

/** One key, or several with their versions: `2:<64 hex digits>,1:<64 hex digits>`. */
const keysPattern = /^\s*(?:\d{1,10}:)?[0-9a-fA-F]{64}(?:[\s,]+(?:\d{1,10}:)?[0-9a-fA-F]{64})*\s*$/;

/** All keys, the newest first. Which of them seals is for the database to say. */
export async function loadKeys(source: KeySource): Promise<VaultKey[]> {
  const { keyFile } = source;
  return (await findKeys(source)) ?? parseKeys(await makeKeyFile(keyFile), keyFile);
}

/** The same, and undefined where a key would have to be made. */
export async function findKeys(source: KeySource): Promise<VaultKey[] | undefined> {
  const { encryptionKey, keyFile } = source;
  if (encryptionKey !== undefined) return parseKeys(encryptionKey, setting);
  const text = await readKeyFile(keyFile);
  return text === undefined ? undefined : parseKeys(text, keyFile);
}

/** Puts a new key before those of the file, and answers its version. */
export async function addKey(keyFile: string): Promise<number> {
  const text = (await readKeyFile(keyFile)) ?? (await makeKeyFile(keyFile));
  const [newest] = parseKeys(text, keyFile);
  const version = (newest?.version ?? 0) + 1;
  const draft = await writeDraft(keyFile, `${version}:${toDigits(newKey())}\n${text}`);
  // In one step: whoever reads it meanwhile finds the old keys, or the old ones and the new one.
  await rename(draft, keyFile);
  await syncFolder(dirname(keyFile));
  return version;
}

function parseKeys(text: string, place: string): VaultKey[] {
  if (!keysPattern.test(text)) {
    throw new KeyRefused(
      `${place} does not hold an encryption key: it must be ${keyBytes * 2} hex digits ` +
        "(`openssl rand -hex 32`), or several of them with their versions (`2:…,1:…`). If it was " +
        "damaged, restore it from a backup.",
    );
  }
  const keys = text
    .trim()
    .split(/[\s,]+/)
    .map((entry) => {
      const [digits = "", version = "1"] = entry.split(":").reverse();
      return { version: Number(version), key: Buffer.from(digits, "hex") };
    })
    .sort((a, b) => b.version - a.version);
  const twice = keys.find(({ version }, index) => keys[index + 1]?.version === version);
  if (twice !== undefined) {
    throw new KeyRefused(
      `${place} holds two keys of version ${twice.version}: a new key gets the next number, as ` +
        "in `2:…,1:…`. A key without a number is version 1.",
    );
  }
  const odd = keys.find(({ version }) => version < 1 || version > versionMax);
  if (odd === undefined) return keys;
  throw new KeyRefused(`${place} holds version ${odd.version}; they go from 1 to ${versionMax}.`);
}

function newKey(): Buffer {
  return randomBytes(keyBytes);
}

function toDigits(key: Buffer): string {
  return key.toString("hex");
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path);
    // Windows has no such bits; there the folder's own rights protect the file.
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new KeyRefused(
        `Other users of this machine may open the encryption key ${path}: run ` +
          `\`chmod 600 ${path}\`. If someone did read it, the credentials in it are theirs.`,
      );
    }
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Written aside and linked into place: the file is there whole or not at all, and only once. */
async function makeKeyFile(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  const draft = await writeDraft(path, `${toDigits(newKey())}\n`);
  try {
    await link(draft, path);
  } catch (error) {
    // Another process made it in the same moment: its key is the one.
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await unlink(draft);
  }
  await syncFolder(dirname(path));
  return await readFile(path, "utf8");
}

/** The text on the disk beside the file, for its owner's eyes alone. Answers its path. */
async function writeDraft(path: string, text: string): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(text);
    // A power cut must not leave credentials behind whose key was never written.
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder; NTFS journals the new name by itself.
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  await folder.sync().finally(() => folder.close());
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
