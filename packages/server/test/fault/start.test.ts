// The start under attack: killed between the first token's file and its commit, and asked to stop,
// once or twice, before it has ended. Nobody is locked out, and nothing is left running.
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startFaultPoint } from "../../src/fault-point.ts";
import {
  createInstallation,
  type Installation,
  type PreparedFolder,
  prepareFolder,
} from "../support/program.ts";
import { openSite, until } from "./site.ts";

let prepared: PreparedFolder;

beforeAll(async () => {
  prepared = await prepareFolder();
});
afterAll(() => prepared.remove());

const clean = { code: 0, signal: null };
// A start with an empty database takes a second or two; a busy machine takes its time.
const reachMsMax = 60_000;

/** The folder's first token, and what the API answers to it. */
async function enter({ dataDir }: Installation, url: string) {
  const file = path.join(dataDir, "token");
  const token = (await readFile(file, "utf8")).trim();
  const headers = { authorization: `Bearer ${token}` };
  const { status } = await fetch(`${url}/v1/jobs`, { headers });
  return { token, status, mode: (await stat(file)).mode & 0o777 };
}

describe("a start killed before its first token counts", () => {
  it("leaves the next start to give a way in", async ({ onTestFinished }) => {
    const installation = await createInstallation(prepared);
    onTestFinished(() => installation.close());
    // With a bootstrap token nobody would need another one.
    const settings = { TRIGRUN_BOOTSTRAP_TOKEN: undefined };
    const dying = installation.launch({ settings, faultPoint: startFaultPoint });
    expect(await dying.ended).toEqual({ code: null, signal: "SIGKILL" });
    const stale = (await readFile(path.join(installation.dataDir, "token"), "utf8")).trim();
    const next = await installation.start({ settings });
    const entered = await enter(installation, await next.ready);
    expect(entered).toMatchObject({ status: 200, mode: 0o600 });
    expect(entered.token).not.toBe(stale);
    expect(await next.kill("SIGTERM")).toEqual(clean);
    // A start that finds tokens leaves the file as it is.
    const third = await installation.start({ settings });
    expect(await enter(installation, await third.ready)).toEqual(entered);
  });
});

/** Waits for something of a start that is under way, then sends SIGINT twice, as npm does. */
async function interrupt(installation: Installation, what: string, found: () => Promise<boolean>) {
  const program = installation.launch();
  await until(what, reachMsMax, found);
  void program.kill("SIGINT");
  await delay(50);
  return { program, exit: await program.kill("SIGINT") };
}

async function expectNothingLeft(installation: Installation): Promise<void> {
  expect(await installation.processes()).toEqual([]);
  const next = await installation.start();
  expect((await fetch(`${await next.ready}/readyz`)).status).toBe(200);
  expect(await next.kill("SIGTERM")).toEqual(clean);
  expect(await installation.processes()).toEqual([]);
}

describe("two SIGINT 50 ms apart during the start", () => {
  const isThere = (file: string) => () =>
    stat(file).then(
      () => true,
      () => false,
    );

  it("end it while it makes the database, and leave nothing", async ({ onTestFinished }) => {
    const installation = await createInstallation();
    onTestFinished(() => installation.close());
    const { dataDir } = installation;
    const { program, exit } = await interrupt(
      installation,
      "the database is being made",
      async () => (await installation.processes()).length > 1,
    );
    expect({ ...exit, words: program.words() }).toEqual({ ...clean, words: "" });
    expect(await isThere(path.join(dataDir, "postgres", "PG_VERSION"))()).toBe(false);
    await expectNothingLeft(installation);
  });

  it("end it while PostgreSQL starts, and leave nothing", async ({ onTestFinished }) => {
    const installation = await createInstallation(prepared);
    onTestFinished(() => installation.close());
    const pidFile = path.join(installation.dataDir, "postgres", "postmaster.pid");
    const { program, exit } = await interrupt(installation, "PostgreSQL starts", isThere(pidFile));
    expect({ ...exit, words: program.words() }).toEqual({ ...clean, words: "" });
    await expectNothingLeft(installation);
  });
});

// What listens for signals takes all of two seconds for one request.
const laterMs = 2_500;

describe("a signal that comes later than two seconds after the first", () => {
  it("ends at once what still drains, and PostgreSQL with it", async ({ onTestFinished }) => {
    const site = await openSite(1, prepared);
    onTestFinished(() => site.close());
    const { installation, client, farEnds } = site;
    const program = await installation.start();
    await client.createChannels();
    const target = farEnds.target("held");
    await client.createJob({ kind: "one_time", schedule: {}, target });
    await until("a call is under way", reachMsMax, () => farEnds.heldCalls() === 1);
    void program.kill("SIGTERM");
    await delay(laterMs);
    expect(await installation.postmaster()).toBeGreaterThan(0);
    expect(await program.kill("SIGTERM")).toEqual({ code: 1, signal: null });
    await until("PostgreSQL has ended", reachMsMax, async () => {
      return (await installation.processes()).length === 0;
    });
  });
});
