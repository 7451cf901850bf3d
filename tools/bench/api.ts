// Reads and writes of the API a second with 1,000 jobs, beside a bare Fastify with one prepared
// statement a route on the same database. Bare and product take turns. Bounded: so many seconds.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Calls, type CallsReport, startCaller } from "./caller.ts";
import { type Installation, startInstallation } from "./installation.ts";
import { makeJobs } from "./load.ts";
import { quantile } from "./quantile.ts";
import type { Bench, Stage } from "./stage.ts";

const jobCount = 1_000;
const turnMs = 3_000;
const warmUpMs = 2_000;
// So that a machine that gets busier or idler meanwhile favours neither.
const order = ["bare", "ours", "ours", "bare"] as const;
const rounds = 2;
// What the product promises of reads and writes: calls a second, of those that bare answers.
const ratioMin = 0.5;

type Side = (typeof order)[number];

interface Kind {
  readonly name: string;
  readonly calls: (jobIds: readonly string[]) => Pick<Calls, "method" | "paths" | "hasBody">;
  readonly isPromised: boolean;
}

const one = (jobIds: readonly string[]) => jobIds.map((id) => `/v1/jobs/${id}`);
const kinds: readonly Kind[] = [
  {
    name: "read a job",
    calls: (jobIds) => ({ method: "GET", paths: one(jobIds), hasBody: false }),
    isPromised: true,
  },
  {
    // Each with its last run, its rules and its success rate, which bare does not look for.
    name: "read a page of 50",
    calls: () => ({ method: "GET", paths: ["/v1/jobs?limit=50"], hasBody: false }),
    isPromised: false,
  },
  {
    name: "rename a job",
    calls: (jobIds) => ({ method: "PATCH", paths: one(jobIds), hasBody: true }),
    isPromised: true,
  },
];

export const apiBench: Bench = {
  summary: "reads and writes of the API a second, beside a bare Fastify with one statement each",
  limitMs: 300_000,
  async run(stage) {
    const { signal, print, defer } = stage;
    const installation = await startInstallation(signal);
    defer(installation.stop);
    const jobIds = await makeJobs(installation.client, "http://127.0.0.1:9/", jobCount);
    const urls = { ours: installation.url, bare: await startBare(stage, installation) };
    const caller = await startCaller();
    defer(caller.stop);
    print(`${jobCount} jobs. Calls a second, and how long one takes, in ms:`);
    print("");
    print(`${"".padEnd(18)}  bare/s     p50     p99   TrigRun/s     p50     p99    ratio`);
    let isKept = true;
    for (const { name, calls, isPromised } of kinds) {
      const reports: Record<Side, CallsReport[]> = { bare: [], ours: [] };
      const ask = (side: Side, forMs: number) => {
        signal.throwIfAborted();
        const { token } = installation;
        return caller.call({ ...calls(jobIds), url: urls[side], token, forMs });
      };
      for (const side of ["bare", "ours"] as const) await ask(side, warmUpMs);
      for (let round = 0; round < rounds; round += 1) {
        for (const side of order) reports[side].push(await ask(side, turnMs));
      }
      const [bare, ours] = [toTotal(reports.bare), toTotal(reports.ours)];
      const ratio = ours.perSecond / bare.perSecond;
      if (isPromised) isKept &&= ratio >= ratioMin;
      print(`${name.padEnd(18)}${toCells(bare, 8)}${toCells(ours, 12)}${toFixed(ratio, 9)}`);
    }
    print("");
    print(`Promised: a ratio of ${ratioMin} for one job read and for one written.`);
    return isKept;
  },
};

async function startBare({ defer }: Stage, { database }: Installation): Promise<string> {
  const program = fileURLToPath(new URL("./bare-api-process.ts", import.meta.url));
  const { host, user, database: name } = database;
  const child = fork(program, [host, user, name].map(String), { execArgv: ["--import", "tsx"] });
  const ended = once(child, "exit");
  const port = await new Promise<unknown>((resolve, reject) => {
    child.once("message", resolve);
    void ended.then(() => reject(new Error("the bare API ended; its reason is above")));
  });
  defer(async () => {
    if (child.connected) child.disconnect();
    await ended;
  });
  return `http://127.0.0.1:${port}`;
}

interface Total {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

function toTotal(reports: readonly CallsReport[]): Total {
  const all = reports.flatMap(({ latenciesMs }) => latenciesMs);
  const seconds = reports.reduce((sum, report) => sum + report.seconds, 0);
  return { perSecond: all.length / seconds, p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
}

function toCells({ perSecond, p50, p99 }: Total, width: number): string {
  const rate = Math.round(perSecond).toLocaleString("en").padStart(width);
  return rate + toFixed(p50, 8) + toFixed(p99, 8);
}

function toFixed(value: number, width: number): string {
  return value.toFixed(2).padStart(width);
}
