// Kills the program fifty times or more at random moments while it is under load and clients go on
// asking, and proves at the end that every slot ran once, every end was told, and every answer was
// true.
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { createSeededRandom } from "./seeded-random.ts";
import { openSite, type Site } from "./site.ts";

let site: Site;

afterEach(() => site.close());

// TRIGRUN_TEST_KILLS=200 for the long run, of some ten minutes.
const kills = Number(process.env.TRIGRUN_TEST_KILLS ?? 50);
// From just after the start, when the leases of the killed one are taken over, to the middle of
// the work: a claim, its calls and their settles take far less than two seconds.
const lifeMsMin = 200;
const lifeMsMax = 2_000;
// A start takes about a second; killed in it, the next one finds it half done.
const startMsMax = 800;
const killsInStart = 5;
// Slots come due all the time, however little the clients get through in the lives between.
const jobsAhead = 1_000;
const spreadMs = 120_000;

describe("killed at random moments under load", () => {
  it("loses nothing", async () => {
    // Another one each time; a run is repeated with TRIGRUN_TEST_SEED.
    const seed = Number(process.env.TRIGRUN_TEST_SEED ?? Date.now() % 1_000_000);
    process.stdout.write(`random kills: TRIGRUN_TEST_SEED=${seed}\n`);
    const random = createSeededRandom(seed);
    site = await openSite(seed);
    const { installation, client } = site;
    const enough = new AbortController();
    let program = await installation.start();
    await client.createChannels();
    await client.createRepeating(20);
    await client.createAhead(jobsAhead, spreadMs);
    const begunMs = performance.now();
    const creating = client.createUntil(enough.signal, { atOnce: 8, pauseMs: 40 });
    // Its failure is told where it is awaited.
    creating.catch(() => undefined);
    for (let killed = 0; killed < kills; killed += 1) {
      await program.ready;
      await delay(random.between(lifeMsMin, lifeMsMax));
      await program.kill("SIGKILL");
      program = installation.launch();
      if (killed % Math.ceil(kills / killsInStart) !== 0) continue;
      await delay(random.between(0, startMsMax));
      await program.kill("SIGKILL");
      program = installation.launch();
    }
    const killedMs = performance.now();
    enough.abort();
    await creating;
    await client.pauseRepeating();
    await site.untilFinished();
    const seconds = (sinceMs: number) => Math.round((performance.now() - sinceMs) / 1_000);
    const what =
      `${kills} kills and ${killsInStart} of starts, seed ${seed}, ended ${seconds(begunMs)} s ` +
      `after the first and ${seconds(killedMs)} s after the last`;
    expect(await site.prove(what)).toEqual([]);
  });
});
