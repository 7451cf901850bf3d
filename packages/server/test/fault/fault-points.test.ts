// Kills the program at each of its named fault points, at the first visit and at a later one, and
// proves that whatever was going on there is neither lost nor done in secret.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { faultPoints } from "../../src/fault-point.ts";
import { type PreparedFolder, prepareFolder } from "../support/program.ts";
import { openSite, type Site, within } from "./site.ts";

let prepared: PreparedFolder;
let site: Site;

beforeAll(async () => {
  prepared = await prepareFolder();
});
afterAll(() => prepared.remove());

beforeEach(async () => {
  site = await openSite(1, prepared);
});
afterEach(() => site.close());

// The work passes each point within seconds; a busy machine may take longer for the start.
const reachMsMax = 60_000;

async function dieAt(faultPoint: string): Promise<void> {
  const program = site.installation.launch({ faultPoint });
  const exit = await within(`it dies at ${faultPoint}`, reachMsMax, program.ended);
  expect(exit).toEqual({ code: null, signal: "SIGKILL" });
}

/** Gives the program work from its first start on, across all its deaths. */
async function giveWork(signal: AbortSignal): Promise<void> {
  const { client } = site;
  await client.createChannels();
  await client.createRepeating(2);
  await client.createUntil(signal, { atOnce: 3, pauseMs: 60 });
}

describe("killed at", () => {
  it.each(faultPoints)("%s, it loses nothing", async (point) => {
    const enough = new AbortController();
    const dying = dieAt(point).then(() => dieAt(`${point}:5`));
    const working = giveWork(enough.signal);
    await dying.finally(() => enough.abort());
    await site.installation.start();
    await working;
    await site.client.pauseRepeating();
    await site.untilFinished();
    expect(await site.prove(`2 kills at ${point}`)).toEqual([]);
  });
});
