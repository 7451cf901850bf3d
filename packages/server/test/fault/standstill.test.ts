// A process that stands still until its leases have run out, and goes on: a debugger, a machine
// that sleeps, a node without memory. Alone it loses nothing and makes no call twice.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type PreparedFolder, prepareFolder } from "../support/program.ts";
import { ask, openSite, until } from "./site.ts";

let prepared: PreparedFolder;

beforeAll(async () => {
  prepared = await prepareFolder();
});
afterAll(() => prepared.remove());

const runConcurrency = 4;
const jobs = 12;
const reachMsMax = 30_000;
// A lease lives for 20 s.
const lapseMsMax = 40_000;

it("stopped past its leases and let go on, makes each call once", async (test) => {
  const site = await openSite(1, prepared);
  test.onTestFinished(() => site.close());
  const { installation, farEnds, client } = site;
  const settings = { TRIGRUN_RUN_CONCURRENCY: String(runConcurrency) };
  const { pid } = await installation.start({ settings });
  await client.createChannels();
  const target = farEnds.target("held");
  for (let made = 0; made < jobs; made += 1) {
    await client.createJob({ kind: "one_time", schedule: {}, target });
  }
  await until("all places are taken", reachMsMax, () => farEnds.heldCalls() === runConcurrency);
  process.kill(pid, "SIGSTOP");
  const alive = "select count(*) from nodes where expires_at > now()";
  await until("the leases have run out", lapseMsMax, async () => {
    return (await ask(installation, alive)) === 0;
  });
  farEnds.answerHeld();
  process.kill(pid, "SIGCONT");
  await site.untilFinished();
  expect(farEnds.targetCalls).toHaveLength(jobs);
  expect(await ask(installation, "select sum(interruptions) as count from executions")).toBe(0);
  expect(await site.prove("SIGSTOP past the leases")).toEqual([]);
});
