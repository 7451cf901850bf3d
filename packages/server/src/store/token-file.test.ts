// The token's file is whole, closed to others, and takes the place of one that was there.
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeTokenFile } from "./token-file.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "token-file-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("writeTokenFile", () => {
  it("writes one line that only the owner can read", async () => {
    const path = join(folder, "token");
    await writeTokenFile(path, "cron_pat_x");
    expect(await readFile(path, "utf8")).toBe("cron_pat_x\n");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["token"]);
  });

  it("replaces a file that was there, and its mode", async () => {
    const path = join(folder, "token");
    await writeFile(path, "an older and longer token that never counted\n");
    await chmod(path, 0o644);
    await writeTokenFile(path, "cron_pat_y");
    expect(await readFile(path, "utf8")).toBe("cron_pat_y\n");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("leaves nothing behind when it fails", async () => {
    const path = join(folder, "missing", "token");
    await expect(writeTokenFile(path, "cron_pat_z")).rejects.toThrow("ENOENT");
    expect(await readdir(folder)).toEqual([]);
  });
});
