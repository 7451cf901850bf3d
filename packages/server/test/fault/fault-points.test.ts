// Kills the program at each of its named fault points, at the first visit and at a later one, and
// proves that whatever was going on there is neither lost nor done in secret.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { faultPoints } from "../../src/fault-point.ts";
import { type PreparedFolder, prepareFolder } from "../support/program.ts";
import { ask, openSite, type Site, within } from "./site.ts";

let prepared: PreparedFolder;

beforeAll(async () => {
  prepared = await prepareFolder();
});
afterAll(() => prepared.remove());

// The work passes each point within seconds; a busy machine may take longer for the start.
const reachMsMax = 90_000;

async function dieAt({ installation }: Site, faultPoint: string): Promise<void> {
  const program = installation.launch({ faultPoint });
  const exit = await within(`it dies at ${faultPoint}`, reachMsMax, program.ended);
  // Nobody else ends it so.
  expect(exit).toEqual({ code: null, signal: "SIGKILL" });
}

/** Gives the program work from its first start on, across all its deaths. */
async function giveWork({ client }: Site, signal: AbortSignal): Promise<void> {
  await client.createChannels();
  await client.createRepeating(2);
  await client.createUntil(signal, { atOnce: 3, pauseMs: 60 });
}

// Each waits for retries most of the time, so they wait together.
describe.concurrent("killed at", () => {
  it.for(faultPoints)("%s, it loses nothing", async (point, { onTestFinished }) => {
    const site = await openSite(faultPoints.indexOf(point), prepared);
    onTestFinished(() => site.close());
    const enough = new AbortController();
    const dying = dieAt(site, point).then(() => dieAt(site, `${point}:5`));
    const working = giveWork(site, enough.signal);
    // Its failure is told where it is awaited.
    working.catch(() => undefined);
    await dying.finally(() => enough.abort());
    await site.installation.start();
    await working;
    await site.client.pauseRepeating();
    await site.untilFinished();
    expect(await site.prove(`2 kills at ${point}`)).toEqual([]);
  });

  it("one point ten times, it runs all that stood beside", async ({ onTestFinished }) => {
    const site = await openSite(1, prepared);
    onTestFinished(() => site.close());
    const { installation, client, farEnds } = site;
    const jobs = 20;
    const program = await installation.start();
    await client.createChannels();
    // All are due in the same moment: the first death meets them all, and none has been called.
    const run_at = new Date(Date.now() + 12_000).toISOString();
    const target = farEnds.target(200);
    for (let made = 0; made < jobs; made += 1) {
      await client.createJob({ kind: "scheduled", schedule: { run_at }, target });
    }
    await program.kill("SIGKILL");
    // As many as end an execution that is cut by each of them.
    const deaths = 10;
    for (let died = 0; died < deaths; died += 1) await dieAt(site, "runner.claimed");
    expect(farEnds.targetCalls).toEqual([]);
    await installation.start();
    await site.untilFinished();
    const succeeded = "select count(*) from executions where status = 'succeeded'";
    expect(await ask(installation, succeeded)).toBe(jobs);
    expect(await site.prove(`${deaths} kills at runner.claimed`)).toEqual([]);
  });
});
