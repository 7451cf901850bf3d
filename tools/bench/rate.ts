// How many executions a second, and how many with a signed webhook each, beside the same POSTs by
// a program that stores nothing. Raw and product take turns, so that a machine that gets busier
// favours neither. Bounded: so many rounds of so many executions.
import { connectTo, startInstallation } from "./installation.ts";
import { drain, inTens, makeJobs, queue, runQueued } from "./load.ts";
import { createMeter, describeCapacity } from "./meter.ts";
import { median } from "./quantile.ts";
import { startRaw } from "./raw.ts";
import type { Bench, Stage } from "./stage.ts";
import { startTarget } from "./target.ts";

const jobCount = 100;
const channelCount = 10;
const rounds = 3;
// A round of each takes one to ten seconds on 2 cores.
const postsOfRaw = 40_000;
// What compiles and connects first.
const warmUps = 5_000;

interface Kind {
  /** Of one round. */
  readonly count: number;
  /** Each execution tells a webhook. */
  readonly isTold: boolean;
  readonly postsOfEach: number;
  /** What the product promises: POSTs a second, of those that raw makes. */
  readonly ratioMin: number;
}

export const executionsBench: Bench = {
  summary: "executions a second, everything recorded, beside POSTs that are not",
  // Some 40 s on a quiet machine, and the start of a database; minutes on a busy one.
  limitMs: 600_000,
  run: (stage) => compare(stage, { count: 20_000, isTold: false, postsOfEach: 1, ratioMin: 0.35 }),
};

export const chainBench: Bench = {
  summary: "executions with a signed webhook each, everything recorded, beside POSTs alone",
  limitMs: 600_000,
  run: (stage) => compare(stage, { count: 10_000, isTold: true, postsOfEach: 2, ratioMin: 0.25 }),
};

async function compare({ signal, print, defer }: Stage, kind: Kind): Promise<boolean> {
  const target = await startTarget();
  defer(target.stop);
  const raw = await startRaw(target.url);
  defer(raw.stop);
  const installation = await startInstallation(signal);
  defer(installation.stop);
  const db = await connectTo(installation);
  defer(() => db.end());
  const jobIds = await makeJobs(installation.client, target.url, jobCount);
  if (kind.isTold) await tell(installation.client, jobIds, target.url);
  await raw.measure(warmUps);
  await drain(db, warmUps, signal);
  print(`${kind.count} executions a round, of ${jobCount} jobs, ${kind.postsOfEach} POST(s) each.`);
  print("");
  print("round      raw/s  executions/s    POSTs/s  POSTs of raw");
  const ratios: number[] = [];
  const rates: number[] = [];
  const meter = createMeter({ raw: raw.pid, ...installation.pids }, db);
  const rawMeter = createMeter({ raw: raw.pid, ...installation.pids }, db);
  let before = await rawMeter.measure(() => raw.measure(postsOfRaw));
  for (let round = 1; round <= rounds; round += 1) {
    await queue(db, kind.count);
    const rate = kind.count / (await meter.measure(() => runQueued(db, signal)));
    const after = await rawMeter.measure(() => raw.measure(postsOfRaw));
    const rawRate = (before + after) / 2;
    const posts = rate * kind.postsOfEach;
    before = after;
    ratios.push(posts / rawRate);
    rates.push(rate);
    print(
      [String(round).padEnd(5), toCell(rawRate, 9), toCell(rate, 12), toCell(posts, 9)].join("  ") +
        (posts / rawRate).toFixed(3).padStart(14),
    );
  }
  await verify(db, target, kind);
  const ratio = median(ratios);
  print("");
  print(`Median: ${toCell(median(rates), 0)} executions a second.`);
  const used = meter.read();
  const inMs = (seconds: number, posts: number) => ((seconds / posts) * 1e6).toFixed(0);
  const rawPosts = (rounds + 1) * postsOfRaw;
  const executions = rounds * kind.count;
  print(
    `CPU ms per 1,000: raw ${inMs(rawMeter.read().raw, rawPosts)} a POST; server ` +
      `${inMs(used.server, executions)} and PostgreSQL ${inMs(used.postgres, executions)} ` +
      "an execution.",
  );
  for (const line of await describeCapacity(used, executions, db)) print(line);
  print(`POSTs of raw: ${ratio.toFixed(3)}; promised: ${kind.ratioMin}.`);
  return ratio >= kind.ratioMin;
}

function toCell(value: number, width: number): string {
  return Math.round(value).toLocaleString("en").padStart(width);
}

type Client = Parameters<typeof makeJobs>[0];

/** Each job tells one of ten webhooks of its end. */
async function tell(client: Client, jobIds: readonly string[], url: string): Promise<void> {
  const channels = await inTens(channelCount, (index) =>
    client.createChannel({
      body: { name: `channel ${index}`, type: "webhook", config: { url: `${url}hooks/${index}` } },
    }),
  );
  await inTens(jobIds.length, (index) =>
    client.addRule({
      params: { id: jobIds[index] ?? "" },
      body: { channel_id: channels[index % channelCount]?.id ?? "", event: "on_completion" },
    }),
  );
}

type Db = Awaited<ReturnType<typeof connectTo>>;
type Target = Awaited<ReturnType<typeof startTarget>>;

/** What is counted has to be there: each execution and each delivery with its record. */
async function verify(db: Db, target: Target, kind: Kind): Promise<void> {
  const expected = warmUps + rounds * kind.count;
  const { rows } = await db.query<{ recorded: number; told: number }>(
    `select (select count(*)::integer from executions e join attempts a on a.execution_id = e.id
         where e.status = 'succeeded' and a.body_preview = '{"ok":true}') as recorded,
       (select count(*)::integer from deliveries d join delivery_attempts a on a.delivery_id = d.id
         where d.status = 'sent' and a.response is not null) as told`,
  );
  const { recorded = 0, told = 0 } = rows[0] ?? {};
  const arrived = (await target.report()).count - warmUps - (rounds + 1) * postsOfRaw;
  if (recorded !== expected) throw new Error(`${recorded} of ${expected} executions are recorded`);
  if (told !== (kind.isTold ? expected : 0)) throw new Error(`${told} deliveries are recorded`);
  if (arrived !== expected * kind.postsOfEach) throw new Error(`${arrived} POSTs have arrived`);
}
