// Three nodes of which one has its clock put an hour forward and one an hour back, in the middle of
// the work. By the far ends' own clock nothing is early, nothing late, and nothing comes twice.
import { expect, it } from "vitest";
import { raw } from "../../src/store/db.ts";
import { openCluster } from "./cluster.ts";
import { until } from "./site.ts";

const hourMs = 3_600_000;
const preload = new URL("clock.mjs", import.meta.url).href;
const jobs = 300;
const spreadMs = 25_000;
const reachMsMax = 240_000;
// A hundredth of a second, as everywhere: the clocks of database and nodes are measured.
const earlyMsMax = 10;
// Of a lease: what a node holds comes no later than this, even if that node is gone.
const lateMsMax = 20_000;

it("a clock that is put an hour forward or back moves nothing", async (test) => {
  const cluster = await openCluster(31);
  test.onTestFinished(() => cluster.close());
  const { client, farEnds, installation } = cluster;
  const start = (stepMs: number) =>
    cluster.startNodes(1, {
      settings: { NODE_OPTIONS: `--import ${preload}`, TEST_CLOCK_STEP_MS: String(stepMs) },
    });
  const [ahead] = await start(hourMs);
  const [behind] = await start(-hourMs);
  await start(0);
  await client.createChannels();
  await client.createRepeating(6);
  await client.createAhead(jobs, spreadMs);
  process.kill(ahead?.pid ?? 0, "SIGUSR2");
  process.kill(behind?.pid ?? 0, "SIGUSR2");
  const calls = farEnds.targetCalls.length;
  await until("a quarter of them has run since", reachMsMax, () => {
    return farEnds.targetCalls.length - calls >= jobs / 4;
  });
  await client.pauseRepeating();
  await cluster.untilFinished();
  const db = await installation.connect();
  test.onTestFinished(() => db.close());
  const slots = await db.rows<{ id: string; scheduled_for: Date }>(
    raw("select id, scheduled_for from executions where trigger = 'schedule'"),
  );
  const slotAt = new Map(slots.map((row) => [row.id, row.scheduled_for.getTime()]));
  const lateness = farEnds.targetCalls.flatMap(({ executionId, attempt, atMs }) => {
    const slotMs = slotAt.get(executionId);
    return slotMs === undefined || attempt > 1 ? [] : [atMs - slotMs];
  });
  const [first = 0, last = 0] = [Math.min(...lateness), Math.max(...lateness)];
  expect(first).toBeGreaterThan(-earlyMsMax);
  expect(last).toBeLessThan(lateMsMax);
  const what = `Clocks put by ±1 h: ${lateness.length} slots came ${first} to ${last} ms late`;
  expect(await cluster.prove(what)).toEqual([]);
});
