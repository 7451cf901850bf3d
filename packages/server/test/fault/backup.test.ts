// `trigrun backup` beside a `serve` under load, and `trigrun restore` into a new data folder: jobs
// go on there with their secrets, and what was under way in the moment of the backup runs anew.
import { copyFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  createInstallation,
  type Installation,
  type PreparedFolder,
  prepareFolder,
} from "../support/program.ts";
import { startReceiver } from "../support/receiver.ts";
import { ask } from "./site.ts";

let prepared: PreparedFolder;
beforeAll(async () => {
  prepared = await prepareFolder();
});
afterAll(() => prepared.remove());

/** Jobs made one after the other, until it is stopped. Answers how many. */
function startLoad(installation: Installation, url: string) {
  let isOver = false;
  const run = async () => {
    const client = await installation.client();
    let made = 0;
    while (!isOver) {
      const request = { url, headers: { "x-key": "secret://key" } };
      await client.createJob({ body: { name: `load-${made}`, kind: "one_time", request } });
      made += 1;
    }
    return made;
  };
  const running = run();
  return {
    async stop() {
      isOver = true;
      return await running;
    },
  };
}

it("makes a new installation of a backup of a running one", async ({ onTestFinished }) => {
  const first = await createInstallation(prepared);
  onTestFinished(() => first.close());
  const [target, held] = [await startReceiver(), await startReceiver()];
  onTestFinished(() => target.stop());
  onTestFinished(() => held.stop());
  held.answers("silence");
  await first.start();
  const client = await first.client();
  await client.createSecret({ body: { name: "key", value: "the-value" } });
  const saved = await client.createJob({
    body: {
      ...{ name: "saved", kind: "cron", schedule: { cron: "0 0 1 1 *", timezone: "UTC" } },
      request: { url: target.url, headers: { "x-key": "secret://key" } },
    },
  });
  const underWay = held.nextCall();
  await client.createJob({ body: { name: "held", kind: "one_time", request: { url: held.url } } });
  await underWay;
  const load = startLoad(first, target.url);
  await target.nextCall();

  const file = path.join(first.dataDir, "some.backup");
  const backup = await first.command("backup", { args: [file] });
  const again = await first.command("backup", { args: [file] });
  const nowhere = path.join(first.dataDir, "no-such-folder", "some.backup");
  const lost = await first.command("backup", { args: [nowhere] });
  const made = await load.stop();
  expect(backup).toMatchObject({ code: 0, stdout: "" });
  expect(backup.stderr).toMatch(/^Backed up \d+ rows of \d+ tables .*\n.*secret\.key\) is not in/);
  expect(again).toMatchObject({ code: 1 });
  expect(again.stderr).toMatch(/is there already/);
  expect(lost).toMatchObject({ code: 1, stdout: "" });
  expect(lost.stderr).toBe(`trigrun: ${nowhere} cannot be written (ENOENT).\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const files = await readdir(first.dataDir);
  expect(files.filter((name) => name.includes(".part"))).toEqual([]);
  expect(await ask(first, "select count(*) from jobs")).toBe(made + 2);
  await first.programs.at(-1)?.kill("SIGKILL");

  const second = await createInstallation();
  onTestFinished(() => second.close());
  const keyless = await second.command("restore", { args: [file] });
  expect(keyless).toMatchObject({ code: 1 });
  expect(keyless.stderr).toMatch(/no encryption key here/);
  await copyFile(path.join(first.dataDir, "secret.key"), path.join(second.dataDir, "secret.key"));
  const cut = path.join(first.dataDir, "cut.backup");
  const whole = await readFile(file);
  await writeFile(cut, whole.subarray(0, whole.length - 100));
  const refused = await second.command("restore", { args: [cut] });
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.stderr).toMatch(/damaged or cut off/);
  const restored = await second.command("restore", { args: [file] });
  expect(restored).toMatchObject({ code: 0 });
  expect(restored.stderr).toMatch(/^Restored \d+ rows/);

  held.answers(200);
  const ranAnew = held.nextCall();
  await second.start();
  await ranAnew;
  const called = target.nextCall();
  const next = await second.client();
  await next.runJobNow({ params: { id: saved.id } });
  expect((await called).headers["x-key"]).toBe("the-value");
  const full = await second.command("restore", { args: [file] });
  expect(full).toMatchObject({ code: 1 });
  expect(full.stderr).toMatch(/not empty/);
  const nameless = await second.command("restore", { args: [`${file}s`] });
  expect(nameless.stderr).toMatch(/cannot be read/);
});
