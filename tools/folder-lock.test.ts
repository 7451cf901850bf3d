// The lock of set-up: one at a time, and neither a dead owner nor a forgotten file stops the next.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockOf, withFolderLock } from "./folder-lock.mjs";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lock-test-"));
});

afterEach(() => {
  rmSync(lockOf(folder), { force: true });
  rmSync(folder, { recursive: true, force: true });
});

describe("withFolderLock", () => {
  it("lets one at a time in, and leaves nothing behind", async () => {
    const events: string[] = [];
    const enter = (name: string) =>
      withFolderLock(folder, async () => {
        events.push(`${name} in`);
        await new Promise(setImmediate);
        events.push(`${name} out`);
      });
    await Promise.all([enter("a"), enter("b")]);
    expect(events).toEqual(["a in", "a out", "b in", "b out"]);
    expect(existsSync(lockOf(folder))).toBe(false);
  });

  it("gives the lock back when the work fails", async () => {
    const failing = withFolderLock(folder, () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(await withFolderLock(folder, async () => 1)).toBe(1);
  });

  it("takes over from a process that has died", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    writeFileSync(lockOf(folder), String(pid));
    expect(await withFolderLock(folder, async () => 1)).toBe(1);
  });

  it("takes over from a living process that shows no sign of owning it", async () => {
    writeFileSync(lockOf(folder), String(process.pid));
    expect(await withFolderLock(folder, async () => 1, { staleMs: 200 })).toBe(1);
  });
});
