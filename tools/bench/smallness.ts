// How small the product is when it has nothing to do: its start on an empty folder and on one that
// it has used, and the memory and the CPU time of the program and its PostgreSQL at rest. Linux.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { listTree, readCpuSeconds } from "./cpu.ts";
import { type Installation, startInstallation } from "./installation.ts";
import { median } from "./quantile.ts";
import type { Bench, Stage } from "./stage.ts";

const starts = 5;
// The pool gives its connections back after half a minute, and V8 its garbage.
const settleMs = 45_000;
const restMs = 30_000;
// What the product promises.
const promises = {
  "first start, s": 2.5,
  "later start, s": 0.8,
  "memory at rest, MB": 180,
  "CPU at rest, % of a core": 0.5,
} as const;

type Measure = keyof typeof promises;

export const smallnessBench: Bench = {
  summary: "how fast it starts, and what it takes when it has nothing to do",
  limitMs: 300_000,
  async run(stage) {
    const first: Start[] = [];
    const later: Start[] = [];
    for (let start = 0; start < starts; start += 1) {
      const dataDir = await mkdtemp(join(tmpdir(), "trigrun-bench-data-"));
      // Root's database runs as another user, who must pass through.
      await chmod(dataDir, 0o711);
      stage.defer(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10 }));
      first.push(await timeStart(stage, dataDir));
      later.push(await timeStart(stage, dataDir));
    }
    const rest = await measureRest(stage);
    const measured: Record<Measure, number> = {
      "first start, s": median(first.map(({ seconds }) => seconds)),
      "later start, s": median(later.map(({ seconds }) => seconds)),
      ...rest,
    };
    stage.print(`Starts: the median of ${starts}, each with that of a guard around it.`);
    const [cpuOfFirst, cpuOfLater] = [first, later].map((all) => median(all.map((s) => s.cpu)));
    stage.print(
      `CPU time of a first one ${toText(cpuOfFirst)}, of a later one ${toText(cpuOfLater)},`,
    );
    stage.print(`and of a Node.js that does nothing ${toText(measureBareNode())}.`);
    stage.print("");
    stage.print(`${"".padEnd(26)}measured  promised   ratio`);
    let isKept = true;
    // TypeScript takes the keys of any object for any text.
    for (const name of Object.keys(promises) as Measure[]) {
      const [value, promised] = [measured[name], promises[name]];
      isKept &&= value <= promised;
      const ratio = (value / promised).toFixed(2).padStart(8);
      stage.print(
        `${name.padEnd(26)}${value.toFixed(2).padStart(8)}${String(promised).padStart(10)}${ratio}`,
      );
    }
    return isKept;
  },
};

interface Start {
  readonly seconds: number;
  /** Of the program and its PostgreSQL: it tells more where the processors are shared. */
  readonly cpu: number;
}

const toText = (seconds: number | undefined) => `${seconds?.toFixed(2)} s`;

/** What there is to compare with on this machine. */
function measureBareNode(): number {
  const runs = Array.from({ length: starts }, () => {
    const before = readCpuSeconds(process.pid) ?? Number.NaN;
    execFileSync(process.execPath, ["-e", "0"]);
    return (readCpuSeconds(process.pid) ?? Number.NaN) - before;
  });
  return median(runs);
}

/** From the command to "listening on", which it says when everything runs. */
async function timeStart({ signal }: Stage, dataDir: string): Promise<Start> {
  const startedAt = performance.now();
  const installation = await startInstallation(signal, {}, dataDir);
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpu = readCpuSeconds(installation.pids.server) ?? Number.NaN;
  await installation.stop();
  return { seconds, cpu };
}

async function measureRest(stage: Stage) {
  const installation = await startInstallation(stage.signal);
  try {
    await delay(settleMs, undefined, { signal: stage.signal });
    const before = readCpuSeconds(installation.pids.server) ?? Number.NaN;
    await delay(restMs, undefined, { signal: stage.signal });
    const used = (readCpuSeconds(installation.pids.server) ?? Number.NaN) - before;
    return {
      "memory at rest, MB": measureMemory(installation, stage.print),
      "CPU at rest, % of a core": (100 * used * 1_000) / restMs,
    };
  } finally {
    await installation.stop();
  }
}

/** The proportional set size: what several processes share is counted once. */
function measureMemory({ pids }: Installation, print: Stage["print"]): number {
  const ofServer = new Set(listTree(pids.server));
  const ofPostgres = new Set(listTree(pids.postgres));
  for (const pid of ofPostgres) ofServer.delete(pid);
  const [server, postgres] = [sum(ofServer), sum(ofPostgres)];
  print(`At rest: ${ofServer.size} process(es) of the program with ${server.toFixed(0)} MB, and`);
  print(`${ofPostgres.size} of its PostgreSQL with ${postgres.toFixed(0)} MB.`);
  return server + postgres;
}

function sum(pids: ReadonlySet<number>): number {
  return [...pids].reduce((total, pid) => total + readMegabytes(pid), 0);
}

function readMegabytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1]) / 1_024;
}
