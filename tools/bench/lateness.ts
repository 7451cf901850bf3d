// How late requests start: at a light load, beside timers of a program that stores nothing; and
// when 10,000 jobs are due at one moment, beside as many POSTs of that program. Both go the whole
// way, from the schedule through the planner. Measured where they arrive. Bounded: a minute each.
import { setTimeout as delay } from "node:timers/promises";
import { connectTo, type Installation, startInstallation } from "./installation.ts";
import { makeJobs, scheduleJobs, untilDrained } from "./load.ts";
import { createMeter, describeCapacity, type Meter } from "./meter.ts";
import { median, quantile } from "./quantile.ts";
import { type Raw, startRaw } from "./raw.ts";
import type { Bench, Stage } from "./stage.ts";
import { startTarget, type Target } from "./target.ts";

const perSecond = 100;
const everyMs = 1_000 / perSecond;
// What the product promises of the light load, in milliseconds.
const p50Max = 1;
const p99Max = 5;
const lightSeconds = 60;
// Enough to connect, and to compile what comes after.
const warmUpSeconds = 10;
// Of timers alone, before and after.
const bareSeconds = 10;
// Between a schedule that is written and its first moment: the planner looks two seconds ahead.
const leadMs = 5_000;

const burst = 10_000;
const burstRounds = 3;
// What the product promises: the last start, in times that raw takes for as many.
const burstRatioMax = 1.5;

type Db = Awaited<ReturnType<typeof connectTo>>;

interface Scene {
  readonly target: Target;
  readonly raw: Raw;
  readonly db: Db;
  readonly pids: Installation["pids"];
  /** The job that all are made like. */
  readonly like: string;
  readonly signal: AbortSignal;
}

async function open({ signal, defer }: Stage): Promise<Scene> {
  const target = await startTarget();
  defer(target.stop);
  const raw = await startRaw(target.url);
  defer(raw.stop);
  const installation = await startInstallation(signal);
  defer(installation.stop);
  const db = await connectTo(installation);
  defer(() => db.end());
  const [like = ""] = await makeJobs(installation.client, target.url, 1);
  return { target, raw, db, pids: installation.pids, like, signal };
}

export const latenessBench: Bench = {
  summary: `how late requests start while ${perSecond} are due a second`,
  limitMs: 240_000,
  async run(stage) {
    const { print } = stage;
    const scene = await open(stage);
    print(
      `${perSecond} due a second, ${everyMs} ms apart. From the due moment to the arrival, ms:`,
    );
    print("");
    print(`${"".padEnd(26)}     p50     p90     p99     max   count`);
    const count = lightSeconds * perSecond;
    await runLight(scene, warmUpSeconds * perSecond);
    const bare = [await runTimers(scene)];
    const ours = await runLight(scene, count);
    bare.push(await runTimers(scene));
    const recorded = await readRecorded(scene.db, count);
    print(toLine("TrigRun", ours));
    print(toLine("  as recorded, whole ms", recorded));
    print(toLine("timers that store nothing", bare.flat()));
    if (ours.length !== count) throw new Error(`${ours.length} of ${count} requests have arrived`);
    const [p50, p99] = [quantile(ours, 0.5), quantile(ours, 0.99)];
    print("");
    print(`p50 ${p50.toFixed(2)} ms; promised: ${p50Max}. p99 ${p99.toFixed(2)} ms; ${p99Max}.`);
    const ratios = [0.5, 0.99].map((share) => quantile(ours, share) / quantile(bare.flat(), share));
    print(`Of the timers': ${ratios.map((ratio) => ratio.toFixed(2)).join(" and ")}.`);
    return p50 <= p50Max && p99 <= p99Max;
  },
};

async function runLight(scene: Scene, count: number): Promise<readonly number[]> {
  const { target, db, like, signal } = scene;
  await target.report();
  const firstAt = new Date(Date.now() + leadMs);
  await scheduleJobs(db, like, { count, firstAt, everyMs });
  await delay(leadMs + count * everyMs, undefined, { signal });
  await untilDrained(db, signal);
  return (await target.report()).latenessMs;
}

async function runTimers({ raw, target }: Scene): Promise<readonly number[]> {
  await raw.measure(perSecond);
  await target.report();
  const count = bareSeconds * perSecond;
  await raw.postAt({ firstAtMs: Date.now() + 1_000, everyMs, count });
  return (await target.report()).latenessMs;
}

/** What the installation itself says of the last `count`. */
async function readRecorded(db: Db, count: number): Promise<number[]> {
  const { rows } = await db.query<{ ms: number }>(
    `select (extract(epoch from a.started_at - e.scheduled_for) * 1000)::float8 as ms
     from executions e join attempts a on a.execution_id = e.id and a.number = 1
     order by e.scheduled_for desc limit $1`,
    [count],
  );
  return rows.map(({ ms }) => ms);
}

function toLine(name: string, values: readonly number[]): string {
  const cells = [0.5, 0.9, 0.99, 1].map((share) => quantile(values, share).toFixed(2).padStart(8));
  return `${name.padEnd(26)}${cells.join("")}${String(values.length).padStart(8)}`;
}

export const burstBench: Bench = {
  summary: `how long after ${burst.toLocaleString("en")} jobs are due at once the last one starts`,
  limitMs: 300_000,
  async run(stage) {
    const { print } = stage;
    const scene = await open(stage);
    await runBurst(scene, burst / 5);
    await scene.raw.measure(burst);
    print(`${burst} jobs are due at one moment. Seconds from then to the arrival, and raw's:`);
    print("");
    print("round  raw, all    first   middle      99%     last    ratio");
    const ratios: number[] = [];
    const meter = createMeter({ raw: scene.raw.pid, ...scene.pids }, scene.db);
    let before = burst / (await scene.raw.measure(burst));
    for (let round = 1; round <= burstRounds; round += 1) {
      const ours = await runBurst(scene, burst, meter);
      const after = burst / (await scene.raw.measure(burst));
      const raw = (before + after) / 2;
      before = after;
      const seconds = [0, 0.5, 0.99, 1].map((share) => quantile(ours, share) / 1_000);
      const ratio = (seconds[3] ?? Number.NaN) / raw;
      ratios.push(ratio);
      const cells = [...seconds, ratio].map((value) => value.toFixed(2).padStart(9)).join("");
      print(`${String(round).padEnd(5)}  ${raw.toFixed(2).padStart(8)}${cells}`);
    }
    const missed = await countMissed(scene.db);
    print("");
    print(`Missed: ${missed}. The last start takes ${median(ratios).toFixed(2)} times raw's time.`);
    // With their planning, unlike `executions`.
    const used = meter.read();
    for (const line of await describeCapacity(used, burst * burstRounds, scene.db)) print(line);
    print(`Promised: none missed, and ${burstRatioMax}.`);
    return missed === 0 && median(ratios) <= burstRatioMax;
  },
};

async function runBurst(scene: Scene, count: number, meter?: Meter): Promise<readonly number[]> {
  const { target, db, like, signal } = scene;
  await target.report();
  // On a whole second, as schedules are.
  const firstAt = new Date(Math.ceil((Date.now() + leadMs) / 1_000) * 1_000);
  await scheduleJobs(db, like, { count, firstAt, everyMs: 0 });
  const finish = async () => {
    await delay(firstAt.getTime() + 500 - Date.now(), undefined, { signal });
    await untilDrained(db, signal);
  };
  // Not what it takes to make the jobs, which are there for long as a rule.
  await (meter === undefined ? finish() : meter.measure(finish));
  const { latenessMs } = await target.report();
  if (latenessMs.length !== count) {
    throw new Error(`${latenessMs.length} of ${count} requests have arrived`);
  }
  return latenessMs;
}

/** Jobs without an execution that succeeded at the first try. */
async function countMissed(db: Db): Promise<number> {
  const { rows } = await db.query<{ missed: number }>(
    `select ((select count(*) from jobs where kind = 'scheduled')
       - (select count(distinct job_id) from executions
          where status = 'succeeded' and attempt_count = 1))::integer as missed`,
  );
  return rows[0]?.missed ?? Number.NaN;
}
