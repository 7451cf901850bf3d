// `trigrun rotate-key`: finds or makes the new key, has everything encrypted with it, and tells the
// operator what may go. It takes no key away by itself: backups of the database need the old one.
import type { Config } from "./config.ts";
import type { OpenDatabase } from "./open-database.ts";
import { createVault, VaultRefused } from "./store/vault.ts";
import { verifyVault } from "./store/vault-check.ts";
import { addKey, type KeySource, loadKeys } from "./store/vault-key.ts";
import { inRotation, isRotated, rotateKey } from "./store/vault-rotation.ts";

type Say = (sentence: string) => void;

export async function changeKey(
  { db, folder }: Pick<OpenDatabase, "db" | "folder">,
  { encryptionKey }: Pick<Config, "encryptionKey">,
  say: Say,
): Promise<void> {
  await inRotation(db, () => change(db, { encryptionKey, keyFile: folder.keyFile }, say));
}

async function change(
  db: OpenDatabase["db"],
  { encryptionKey, keyFile }: KeySource,
  say: Say,
): Promise<void> {
  const vault = createVault(await loadKeys({ encryptionKey, keyFile }));
  const refusal = await verifyVault(db, vault);
  if (refusal !== undefined) throw new VaultRefused(refusal);
  // Otherwise there is a newer key already: given by the operator, or made by a run that was cut.
  if (await isRotated(db, vault)) {
    if (encryptionKey !== undefined) throw new VaultRefused(askForKey(vault.versions[0] ?? 1));
    say(`Key ${await addKey(keyFile)} was made, in ${keyFile}.`);
    vault.learn(await loadKeys({ encryptionKey, keyFile }));
  }
  const { forgotten, unreadable } = await rotateKey({ db, vault, say });
  const newest = vault.versions[0];
  if (unreadable.length > 0) {
    throw new VaultRefused(
      `Key ${newest} is in use. These do not open with any key that is here, and keep the old ` +
        `one in use: ${unreadable.join(", ")}. Give them new values, or delete them, and run ` +
        "this again.",
    );
  }
  const place = encryptionKey === undefined ? keyFile : "TRIGRUN_ENCRYPTION_KEY";
  say(
    `Done: everything is encrypted with key ${newest}. ${listKeys(forgotten)} may go from ` +
      `${place} of every node. Keep it where you keep backups of the database that were made ` +
      "before this moment: they cannot be read without it.",
  );
}

function askForKey(version: number): string {
  return (
    `TRIGRUN_ENCRYPTION_KEY holds key ${version} alone, and that is in use. Make a new one ` +
    `(\`openssl rand -hex 32\`), set TRIGRUN_ENCRYPTION_KEY to \`${version + 1}:<new>,` +
    `${version}:<old>\` on every node, restart them one by one, and run this again.`
  );
}

function listKeys(versions: readonly number[]): string {
  if (versions.length === 1) return `Key ${versions[0]}`;
  return versions.length === 0 ? "Every older key" : `Keys ${versions.join(", ")}`;
}
