// The benchmarks: each starts real parts on loopback under a bounded load, prints ratios, and ends
// by itself. Whatever one started is ended, also at Ctrl-C and when it takes too long.
//
//   npm run bench -- tarpit
import { arch, availableParallelism, cpus, release, totalmem } from "node:os";
import { apiBench } from "./api.ts";
import { dashboardBench } from "./dashboard.ts";
import { historyBench } from "./history.ts";
import { burstBench, latenessBench } from "./lateness.ts";
import { nodesBench } from "./nodes.ts";
import { peersBench } from "./peers.ts";
import { chainBench, executionsBench } from "./rate.ts";
import { smallnessBench } from "./smallness.ts";
import type { Bench } from "./stage.ts";
import { watchSurroundings } from "./surroundings.ts";
import { tarpitBench } from "./tarpit.ts";

const benches: Readonly<Record<string, Bench>> = {
  executions: executionsBench,
  chain: chainBench,
  peers: peersBench,
  lateness: latenessBench,
  burst: burstBench,
  api: apiBench,
  smallness: smallnessBench,
  nodes: nodesBench,
  dashboard: dashboardBench,
  history: historyBench,
  tarpit: tarpitBench,
};

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function toMachine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const cores = `${availableParallelism()} cores of ${model}`;
  return `${cores} (${arch()}), ${gigabytes} GB, Linux ${release()}, Node.js ${process.version}`;
}

async function perform(bench: Bench): Promise<boolean> {
  const controller = new AbortController();
  const end = (why: string) => () => controller.abort(new Error(why));
  const timer = setTimeout(end(`it took over ${bench.limitMs / 1_000} s`), bench.limitMs);
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, end(`it got ${name}`));
  const closers: (() => Promise<void>)[] = [];
  const { signal } = controller;
  try {
    return await bench.run({ signal, print, defer: (close) => void closers.push(close) });
  } catch (error) {
    // What was aborted says only that it was.
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    for (const close of closers.reverse()) {
      await close().catch((error: unknown) => print(`Could not clean up: ${String(error)}`));
    }
  }
}

async function main([name = ""]: readonly string[]): Promise<number> {
  const bench = benches[name];
  if (bench === undefined) {
    print("Usage: npm run bench -- NAME\n");
    for (const [known, { summary }] of Object.entries(benches)) {
      print(`  ${known.padEnd(10)}  ${summary}`);
    }
    return 2;
  }
  print(toMachine());
  const describeSurroundings = watchSurroundings();
  try {
    return (await perform(bench)) ? 0 : 1;
  } catch (error) {
    print(`${name} failed: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    print(describeSurroundings());
  }
}

process.exitCode = await main(process.argv.slice(2));
