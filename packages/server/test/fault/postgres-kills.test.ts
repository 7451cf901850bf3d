// Kills the database: with the program, as a power cut would, and under the living program, as the
// kernel does when memory runs out. Nothing that was answered or done may be forgotten.
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PreparedFolder, prepareFolder } from "../support/program.ts";
import { createSeededRandom } from "./seeded-random.ts";
import { openSite, type Site, until } from "./site.ts";

let prepared: PreparedFolder;

beforeAll(async () => {
  prepared = await prepareFolder();
});
afterAll(() => prepared.remove());

const random = createSeededRandom(7);
// Long enough to be in the middle of work, also after a recovery.
const lifeMsMin = 500;
const lifeMsMax = 2_500;
const restartMsMax = 60_000;

/** Ends PostgreSQL at once; its own children notice and end too. */
async function killPostmaster({ installation }: Site): Promise<number> {
  const pid = await installation.postmaster();
  if (pid === undefined) throw new Error("no PostgreSQL runs");
  process.kill(pid, "SIGKILL");
  return pid;
}

describe.concurrent("PostgreSQL killed", () => {
  it("together with the program, loses nothing", async ({ onTestFinished }) => {
    const site = await openSite(2, prepared);
    onTestFinished(() => site.close());
    const { installation, client } = site;
    const enough = new AbortController();
    let program = await installation.start();
    await client.createChannels();
    await client.createRepeating(2);
    const creating = client.createUntil(enough.signal, { atOnce: 8, pauseMs: 10 });
    // Its failure is told where it is awaited.
    creating.catch(() => undefined);
    const kills = 4;
    for (let killed = 0; killed < kills; killed += 1) {
      await delay(random.between(lifeMsMin, lifeMsMax));
      await Promise.all([killPostmaster(site), program.kill("SIGKILL")]);
      program = await installation.start();
    }
    enough.abort();
    await creating;
    await client.pauseRepeating();
    await site.untilFinished();
    expect(await site.prove(`${kills} kills of program and PostgreSQL`)).toEqual([]);
  });

  it("under the living program, loses nothing, and the program goes on", async (test) => {
    const site = await openSite(3, prepared);
    test.onTestFinished(() => site.close());
    const { installation, client } = site;
    const enough = new AbortController();
    const program = await installation.start();
    await client.createChannels();
    await client.createRepeating(2);
    const creating = client.createUntil(enough.signal, { atOnce: 8, pauseMs: 10 });
    creating.catch(() => undefined);
    // After five deaths within a minute it would give up, and say so.
    const kills = 4;
    for (let killed = 0; killed < kills; killed += 1) {
      await delay(random.between(lifeMsMin, lifeMsMax));
      const pid = await killPostmaster(site);
      await until("PostgreSQL runs again", restartMsMax, async () => {
        const next = await installation.postmaster();
        return next !== undefined && next !== pid;
      });
      // The first answer after it: clients and loops are through as well.
      await client.look();
    }
    enough.abort();
    await creating;
    await client.pauseRepeating();
    await site.untilFinished();
    expect(await site.prove(`${kills} kills of PostgreSQL alone`)).toEqual([]);
    expect(await program.kill("SIGTERM")).toEqual({ code: 0, signal: null });
  });
});
