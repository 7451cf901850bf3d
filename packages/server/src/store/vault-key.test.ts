// Rules of the encryption key's file: made once, closed to others, never replaced.
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { addKey, KeyRefused, type KeySource, loadKeys } from "./vault-key.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "trigrun-key-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function loadKey(source: KeySource): Promise<Buffer> {
  const [key, ...others] = await loadKeys(source);
  if (key === undefined || others.length > 0) throw new Error("there is one key");
  expect(key.version).toBe(1);
  return key.key;
}

describe("loadKeys", () => {
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

  const [one, two] = ["ab".repeat(32), "cd".repeat(32)];

  it.each([`2:${two},1:${one}`, `1:${one}, 2:${two}`, `${one},2:${two}`, `2:${two}\n${one}\n`])(
    "takes several keys with their versions, the newest first: %j",
    async (encryptionKey) => {
      const keys = await loadKeys({ encryptionKey, keyFile: "" });
      expect(keys.map(({ version, key }) => `${version}:${key.toString("hex")}`)).toEqual([
        `2:${two}`,
        `1:${one}`,
      ]);
    },
  );

  it.each([
    [`${one},${two}`, /two keys of version 1/],
    [`2:${one},2:${two}`, /two keys of version 2/],
    [`0:${one}`, /version 0/],
    [`4294967296:${one}`, /version 4294967296/],
    [`2:${one};1:${two}`, /does not hold an encryption key/],
    [`x:${one}`, /does not hold an encryption key/],
  ])("refuses %j without repeating a key", async (encryptionKey, reason) => {
    const loading = loadKeys({ encryptionKey, keyFile: "" });
    await expect(loading).rejects.toThrow(reason);
    await expect(loading).rejects.not.toThrow(/abab|cdcd/);
  });
});

describe("addKey", () => {
  it("puts a new key before the old ones, which stay", async () => {
    const keyFile = join(folder, "key");
    const source = { encryptionKey: undefined, keyFile };
    const first = await loadKey(source);
    expect(await addKey(keyFile)).toBe(2);
    expect(await addKey(keyFile)).toBe(3);
    const keys = await loadKeys(source);
    expect(keys.map(({ version }) => version)).toEqual([3, 2, 1]);
    expect(keys[2]?.key).toEqual(first);
    expect(new Set(keys.map(({ key }) => key.toString("hex"))).size).toBe(3);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["key"]);
  });
});
