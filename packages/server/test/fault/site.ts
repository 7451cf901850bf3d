// A whole installation under attack: the program, its far ends and a client that does not give up,
// with the proof at the end that nothing was lost.
import { setTimeout as delay } from "node:timers/promises";
import { raw } from "../../src/store/db.ts";
import { createInstallation, type Installation, type PreparedFolder } from "../support/program.ts";
import { findLosses, readFigures, tellFigures, type Witnesses } from "../support/proof.ts";
import { createStubbornClient, type StubbornClient } from "./client.ts";
import { type FarEnds, startFarEnds } from "./far-ends.ts";
import { createSeededRandom } from "./seeded-random.ts";

export interface Site {
  readonly installation: Installation;
  readonly farEnds: FarEnds;
  readonly client: StubbornClient;
  /** Waits until all work has ended. The program must be running. */
  untilFinished(): Promise<void>;
  /** Answers what does not hold; tells the figures of the test in one line. */
  prove(what: string): Promise<string[]>;
  close(): Promise<void>;
}

export async function openSite(seed: number, prepared?: PreparedFolder): Promise<Site> {
  return openSiteOn(await createInstallation(prepared), seed);
}

export async function openSiteOn(installation: Installation, seed: number): Promise<Site> {
  const farEnds = await startFarEnds();
  const client = createStubbornClient(installation, farEnds, createSeededRandom(seed));
  const { acknowledged, refused } = client;
  const { targetCalls, webhookCalls } = farEnds;
  const witnesses: Witnesses = { targetCalls, webhookCalls, acknowledged, refused };
  return {
    ...{ installation, farEnds, client },
    async untilFinished() {
      const unfinished = () => ask(installation, unfinishedQuery);
      await until("all work has ended", finishMsMax, async () => (await unfinished()) === 0);
    },
    async prove(what) {
      const db = await installation.connect();
      try {
        // One snapshot: the program goes on meanwhile.
        return await db.transaction(async (tx) => {
          await tx.run(raw("set transaction isolation level repeatable read"));
          const losses = await findLosses(tx, witnesses);
          const figures = await readFigures(tx, witnesses);
          process.stdout.write(`${tellFigures(what, figures, losses)}\n`);
          return losses;
        });
      } finally {
        await db.close();
      }
    },
    async close() {
      await installation.close();
      await farEnds.close();
    },
  };
}

// Jobs that wait for a slot ahead count: a scheduled one is finished when it has run.
const unfinishedQuery = `
  select (select count(*) from executions where finished_at is null)
    + (select count(*) from deliveries where finished_at is null)
    + (select count(*) from jobs where next_run_at is not null) as count`;

// A receiver that failed is called again after 5 s; what was killed eight times waits up to 64 s,
// and ninety seconds more are for a machine that is busy with other things.
const finishMsMax = 240_000;

/** The one number that a query answers, on a connection of its own. */
export async function ask(installation: Installation, query: string): Promise<number> {
  const db = await installation.connect();
  try {
    const [row] = await db.rows<{ count: number }>(raw(query));
    return Number(row?.count);
  } finally {
    await db.close();
  }
}

const lookAgainMs = 100;

/** Waits for a condition, and fails with its name when it does not come true in time. */
export async function until(
  what: string,
  limitMs: number,
  condition: () => Promise<boolean> | boolean,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`After ${limitMs} ms it is not so: ${what}`);
    await delay(lookAgainMs);
  }
}

/** The same for something that resolves by itself. */
export async function within<T>(what: string, limitMs: number, promise: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const { signal } = timer;
  const late = delay(limitMs, undefined, { signal }).then(() => {
    throw new Error(`After ${limitMs} ms it is not so: ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => undefined);
  }
}
