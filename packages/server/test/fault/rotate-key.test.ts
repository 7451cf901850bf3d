// `trigrun rotate-key` beside a running `serve`: killed in its middle it goes on where it stood,
// jobs run with their secrets all the while, and in the end the old key is not needed to start.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rotateFaultPoint } from "../../src/fault-point.ts";
import { sql } from "../../src/store/db.ts";
import { createInstallation, type PreparedFolder, prepareFolder } from "../support/program.ts";
import { startReceiver } from "../support/receiver.ts";

let prepared: PreparedFolder;
beforeAll(async () => {
  prepared = await prepareFolder();
});
afterAll(() => prepared.remove());

// Two batches and a part of a third, so that there is a middle.
const secrets = 450;

it("goes on after a kill, while jobs run with their secrets", async ({ onTestFinished }) => {
  const installation = await createInstallation(prepared);
  onTestFinished(() => installation.close());
  const target = await startReceiver();
  onTestFinished(() => target.stop());
  await installation.start();
  const client = await installation.client();
  await client.createSecret({ body: { name: "key", value: "the-value" } });
  const values = Array.from({ length: secrets }, (_, n) => ({
    name: `s-${n}`,
    value: `value-${n}`,
  }));
  for (const body of values) await client.createSecret({ body });
  const run = async () => {
    const called = target.nextCall();
    const request = { url: target.url, headers: { "x-key": "secret://key" } };
    await client.createJob({ body: { name: "once", kind: "one_time", request } });
    expect((await called).headers["x-key"]).toBe("the-value");
  };
  await run();

  const cut = await installation.command("rotate-key", { faultPoint: `${rotateFaultPoint}:2` });
  expect(cut).toMatchObject({ signal: "SIGKILL", stderr: "" });
  expect(cut.stdout).toMatch(/Key 2 was made/);
  const count = async (version: number) => {
    const db = await installation.connect();
    const rows = await db.rows(sql`select from secrets where key_version = ${version}`);
    await db.close();
    return rows.length;
  };
  expect(await count(1)).toBeGreaterThan(0);
  expect(await count(2)).toBeGreaterThan(0);
  await run();
  await client.createSecret({ body: { name: "in-between", value: "in-between" } });

  // Also a start in the middle finds all that it needs.
  await installation.programs.at(-1)?.kill("SIGTERM");
  await installation.start();
  const again = await installation.client();
  await again.createSecret({ body: { name: "after-a-start", value: "after-a-start" } });

  const rest = await installation.command("rotate-key");
  expect(rest).toMatchObject({ code: 0, stderr: "" });
  expect(rest.stdout).not.toMatch(/was made/);
  expect(rest.stdout).toMatch(
    /everything is encrypted with key 2\. Key 1 may go from .*secret\.key/,
  );
  expect(await count(1)).toBe(0);
  await installation.programs.at(-1)?.kill("SIGTERM");

  const keyFile = path.join(installation.dataDir, "secret.key");
  const [newest = "", ...others] = (await readFile(keyFile, "utf8")).trim().split("\n");
  expect([newest.slice(0, 2), others.length]).toEqual(["2:", 1]);
  await writeFile(keyFile, `${others[0]}\n`);
  const refused = installation.launch();
  expect(await refused.ended).toMatchObject({ code: 1 });
  expect(refused.words()).toMatch(/encryption key 2, which this database is used with, is missing/);
  await writeFile(keyFile, `${newest}\n`);
  await installation.start();
  const called = target.nextCall();
  const last = await installation.client();
  const request = { url: target.url, headers: { "x-key": "secret://key" } };
  await last.createJob({ body: { name: "once", kind: "one_time", request } });
  expect((await called).headers["x-key"]).toBe("the-value");
});
