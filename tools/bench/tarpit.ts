// One receiver of 50 hangs: how much later do the others get theirs? It runs the same load with and
// without the tarpit, by turns, and compares. Bounded: at most 100 deliveries a second.
import { setTimeout as delay } from "node:timers/promises";
import type { Client, TrigRunApi } from "@trigrun/contract";
import { startInstallation } from "./installation.ts";
import { median, quantile } from "./quantile.ts";
import { type Arrival, type Receivers, startReceivers } from "./receivers.ts";
import type { Bench } from "./stage.ts";

const receiverCount = 50;
const tarpit = 0;
// A second under the product's own limit: the answer that holds a place the longest.
const tarpitMs = 14_000;
const rounds = 3;
// A round is four runs, so that a machine that gets busier or idler meanwhile favours neither.
const order = [false, true, true, false];
// Of each job in a run. A round has 980 deliveries to the others each way; nine are above the p99.
const runsOfEach = 10;
// A fifth of what a 2-core machine sends: what is measured is the waiting, not the machine's end.
const perSecond = 50;
// The first deliveries open connections, and compile what comes after them.
const warmUps = 200;
// An execution whose notification has not come for so long makes the benchmark fail.
const patienceMs = 30_000;
// What the product promises.
const ratioMax = 1.2;

interface Sample {
  readonly p50: number;
  readonly p99: number;
  readonly latencies: readonly number[];
}

interface Scene {
  readonly client: Client<TrigRunApi>;
  readonly receivers: Receivers;
  readonly jobIds: readonly string[];
  readonly arrivals: Arrival[];
  readonly signal: AbortSignal;
}

export const tarpitBench: Bench = {
  summary: "how much one receiver that hangs delays 49 others",
  // Twelve runs of 10 s and the start of a database on a busy machine.
  limitMs: 300_000,
  async run({ signal, print, defer }) {
    const installation = await startInstallation(signal);
    defer(installation.stop);
    const receivers = await startReceivers(receiverCount);
    defer(receivers.stop);
    const arrivals: Arrival[] = [];
    receivers.onArrival((arrival) => arrivals.push(arrival));
    const { client } = installation;
    const jobIds = await makeJobs(client, receivers);
    const scene: Scene = { client, receivers, jobIds, arrivals, signal };
    await load(scene, warmUps);
    await untilArrived(scene, warmUps, () => true);
    print(`${receiverCount} receivers, one answers after ${tarpitMs / 1_000} s.`);
    print(`${runsOfEach * receiverCount} deliveries a run, ${perSecond} a second.`);
    print("From the end of the execution to the arrival, at the other 49, in ms:");
    print("");
    print("round  without p50      p99  with p50      p99  ratio p50      p99");
    const without: Sample[] = [];
    const beside: Sample[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const clearRuns: Sample[] = [];
      const slowedRuns: Sample[] = [];
      for (const hasTarpit of order) {
        (hasTarpit ? slowedRuns : clearRuns).push(await measure(scene, hasTarpit));
      }
      const [clear, slowed] = [toPooled(clearRuns), toPooled(slowedRuns)];
      without.push(clear);
      beside.push(slowed);
      print(toLine(String(round + 1), clear, slowed));
    }
    const pooled = [toPooled(without), toPooled(beside)] as const;
    print(toLine("all", ...pooled));
    const ratio = pooled[1].p99 / pooled[0].p99;
    const spread = Math.max(...without.map(({ p99 }) => p99)) / median(without.map((s) => s.p99));
    print("");
    print(
      `Without the tarpit alone, the p99 of a round is up to ${spread.toFixed(2)} of the median.`,
    );
    print(`p99 with the tarpit is ${ratio.toFixed(2)} of that without; promised: ${ratioMax}.`);
    return ratio <= ratioMax;
  },
};

/** Each job tells one receiver of its own. */
function makeJobs(client: Client<TrigRunApi>, receivers: Receivers): Promise<string[]> {
  return Promise.all(
    receivers.urls.map(async (url, index) => {
      const channel = await client.createChannel({
        body: { name: `receiver ${index}`, type: "webhook", config: { url } },
      });
      const job = await client.createJob({
        body: {
          name: `job ${index}`,
          kind: "cron",
          // Once in four years: it is run by hand alone.
          schedule: { cron: "0 0 29 2 *" },
          request: { url: receivers.targetUrl },
        },
      });
      const body = { channel_id: channel.id, event: "on_completion" as const };
      await client.addRule({ params: { id: job.id }, body });
      return job.id;
    }),
  );
}

async function measure(scene: Scene, hasTarpit: boolean): Promise<Sample> {
  const { receivers, arrivals } = scene;
  arrivals.length = 0;
  if (hasTarpit) receivers.ask({ slow: { receiver: tarpit, ms: tarpitMs } });
  await load(scene, runsOfEach * receiverCount);
  const isOther = ({ receiver }: Arrival) => receiver !== tarpit;
  await untilArrived(scene, runsOfEach * (receiverCount - 1), isOther);
  const latencies = arrivals.filter(isOther).map(({ latencyMs }) => latencyMs);
  if (arrivals.every(isOther)) throw new Error("the tarpit was never called; nothing was tried");
  // What waits for the tarpit must not run into the next measurement.
  receivers.ask({});
  await untilArrived(scene, runsOfEach, (arrival) => !isOther(arrival));
  return toSample(latencies);
}

/** Runs the jobs in turn, evenly, whatever the answers take. */
async function load({ client, jobIds, signal }: Scene, count: number): Promise<void> {
  const startedAt = performance.now();
  const answers: Promise<unknown>[] = [];
  for (let index = 0; index < count; index += 1) {
    const waitMs = startedAt + (index * 1_000) / perSecond - performance.now();
    if (waitMs > 0) await delay(waitMs, undefined, { signal });
    const id = jobIds[index % jobIds.length] ?? "";
    answers.push(client.runJobNow({ params: { id } }));
  }
  await Promise.all(answers);
}

async function untilArrived(
  { arrivals, signal }: Scene,
  count: number,
  isCounted: (arrival: Arrival) => boolean,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const arrived = arrivals.filter(isCounted).length;
    if (arrived >= count) return;
    if (performance.now() > deadline) throw new Error(`only ${arrived} of ${count} have arrived`);
    await delay(50, undefined, { signal });
  }
}

function toSample(latencies: readonly number[]): Sample {
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), latencies };
}

function toPooled(samples: readonly Sample[]): Sample {
  return toSample(samples.flatMap(({ latencies }) => latencies));
}

function toLine(name: string, clear: Sample, slowed: Sample): string {
  const ms = (value: number, width: number) => value.toFixed(1).padStart(width);
  const ratio = (a: number, b: number, width: number) => (b / a).toFixed(2).padStart(width);
  return [
    name.padEnd(5),
    ms(clear.p50, 11) + ms(clear.p99, 9),
    ms(slowed.p50, 8) + ms(slowed.p99, 9),
    ratio(clear.p50, slowed.p50, 9) + ratio(clear.p99, slowed.p99, 9),
  ].join("  ");
}
