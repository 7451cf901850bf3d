// Does a second node double what a first one does? One, two and four nodes on one PostgreSQL call
// targets that take 200 ms, so that places for requests are the limit and not these cores. Each
// count of nodes has its own installation. Bounded: so many executions of each node.
import { randomBytes } from "node:crypto";
import { toUrl } from "../../packages/server/test/support/postgres.ts";
import { readCpuSeconds } from "./cpu.ts";
import { connectTo, startInstallation, startNode } from "./installation.ts";
import { drain, makeJobs } from "./load.ts";
import type { Bench, Stage } from "./stage.ts";
import { startTarget } from "./target.ts";

const latencyMs = 200;
const nodeCounts = [1, 2, 4] as const;
// 100 a second of each node: four of them use less than half of what two cores can do.
const concurrency = 20;
const idealPerSecond = (concurrency * 1_000) / latencyMs;
const secondsOfEach = 15;
const executionsOfEach = idealPerSecond * secondsOfEach;
const warmUpsOfEach = idealPerSecond * 3;
const jobCount = 100;
// Four nodes with their listeners fit into the 50 that the embedded PostgreSQL takes.
const pool = 8;
// What the product promises: of so many times what one node does.
const linearMin = 0.9;

export const nodesBench: Bench = {
  summary: `1, 2 and 4 nodes on one PostgreSQL, with targets that take ${latencyMs} ms`,
  limitMs: 240_000,
  async run(stage) {
    const { print } = stage;
    const target = await startTarget(latencyMs);
    stage.defer(target.stop);
    print(`${concurrency} places a node: at most ${idealPerSecond} executions a second of each.`);
    print("");
    print("nodes  executions/s  of places  of linear  cores used");
    let single = Number.NaN;
    let worst = Number.POSITIVE_INFINITY;
    for (const nodes of nodeCounts) {
      const { perSecond, cores } = await measure(stage, target.url, nodes);
      if (nodes === 1) single = perSecond;
      const linear = perSecond / (nodes * single);
      worst = Math.min(worst, linear);
      print(
        String(nodes).padEnd(5) +
          perSecond.toFixed(1).padStart(14) +
          (perSecond / (nodes * idealPerSecond)).toFixed(3).padStart(11) +
          linear.toFixed(3).padStart(11) +
          cores.toFixed(2).padStart(12),
      );
    }
    print("");
    print(`The least of linear: ${worst.toFixed(3)}; promised: ${linearMin}.`);
    return worst >= linearMin;
  },
};

async function measure({ signal }: Stage, targetUrl: string, nodes: number) {
  const environment = {
    TRIGRUN_RUN_CONCURRENCY: String(concurrency),
    TRIGRUN_DATABASE_POOL: String(pool),
    TRIGRUN_ENCRYPTION_KEY: randomBytes(32).toString("hex"),
  };
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const installation = await startInstallation(signal, environment);
    closers.push(installation.stop);
    const { host, user, database } = installation.database;
    const at = { host: String(host), user: String(user), database: String(database) };
    const url = toUrl({ ...at, port: 5_432 });
    for (let node = 1; node < nodes; node += 1) {
      closers.push(await startNode(signal, { ...environment, DATABASE_URL: url }));
    }
    const db = await connectTo(installation);
    closers.push(() => db.end());
    await makeJobs(installation.client, targetUrl, jobCount);
    await drain(db, nodes * warmUpsOfEach, signal);
    const before = readCpuSeconds(process.pid) ?? Number.NaN;
    const seconds = await drain(db, nodes * executionsOfEach, signal);
    const used = (readCpuSeconds(process.pid) ?? Number.NaN) - before;
    await verify(db, nodes * (warmUpsOfEach + executionsOfEach));
    return { perSecond: (nodes * executionsOfEach) / seconds, cores: used / seconds };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function verify(db: Awaited<ReturnType<typeof connectTo>>, expected: number): Promise<void> {
  const { rows } = await db.query<{ once: number }>(
    `select count(*)::integer as once from executions
     where status = 'succeeded' and attempt_count = 1`,
  );
  if (rows[0]?.once !== expected) throw new Error(`${rows[0]?.once} of ${expected} were run once`);
}
