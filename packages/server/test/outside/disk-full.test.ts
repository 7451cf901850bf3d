// The disk under the data folder fills up under load, and gets room again: the program says what is
// wrong, nothing is lost, and all goes on. Run by `npm run test:disk-full`, as root.
import { execFile } from "node:child_process";
import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { recoverMsMax, startLoad } from "../fault/cluster.ts";
import { openSite, until } from "../fault/site.ts";

const run = promisify(execFile);
// An empty database takes some 60 MB of it.
const sizeMb = 160;
const megabyte = 1024 * 1024;

/** A file system of its own, too small on purpose; the temporary folders of this test are in it. */
async function mountSmallDisk(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "trigrun-small-"));
  await run("mount", ["-t", "tmpfs", "-o", `size=${sizeMb}m,mode=755`, "tmpfs", folder]);
  const { TMPDIR } = process.env;
  process.env.TMPDIR = folder;
  return {
    folder,
    async remove() {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
      await run("umount", [folder]);
      await rm(folder, { recursive: true });
    },
  };
}

it("a full disk under the data folder loses nothing", async (test) => {
  const disk = await mountSmallDisk();
  test.onTestFinished(() => disk.remove());
  const site = await openSite(71);
  test.onTestFinished(() => site.close());
  const { installation, farEnds } = site;
  const first = await installation.start();
  const load = await startLoad(site);
  const made = () => farEnds.targetCalls.length;
  await until("work is under way", recoverMsMax, () => made() > 50);
  const filler = path.join(disk.folder, "filler");
  // A little more than there is room for: it takes all of it.
  const { bavail, bsize } = await statfs(disk.folder);
  const filling = writeFile(filler, Buffer.alloc(bavail * bsize + megabyte));
  await expect(filling).rejects.toMatchObject({ code: "ENOSPC" });
  const isTold = () => first.words().includes("No space left on device");
  await until("it says that the disk is full", recoverMsMax, isTold);
  const line = first
    .words()
    .split("\n")
    .find((each) => each.includes("No space left"));
  process.stdout.write(`disk full: ${line?.slice(0, 200)}\n`);
  await rm(filler);
  // PostgreSQL may have ended over it, and the program with it: the operator starts it again.
  const hasEnded = installation.living().length === 0;
  if (hasEnded) await installation.start();
  const before = made();
  await until("work goes on", recoverMsMax, () => made() - before > 50);
  await load.finish();
  const what = `A full disk${hasEnded ? ", which ended the program" : ""}`;
  expect(await site.prove(what)).toEqual([]);
});
