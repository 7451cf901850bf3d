// Thousands of schedules of two nodes at work, each out of a seed: crashes, lost and late
// statements, lost answers, clocks that fall behind, leases that run out, cancels. Every one ends
// with the same proof as the tests with real processes. A run says the seed of any failure.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Database, raw, type Tx } from "../../src/store/db.ts";
import { historyTables, startOfMonth, toPartition } from "../../src/store/history-months.ts";
import { type Course, runSchedule } from "./schedule.ts";
import { openWorld, type World } from "./world.ts";

// SIMULATION_SCHEDULES=10000 for the long run, SIMULATION_SEED=123 to see one schedule again.
const { SIMULATION_SCHEDULES, SIMULATION_SEED } = process.env;
const schedules = Number(SIMULATION_SCHEDULES ?? 400);
// Ten a second on a quiet machine, a tenth of that on a very busy one; and the start.
const limitMs = schedules * 2_000 + 60_000;
// A long run says how far it is, and looks for others where one schedule loses something.
const tellEvery = 1_000;
const lostMax = 5;
// How many schedules may pass before a broken product is found out: several times what it took.
const findMax = 1_500;
const findLimitMs = findMax * 2_000;

// Each begins at one of four places, three of them before the end of a month for one of the tables.
const bordersMax = 40;

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const number = (value: number) => value.toLocaleString("en-US");

function tell({ seed, losses, trace }: Course): string {
  return `SIMULATION_SEED=${seed}\n${losses.join("\n")}\n  ${trace.join("\n  ")}`;
}

describe("the simulation", () => {
  it("finds no schedule that loses anything", { timeout: limitMs }, async () => {
    // Others each time: what one run does not meet, the next one may.
    const first = Number(SIMULATION_SEED ?? Date.now() % 1_000_000_000);
    const count = SIMULATION_SEED === undefined ? schedules : 1;
    const faults = new Map<string, number>();
    const lost: Course[] = [];
    let steps = 0;
    const startedMs = performance.now();
    for (let made = 1; made <= count && lost.length < lostMax; made += 1) {
      const course = await runSchedule(world, first + made - 1);
      steps += course.trace.length;
      for (const [kind, met] of course.faults) faults.set(kind, (faults.get(kind) ?? 0) + met);
      if (course.losses.length > 0) lost.push(course);
      if (made !== count && made % tellEvery !== 0) continue;
      const seconds = Math.round((performance.now() - startedMs) / 1_000);
      const met = [...faults].sort().map(([kind, times]) => `${kind} ${number(times)}`);
      process.stdout.write(
        `simulation: ${number(made)} schedules from seed ${first} in ${number(seconds)} s, ` +
          `${number(steps)} steps, faults: ${met.join(", ")}; ${lost.length} with losses\n`,
      );
    }
    expect(lost.length, lost.map(tell).join("\n\n")).toBe(0);
  });

  it("lays its rows into months, on both sides of where one ends", async () => {
    const borderMs = new Date(world.borderMs);
    const months = [startOfMonth(borderMs, -1), borderMs];
    const tables = historyTables.map(({ name }) => name);
    const met = new Set<string>();
    for (let seed = 1; seed <= bordersMax; seed += 1) {
      await runSchedule(world, seed);
      for (const partition of await findFilled(world.db, tables)) met.add(partition);
    }
    const parts = tables.flatMap((name) => months.map((month) => toPartition(name, month)));
    expect([...met].sort()).toEqual(parts.sort());
  });

  it("makes the same schedule of the same seed", async () => {
    const one = await runSchedule(world, 7);
    const other = await runSchedule(world, 7);
    expect(other.trace).toEqual(one.trace);
  });
});

/** Partitions of these tables that hold rows. */
async function findFilled(tx: Tx, tables: readonly string[]): Promise<string[]> {
  const all = tables.map((name) => `select distinct tableoid::regclass::text as name from ${name}`);
  const rows = await tx.rows<{ name: string }>(raw(all.join(" union all ")));
  return rows.map(({ name }) => name);
}

/** Passes statements on, but for a change in their text. */
function rewrite(real: Database, change: (text: string) => string): Database {
  type Query = Parameters<Database["rows"]>[0];
  // Without its name, under which the connection has the right one prepared.
  const spoilt = (query: Query) => ({ text: change(query.text), values: query.values });
  return {
    ...real,
    rows: (query) => real.rows(spoilt(query)),
    run: (query) => real.run(spoilt(query)),
  };
}

const broken: Readonly<Record<string, (real: Database) => Database>> = {
  "settles without the lease": (real) =>
    rewrite(real, (text) =>
      text
        .replace("and e.node_id is not distinct from o.node_id", "")
        .replace("and e.attempt_count = o.attempts_before", ""),
    ),
  "rescues nothing": (real) =>
    rewrite(real, (text) => text.replace("where e.node_id is not null", "where false")),
  "plans without a transaction": (real) => ({ ...real, transaction: (work) => work(real) }),
  "claims what another node has": (real) =>
    rewrite(real, (text) =>
      text.replace(
        "from due_executions($2, $3)",
        `from executions where due_at <= $2
         order by due_at limit $3 for update skip locked`,
      ),
    ),
};

describe("a product that is broken on purpose", () => {
  it.each(Object.entries(broken))(
    "and %s is found out",
    { timeout: findLimitMs },
    async (what, spoil) => {
      let seed = 1;
      let course = await runSchedule(world, seed, spoil);
      while (course.losses.length === 0 && seed < findMax) {
        seed += 1;
        course = await runSchedule(world, seed, spoil);
      }
      process.stdout.write(`simulation: one that ${what} is found by schedule ${seed}\n`);
      expect(course.losses).not.toEqual([]);
    },
  );
});
