// A fuzz run over the OpenAPI document: requests made from it, good and twisted, against the API on
// a real database. FUZZ_SEED and FUZZ_REQUESTS in the environment repeat or prolong a run.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ask, type Asks, createAsks } from "./asks.ts";
import { createDice, type Dice } from "./dice.ts";
import { findOperation, operations } from "./document.ts";
import { type Answer, createJudge, type Judge, describe as tell } from "./judge.ts";
import { createPools, type Pools } from "./pools.ts";
import { shrink } from "./shrink.ts";
import { createTwist, type Twist } from "./twists.ts";
import { createValues } from "./values.ts";
import { createWorld, type World } from "./world.ts";

// A run that everybody can repeat; any other number is as good.
const seed = Number(process.env.FUZZ_SEED ?? 20_261_123);
const requests = Number(process.env.FUZZ_REQUESTS ?? 10_000);
// Two of five as they should be, the others twisted up to three times.
const goodShare = 0.4;
const twistsMax = 3;
// Below it the generator would make nothing but rubbish, and the run prove nothing.
const successShareMin = 0.25;
// At the same time, so that they meet in the database as those of real clients do.
const flightSize = 4;
// Often enough that the states which only the engine makes do not run out; a multiple of a flight.
const rowsEvery = 400;
// These take a secret that no answer tells, a second workspace, or mail; test/api has them.
const secretive = new Set([
  "signUp",
  "logIn",
  "verifyEmail",
  "forgotPassword",
  "resetPassword",
  "acceptInvitation",
  "changePassword",
  "switchWorkspace",
  "transferWorkspace",
]);
// More would hardly tell more.
const faultsMax = 10;
// Ten times what a run takes on two cores, for longer ones and slower machines.
const limitMs = 600_000;

interface Run {
  readonly world: World;
  readonly dice: Dice;
  readonly pools: Pools;
  readonly asks: Asks;
  readonly twist: Twist;
  readonly judge: Judge;
}

interface Tally {
  readonly statuses: Map<number, number>;
  /** Operations that answered a success. */
  readonly succeeded: Set<string>;
  /** One report for each kind of fault. */
  readonly faults: Map<string, string>;
}

let run: Run;

beforeAll(async () => {
  const dice = createDice(seed);
  const pools = createPools(dice);
  const world = await createWorld(pools);
  const values = createValues(dice, pools, () => world.api.clock.now());
  const asks = createAsks(dice, pools, values);
  run = { world, dice, pools, asks, twist: createTwist(dice, pools), judge: createJudge(pools) };
});

afterAll(async () => {
  await run?.world.close();
});

async function runAll(): Promise<Tally> {
  const { world } = run;
  const tally: Tally = { statuses: new Map(), succeeded: new Set(), faults: new Map() };
  for (let sent = 0; sent < requests && tally.faults.size < faultsMax; sent += flightSize) {
    if (sent % rowsEvery === 0) await world.addRows();
    // All are made before any is answered: what the dice say must not depend on who is faster.
    const flight = Array.from({ length: Math.min(flightSize, requests - sent) }, makeAsk);
    const answers = await Promise.all(flight.map((ask) => world.send(ask)));
    for (const [place, ask] of flight.entries()) {
      const answer = answers[place];
      if (answer !== undefined) await check(tally, ask, answer, sent + place);
    }
  }
  return tally;
}

async function check(tally: Tally, ask: Ask, answer: Answer, index: number): Promise<void> {
  const fault = run.judge(ask, answer);
  note(tally, ask, answer);
  if (fault === undefined) return;
  const kind = `${toKind(fault)} of ${findOperation(ask.method, ask.path)?.id}`;
  if (!tally.faults.has(kind)) tally.faults.set(kind, await report(ask, answer, fault, index));
}

function makeAsk(): Ask {
  const { dice, asks, twist } = run;
  let ask = asks.make();
  const twists = dice.chance(goodShare) ? 0 : dice.int(1, twistsMax);
  for (let times = 0; times < twists; times += 1) ask = twist(ask);
  return ask;
}

function note({ statuses, succeeded }: Tally, ask: Ask, answer: Answer): void {
  statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
  const operation = findOperation(ask.method, ask.path);
  if (operation === undefined || ask.method === "HEAD" || answer.status >= 300) return;
  succeeded.add(operation.id);
  if (answer.text === "") return;
  const body: unknown = JSON.parse(answer.text);
  if (ask.asker !== "other") run.pools.learn(operation.id, body);
  else if (typeof body === "object" && body !== null && "id" in body) {
    run.pools.learnForeign([String(body.id)]);
  }
}

/** The fault without what differs from one request to the next. */
function toKind(fault: string): string {
  return fault.replace(/\d+/g, "0").split("/items/0")[0] ?? fault;
}

/** What was sent, made as small as it still fails in the same way, and what came back. */
async function report(ask: Ask, answer: Answer, fault: string, index: number): Promise<string> {
  const { world, judge } = run;
  const smallest = await shrink(ask, async (candidate) => {
    const found = judge(candidate, await world.send(candidate));
    return found !== undefined && toKind(found) === toKind(fault);
  });
  const error = answer.status >= 500 ? world.api.logged.at(-1)?.fields.err : undefined;
  return [
    `request ${index} of seed ${seed}: ${fault}`,
    tell(smallest),
    `was answered ${answer.status} ${answer.text.slice(0, 1_000)}`,
    ...(error instanceof Error ? [error.stack] : []),
    `and came from\n${tell(ask)}`,
  ].join("\n");
}

function sum({ statuses }: Tally): string {
  const parts = [...statuses].sort(([a], [b]) => a - b).map((pair) => pair.join(": "));
  const many = requests.toLocaleString("en");
  return `fuzz: ${many} requests, seed ${seed}, statuses {${parts.join(", ")}}`;
}

describe("the API under a fuzz run over its OpenAPI document", () => {
  let tally: Tally;

  beforeAll(async () => {
    tally = await runAll();
    process.stdout.write(`${sum(tally)}\n`);
  }, limitMs);

  it("gives no 5xx and no response that its schema does not admit", () => {
    expect([...tally.faults.values()].join("\n\n")).toBe("");
  });

  it("answers a healthy share of it with success, so that deep paths were reached", () => {
    const entries = [...tally.statuses];
    const good = entries.filter(([status]) => status < 300).reduce((sum, [, n]) => sum + n, 0);
    expect(good / requests).toBeGreaterThanOrEqual(successShareMin);
  });

  it("answers every operation with success at least once", () => {
    const missed = operations.filter(({ id }) => !tally.succeeded.has(id) && !secretive.has(id));
    expect(missed.map(({ id }) => id)).toEqual([]);
  });
});
