// The data folder belongs to one process at a time, however the one before ended.

import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  DataFolderRefused,
  type LockedDataFolder,
  openDataFolder,
} from "../../src/store/data-folder.ts";
import { startHolder } from "../support/holder.ts";

let parent: string;
let dir: string;

beforeEach(async () => {
  parent = await mkdtemp(path.join(os.tmpdir(), "trigrun-folder-"));
  dir = path.join(parent, "deep", "data");
});

afterEach(async () => {
  await rm(parent, { recursive: true });
});

describe("openDataFolder", () => {
  it("makes the folder, closed to others, and names what lies in it", async () => {
    const folder = await openDataFolder(dir);
    expect(path.basename(folder.postgresDir)).toBe("postgres");
    expect(path.dirname(folder.keyFile)).toBe(folder.dir);
    const { mode } = await stat(dir);
    // Others may pass at most (root's database is another user); they never read or write.
    expect(mode & 0o066).toBe(0);
    expect((await stat(folder.lockFile)).mode & 0o777).toBe(0o600);
    await folder.close();
  });

  it("refuses a second one and names the folder and the process", async () => {
    const holder = await startHolder(dir);
    const refused = openDataFolder(dir);
    await expect(refused).rejects.toThrow(DataFolderRefused);
    await expect(refused).rejects.toThrow(
      `${dir} is in use by another TrigRun (process ${holder.pid})`,
    );
    await holder.kill("SIGTERM");
  });

  it("lets the next one in after a kill -9", async () => {
    const holder = await startHolder(dir);
    await holder.kill("SIGKILL");
    const folder = await openDataFolder(dir);
    expect(await readFile(folder.lockFile, "utf8")).toContain(`${process.pid} `);
    await folder.close();
  });

  it("lets exactly one in of several at the same moment", async () => {
    const starts = Array.from({ length: 8 }, () => openDataFolder(dir));
    const ends = await Promise.allSettled(starts);
    const inside = ends.filter((end) => end.status === "fulfilled").map((end) => end.value);
    expect(inside).toHaveLength(1);
    await closeAll(inside);
  });

  it("ignores a lock file that names a live process but is not locked", async () => {
    await (await openDataFolder(dir)).close();
    await writeFile(path.join(dir, "trigrun.lock"), `${process.ppid} ${os.hostname()}\n`);
    await (await openDataFolder(dir)).close();
  });

  it("says what is wrong with a path that is no folder", async () => {
    const file = path.join(parent, "file");
    await writeFile(file, "");
    await expect(openDataFolder(file)).rejects.toThrow(`${file} cannot be used (EEXIST)`);
    await expect(openDataFolder(path.join(file, "data"))).rejects.toThrow("(ENOTDIR)");
  });

  it("lets the next one in after close, and closes once only", async () => {
    const first = await openDataFolder(dir);
    await first.close();
    const second = await openDataFolder(dir);
    await first.close();
    await expect(openDataFolder(dir)).rejects.toThrow(DataFolderRefused);
    await second.close();
  });
});

async function closeAll(folders: LockedDataFolder[]): Promise<void> {
  await Promise.all(folders.map((folder) => folder.close()));
}
