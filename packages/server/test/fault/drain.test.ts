// The ordered end: what runs may end, what has not begun is given back, and nothing is left over.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PreparedFolder, prepareFolder } from "../support/program.ts";
import { ask, openSite, type Site, until } from "./site.ts";

let prepared: PreparedFolder;

beforeAll(async () => {
  prepared = await prepareFolder();
});
afterAll(() => prepared.remove());

const clean = { code: 0, signal: null };
// Four calls under way, and as many again are claimed and wait for a place.
const runConcurrency = 4;
const jobs = 12;
const reachMsMax = 30_000;

/** A site whose program has four calls under way that their target does not answer. */
async function openBusySite(): Promise<Site> {
  const site = await openSite(1, prepared);
  const { installation, farEnds, client } = site;
  const settings = { TRIGRUN_RUN_CONCURRENCY: String(runConcurrency) };
  await installation.start({ settings });
  await client.createChannels();
  const target = farEnds.target("held");
  for (let made = 0; made < jobs; made += 1) {
    await client.createJob({ kind: "one_time", schedule: {}, target });
  }
  await until("all places are taken", reachMsMax, () => farEnds.heldCalls() === runConcurrency);
  await until("as many wait", reachMsMax, async () => (await leased(site)) === runConcurrency * 2);
  return site;
}

const leased = ({ installation }: Site) =>
  ask(installation, "select count(*) from executions where node_id is not null");

describe.concurrent("SIGTERM", () => {
  it("lets calls end and be told, and gives back what has not begun", async (test) => {
    const site = await openBusySite();
    test.onTestFinished(() => site.close());
    const { installation, farEnds } = site;
    const [program] = installation.programs;
    const ending = program?.kill("SIGTERM");
    await until("what waits is given back", reachMsMax, async () => {
      return (await leased(site)) === runConcurrency;
    });
    const queued = `select count(*) from executions
      where status = 'queued' and node_id is null and started_at is null and attempt_count = 0`;
    expect(await ask(installation, queued)).toBe(jobs - runConcurrency);
    farEnds.answerHeld();
    expect(await ending).toEqual(clean);
    expect(farEnds.targetCalls).toHaveLength(runConcurrency);
    expect(await installation.processes()).toEqual([]);

    await installation.start();
    await site.untilFinished();
    expect(await ask(installation, "select sum(interruptions) as count from executions")).toBe(0);
    expect(farEnds.targetCalls).toHaveLength(jobs);
    expect(await site.prove("SIGTERM under load")).toEqual([]);
  });

  it("cuts calls that do not end in ten seconds, and the next start makes them", async (test) => {
    const site = await openBusySite();
    test.onTestFinished(() => site.close());
    const { installation, farEnds } = site;
    const [program] = installation.programs;
    const sentMs = performance.now();
    expect(await program?.kill("SIGTERM")).toEqual(clean);
    expect(performance.now() - sentMs).toBeGreaterThan(9_900);
    expect(await installation.processes()).toEqual([]);
    farEnds.answerHeld();
    await installation.start();
    await site.untilFinished();
    const interrupted = "select sum(interruptions) as count from executions";
    expect(await ask(installation, interrupted)).toBe(runConcurrency);
    expect(await site.prove("SIGTERM and calls without end")).toEqual([]);
  });

  it("ends a program that has nothing to do", async (test) => {
    const site = await openSite(1, prepared);
    test.onTestFinished(() => site.close());
    const program = await site.installation.start();
    // Once it answers, it is past its start.
    await site.client.look();
    expect(await program.kill("SIGTERM")).toEqual(clean);
    expect(await site.installation.processes()).toEqual([]);
  });
});

describe("a second program on the same folder", () => {
  it("is refused with one sentence, and the first goes on", async (test) => {
    const site = await openSite(1, prepared);
    test.onTestFinished(() => site.close());
    const { installation, client, farEnds } = site;
    const { pid } = await installation.start();
    const second = await installation.runBeside();
    expect(second).toMatchObject({ code: 1, signal: null });
    expect(second.stderr).toBe(
      `trigrun: The data folder ${installation.dataDir} is in use by another TrigRun ` +
        `(process ${pid}). Stop that one first, or choose another folder with --data-dir.\n`,
    );
    await client.createChannels();
    await client.createJob({ kind: "one_time", schedule: {}, target: farEnds.target(200) });
    await site.untilFinished();
    expect(await site.prove("A second program")).toEqual([]);
  });
});
