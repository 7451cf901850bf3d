// A test run that is killed leaves no server and no folder behind.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { isAlive } from "../../src/store/postgres/postmaster.ts";
import { until } from "./site.ts";

// A run: guards a folder, starts something in it that outlives it, and says its number.
const run = `
  import { spawn } from "node:child_process";
  import { guard } from ${JSON.stringify(new URL("../support/guard.ts", import.meta.url).href)};
  const [, folder] = process.argv;
  guard(folder);
  const options = { cwd: folder, detached: true, stdio: "ignore" };
  const server = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], options);
  console.log(server.pid);
  setInterval(() => {}, 1000);
`;

// The guardian looks a few times a second; a busy machine takes its time to start it.
const endMsMax = 30_000;

it("A run that is killed takes its servers and folders with it", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "trigrun-guard-"));
  const args = ["--import", "tsx", "--input-type=module", "-e", run, folder];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = await once(child.stdout, "data");
  const pid = Number(String(said));
  expect(isAlive(pid)).toBe(true);
  child.kill("SIGKILL");
  await until("the server has ended", endMsMax, () => !isAlive(pid));
  await until("its folder is gone", endMsMax, () =>
    stat(folder).then(
      () => false,
      () => true,
    ),
  );
});
