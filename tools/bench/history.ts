// Does a long history slow down what runs? Two databases in one PostgreSQL, one with no past and
// one with N executions: the same work and the same first pages on both, by turns, as ratios.
//
//   npm run bench -- history 10000000 4       N executions, over so many months
import { setTimeout as delay } from "node:timers/promises";
import { newId } from "../../packages/server/src/id.ts";
import { toEnd } from "../../packages/server/src/run/execution.ts";
import { connect, type Database, raw, sql } from "../../packages/server/src/store/db.ts";
import { listDeliveries } from "../../packages/server/src/store/deliveries.ts";
import * as deliveryQueue from "../../packages/server/src/store/delivery-queue.ts";
import * as deliverySettlement from "../../packages/server/src/store/delivery-settlement.ts";
import * as executionQueue from "../../packages/server/src/store/execution-queue.ts";
import {
  findAttempts,
  findExecution,
  listExecutions,
} from "../../packages/server/src/store/executions.ts";
import { listJobs } from "../../packages/server/src/store/jobs.ts";
import { migrate } from "../../packages/server/src/store/migrate.ts";
import { insertSlots } from "../../packages/server/src/store/planning.ts";
import {
  type ScratchPostgres,
  startScratchPostgres,
} from "../../packages/server/test/support/postgres.ts";
import {
  insertChannelRow,
  insertJobRow,
  insertWorkspace,
} from "../../packages/server/test/support/rows.ts";
import { fillPast } from "./history-past.ts";
import { median, quantile } from "./quantile.ts";
import type { Bench } from "./stage.ts";

const executionsDefault = 1_000_000;
// As many as 90 days lie in, and one ahead.
const monthsDefault = 4;
// By turns, so that a machine that gets busier or idler meanwhile favours neither.
const order = ["empty", "full", "full", "empty"] as const;
const rounds = 5;
const jobCount = 100;
// One execution in ten is told, as in the past.
const ruleCount = jobCount / 10;
// What a runner claims and a settler commits at once.
const batch = 100;
// Of one turn: some seconds.
const slotsOfEach = 30;
const readsOfEach = 40;
const page = { limit: 50, before: undefined };
// What the product promises.
const runRatioMax = 1.1;
const pageRatioMax = 1.5;

interface Site {
  readonly db: Database;
  readonly workspaceId: string;
  readonly channelId: string;
  readonly jobIds: readonly string[];
  /** Milliseconds of each measurement, by what was measured. */
  readonly samples: Map<string, number[]>;
  slotAt: Date;
}

export const historyBench: Bench = {
  summary: "how much a history of N executions (an argument) slows down work and first pages",
  // Ten million take half an hour to make on two cores.
  limitMs: 7_200_000,
  async run({ signal, print, defer }) {
    const [count = executionsDefault, months = monthsDefault] = process.argv.slice(3).map(Number);
    const postgres = await startScratchPostgres();
    defer(postgres.stop);
    const sites = {
      empty: await openSite(postgres, "bench_empty", defer),
      full: await openSite(postgres, "bench_full", defer),
    };
    const now = new Date();
    const past = { ...sites.full, executions: count, months };
    // As many partitions without a past: only the rows make the difference.
    await fillPast(sites.empty.db, { ...sites.empty, executions: 0, months }, now);
    const seconds = await fillPast(sites.full.db, past, now);
    print(`${count} executions over ${months} months were made in ${Math.round(seconds)} s.`);
    for (const site of [sites.empty, sites.full]) {
      await work(site);
      site.samples.clear();
    }
    for (let round = 0; round < rounds; round += 1) {
      for (const name of order) {
        signal.throwIfAborted();
        await work(sites[name]);
        await read(sites[name]);
      }
    }
    return report(sites, print);
  },
};

async function openSite(
  postgres: ScratchPostgres,
  database: string,
  defer: (close: () => Promise<void>) => void,
): Promise<Site> {
  const open = (name: string) =>
    connect({
      ...{ ...postgres.connection, database: name },
      ...{ poolMax: 2, applicationName: "bench" },
    });
  const admin = open("postgres");
  await admin.run(raw(`create database ${database}`));
  await admin.close();
  const db = open(database);
  defer(() => db.close());
  await migrate(db);
  const workspaceId = await insertWorkspace(db);
  const channelId = await insertChannelRow(db, { workspaceId, name: "ops" });
  const jobIds: string[] = [];
  for (let number = 0; number < jobCount; number += 1) {
    jobIds.push(await insertJobRow(db, { workspaceId, name: `job ${number}` }));
  }
  await db.run(sql`
    insert into rules (id, workspace_id, job_id, channel_id, event)
    select new_id('rule'), ${workspaceId}, job_id, ${channelId}, 'on_completion'
    from unnest(${jobIds.slice(0, ruleCount)}::text[]) as job_id`);
  const slotAt = new Date(Date.now() - 3_000_000);
  return { db, workspaceId, channelId, jobIds, samples: new Map(), slotAt };
}

async function measure<T>(site: Site, name: string, act: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await act();
  const known = site.samples.get(name) ?? [];
  known.push(performance.now() - startedAt);
  site.samples.set(name, known);
  return result;
}

/** Plans, claims and settles executions batch by batch, and so the deliveries that they make. */
async function work(site: Site): Promise<void> {
  const { db, jobIds, workspaceId } = site;
  const publicUrl = "https://cron.example.com";
  for (let slot = 0; slot < slotsOfEach; slot += 1) {
    site.slotAt = new Date(site.slotAt.getTime() + 1_000);
    const at = site.slotAt;
    const slots = jobIds.map((jobId) => ({ jobId, workspaceId, slotAt: at, missedReason: null }));
    await measure(site, "plan 100 slots", () => insertSlots(db, slots, { now: at, publicUrl }));
    await measure(site, "claim and settle 100 executions", async () => {
      const input = { nodeId: "node_1", dueBy: at, limit: batch };
      const claimed = await executionQueue.claimDue(db, input);
      if (claimed.length !== batch) throw new Error(`${claimed.length} were claimed`);
      await executionQueue.settleIfLeased(
        db,
        claimed.map((each) => toSettlement(each, at)),
      );
    });
    await measure(site, "claim and settle 10 deliveries", () => tell(site, publicUrl));
  }
}

function toSettlement(
  execution: Awaited<ReturnType<typeof executionQueue.claimDue>>[number],
  at: Date,
): executionQueue.Settlement {
  const attempt = {
    status: "SUCCESS",
    ...{ number: 1, statusCode: 200, startedAt: at, latencyMs: 120 },
    ...{ phases: null, bodyPreview: '{"ok":true}', bodyTruncated: false },
    ...{ responseHeaders: { "content-type": "application/json" } },
    ...{ errorClass: null, errorMessage: null },
  } as const;
  const ending = { status: "succeeded", lastAttempt: attempt, reason: null } as const;
  const end = { ...ending, finishedAt: at, publicUrl: "https://cron.example.com" };
  return { execution, attempt, reason: null, outcome: toEnd(execution, end) };
}

async function tell({ db, slotAt: now }: Site, publicUrl: string): Promise<void> {
  const { deliveries } = await deliveryQueue.claimDue(db, {
    ...{ nodeId: "node_1", now, dueBy: now, limit: batch, width: batch, rooms: new Map() },
    stretch: { after: "", upTo: null },
  });
  if (deliveries.length !== ruleCount) throw new Error(`${deliveries.length} were claimed`);
  const attempt = {
    verdict: "sent",
    ...{ startedAt: now, latencyMs: 40, reason: "answered 200", request: null },
    ...{ response: null, phases: null, errorClass: null, errorMessage: null },
  } as const;
  const settlements = deliveries.map((delivery) => ({
    status: "sent" as const,
    ...{ delivery, attempt, isInterruption: false, reason: "answered 200" },
    ...{ dueAt: null, dueReason: null, finishedAt: now, disableChannelFor: null },
    ...{ isParked: false, pause: null },
  })) satisfies deliverySettlement.Settlement[];
  const patience = { failuresMax: 50, hoursMax: 24 };
  await deliverySettlement.settleIfLeased(db, settlements, { patience, publicUrl });
}

async function read(site: Site): Promise<void> {
  const { db, workspaceId, channelId, jobIds } = site;
  const dayAgo = new Date(Date.now() - 86_400_000);
  for (let turn = 0; turn < readsOfEach; turn += 1) {
    const jobId = jobIds[turn % jobIds.length] ?? "";
    const executions = (filter: Parameters<typeof listExecutions>[2]) => () =>
      listExecutions(db, workspaceId, filter, page);
    const deliveries = (filter: Parameters<typeof listDeliveries>[2]) => () =>
      listDeliveries(db, workspaceId, filter, page);
    const { items } = await measure(site, "executions", executions({}));
    await measure(site, "executions of a job", executions({ jobId }));
    await measure(site, "executions since yesterday", executions({ from: dayAgo }));
    await measure(site, "jobs", () => listJobs(db, workspaceId, {}, page));
    await measure(site, "deliveries", deliveries({}));
    await measure(site, "deliveries of a channel", deliveries({ channelId }));
    await measure(site, "deliveries of a job", deliveries({ jobId: jobIds[0] }));
    const id = items[turn % items.length]?.id ?? newId("execution", dayAgo);
    await measure(site, "one execution", async () => {
      const execution = await findExecution(db, workspaceId, id);
      return execution && findAttempts(db, execution);
    });
    await delay(0);
  }
}

/** False when a ratio is above what is promised. */
function report(
  { empty, full }: { readonly empty: Site; readonly full: Site },
  print: (line: string) => void,
): boolean {
  let isKept = true;
  print("");
  print(`${"in ms".padEnd(34)}  empty p50     p99   full p50     p99  ratio p50     p99`);
  for (const [name, before] of empty.samples) {
    const after = full.samples.get(name) ?? [];
    const [p50, p99] = [median(before), quantile(before, 0.99)];
    const [fullP50, fullP99] = [median(after), quantile(after, 0.99)];
    const isWork = /\d/.test(name);
    isKept &&= isWork ? fullP50 <= runRatioMax * p50 : fullP99 <= pageRatioMax * p99;
    const times = [p50, p99, fullP50, fullP99].map((ms) => ms.toFixed(1));
    const ratios = [fullP50 / p50, fullP99 / p99].map((ratio) => ratio.toFixed(2));
    const widths = [11, 8];
    const cells = [...times, ...ratios].map((cell, at) => cell.padStart(widths[at % 2] ?? 0));
    print(name.padEnd(32) + cells.join(""));
  }
  const [without, beside] = [empty, full].map(({ samples }) => {
    const ms = median(samples.get("claim and settle 100 executions") ?? []);
    return Math.round((1_000 * batch) / ms);
  });
  print("");
  print(`Claims with settles: ${without} a second without, ${beside} with.`);
  print(`Promised: work at most ${runRatioMax} by its median, pages ${pageRatioMax} by their p99.`);
  return isKept;
}
