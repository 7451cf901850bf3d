// Rules of the encryption key's file: made once, closed to others, never replaced.
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeyRefused, loadKey } from "./vault-key.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "trigrun-key-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("loadKey", () => {
  it("takes the setting before the file and makes no file then", async () => {
    const key = await loadKey({ encryptionKey: "AB".repeat(32), keyFile: join(folder, "key") });
    expect(key.toString("hex")).toBe("ab".repeat(32));
    expect(await readdir(folder)).toEqual([]);
  });

  it("makes a file that only its owner may open, and reads it ever after", async () => {
    const keyFile = join(folder, "data", "key");
    const made = await loadKey({ encryptionKey: undefined, keyFile });
    expect(made.length).toBe(32);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, "data"))).toEqual(["key"]);
    expect(await loadKey({ encryptionKey: undefined, keyFile })).toEqual(made);
  });

  it("makes one key for any number of processes that start at once", async () => {
    const source = { encryptionKey: undefined, keyFile: join(folder, "key") };
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadKey(source)));
    expect(new Set(keys.map((key) => key.toString("hex"))).size).toBe(1);
    expect(await readdir(folder)).toEqual(["key"]);
  });

  it("refuses a file that others may read", async () => {
    const keyFile = join(folder, "key");
    await loadKey({ encryptionKey: undefined, keyFile });
    await chmod(keyFile, 0o640);
    await expect(loadKey({ encryptionKey: undefined, keyFile })).rejects.toThrow(/chmod 600/);
  });

  it.each(["", "abc", "zz".repeat(32), `${"ab".repeat(32)}cd`])(
    "refuses a file that holds %j and leaves it as it is",
    async (text) => {
      const keyFile = join(folder, "key");
      await writeFile(keyFile, text, { mode: 0o600 });
      const loading = loadKey({ encryptionKey: undefined, keyFile });
      await expect(loading).rejects.toThrow(KeyRefused);
      await expect(loading).rejects.toThrow(/64 hex digits/);
      expect(await readFile(keyFile, "utf8")).toBe(text);
    },
  );
});
