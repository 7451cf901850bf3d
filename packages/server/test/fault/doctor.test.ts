// `trigrun doctor` as an operator runs it: beside a server, after its end, where a server never
// was, and while somebody's key is in place of the right one.
import { readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it, type TestContext } from "vitest";
import {
  createInstallation,
  type Installation,
  type PreparedFolder,
  prepareFolder,
} from "../support/program.ts";

let prepared: PreparedFolder;
beforeAll(async () => {
  prepared = await prepareFolder();
});
afterAll(() => prepared.remove());

interface Told {
  readonly name: string;
  readonly status: string;
  readonly message: string;
}

async function open(test: TestContext, from?: PreparedFolder): Promise<Installation> {
  const installation = await createInstallation(from);
  test.onTestFinished(() => installation.close());
  return installation;
}

async function ask(installation: Installation) {
  const { code, stdout, stderr } = await installation.command("doctor", { args: ["--json"] });
  const { status, checks }: { status: string; checks: Told[] } = JSON.parse(stdout);
  const of = (name: string) => checks.find((check) => check.name === name);
  return { code, stderr, status, checks, of };
}

it("looks at a server that runs, and at what it left", async (test) => {
  const installation = await open(test, prepared);
  const server = await installation.start();
  const client = await installation.client();
  await client.createSecret({ body: { name: "key", value: "the-value" } });

  const beside = await ask(installation);
  expect(beside).toMatchObject({ code: 0, status: "ok", stderr: "" });
  expect(beside.of("database")?.message).toMatch(/^The built-in PostgreSQL, version/);
  expect(beside.of("nodes")).toMatchObject({ status: "ok", message: "1 node is alive." });
  expect(beside.of("key")).toMatchObject({ status: "ok" });
  expect(beside.checks.map(({ status }) => status)).not.toContain("skipped");

  await server.kill("SIGTERM");
  const before = await readdir(installation.dataDir);
  const after = await ask(installation);
  expect(after).toMatchObject({ code: 0, status: "ok" });
  expect(after.of("database")?.message).toMatch(/started for this look/);
  expect(after.of("nodes")).toMatchObject({ status: "warning", message: /No node is alive/ });
  expect(await readdir(installation.dataDir)).toEqual(before);
  expect(await installation.processes()).toEqual([]);

  const keyFile = path.join(installation.dataDir, "secret.key");
  await writeFile(keyFile, `${"9".repeat(64)}\n`, { mode: 0o600 });
  const locked = await ask(installation);
  expect(locked).toMatchObject({ code: 1, status: "failed" });
  expect(locked.of("key")).toMatchObject({ status: "failed", message: /not the one of this/ });
  const lines = await installation.command("doctor");
  expect(lines.stdout).toMatch(/^failed {3}key {10}The encryption key is not the one/m);
  expect(lines.stdout).toMatch(/, 1 failed\.\n$/);
});

it("makes nothing where a server never was", async (test) => {
  const installation = await open(test);
  const { code, of } = await ask(installation);
  expect(code).toBe(0);
  expect(of("database")).toMatchObject({ status: "warning", message: /no database in .* yet/ });
  expect(await readdir(installation.dataDir)).toEqual([]);
});
