// A program that dies again and again soon after its start: whatever kills it, what only stood
// beside is not given up for it.
import { expect, it } from "vitest";
import { ask, openSite, within } from "./site.ts";

// As many as end an execution that is cut by each of them.
const deaths = 10;
const jobs = 20;
const reachMsMax = 90_000;

it("runs what ten deaths in a row have cut, as none of it was ever called", async (test) => {
  const site = await openSite(1);
  test.onTestFinished(() => site.close());
  const { installation, client, farEnds } = site;
  const first = await installation.start();
  await client.createChannels();
  // All are due in the same moment: each death meets them all, and one has not even begun.
  const run_at = new Date(Date.now() + 8_000).toISOString();
  const target = farEnds.target(200);
  for (let made = 0; made < jobs; made += 1) {
    await client.createJob({ kind: "scheduled", schedule: { run_at }, target });
  }
  await first.kill("SIGKILL");
  for (let died = 0; died < deaths; died += 1) {
    const { ended } = installation.launch({ faultPoint: "runner.claimed" });
    const exit = await within("it dies at runner.claimed", reachMsMax, ended);
    expect(exit).toEqual({ code: null, signal: "SIGKILL" });
  }
  expect(farEnds.targetCalls).toEqual([]);
  await installation.start();
  await site.untilFinished();
  const succeeded = "select count(*) from executions where status = 'succeeded'";
  expect(await ask(installation, succeeded)).toBe(jobs);
  expect(await site.prove(`${deaths} deaths in a row`)).toEqual([]);
});
