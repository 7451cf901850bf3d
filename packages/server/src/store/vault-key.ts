// Where the encryption key comes from: the setting, or a file that the first start makes.
// It never replaces a key that is there: without the old one every credential would be lost.
import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";

// AES-256.
export const keyBytes = 32;

/** The key cannot be used. The message says what to do. */
export class KeyRefused extends Error {
  override readonly name = "KeyRefused";
}

export interface KeySource {
  /** TRIGRUN_ENCRYPTION_KEY: 64 hex digits. Wins over the file. */
  readonly encryptionKey: string | undefined;
  /** Read, or made when it is not there. */
  readonly keyFile: string;
}

export async function loadKey({ encryptionKey, keyFile }: KeySource): Promise<Buffer> {
  if (encryptionKey !== undefined) return readKey(encryptionKey, "TRIGRUN_ENCRYPTION_KEY");
  const text = (await readKeyFile(keyFile)) ?? (await makeKeyFile(keyFile));
  return readKey(text, keyFile);
}

function readKey(text: string, place: string): Buffer {
  const digits = text.trim();
  if (!/^[0-9a-f]+$/i.test(digits) || digits.length !== keyBytes * 2) {
    throw new KeyRefused(
      `${place} does not hold an encryption key: it must be ${keyBytes * 2} hex digits ` +
        "(`openssl rand -hex 32`). If it was damaged, restore it from a backup.",
    );
  }
  return Buffer.from(digits, "hex");
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
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const draft = `${path}.${randomBytes(6).toString("hex")}`;
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${randomBytes(keyBytes).toString("hex")}\n`);
    // A power cut must not leave credentials behind whose key was never written.
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    // Another process made it in the same moment: its key is the one.
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await unlink(draft);
  }
  await syncFolder(folder);
  return await readFile(path, "utf8");
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
