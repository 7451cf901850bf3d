// Runs the built program `trigrun serve` as an operator would, on a data folder that outlives it,
// so that a test can kill it and start it again. It never leaves a process or a folder behind.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Client, createClient, type TrigRunApi } from "@trigrun/contract";
import { connect, type Database, type SocketTarget } from "../../src/store/db.ts";
import { findEmbeddedPostgres, startEmbeddedPostgres } from "../../src/store/embedded-postgres.ts";
import { readPidFile, stopPostmaster } from "../../src/store/postgres/postmaster.ts";
import { guard, unguard } from "./guard.ts";

const home = fileURLToPath(new URL("../../../..", import.meta.url));
const bin = fileURLToPath(new URL("../../bin/trigrun.js", import.meta.url));

/** How a process ended: one of the two is null. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LaunchOptions {
  /** `runner.answered`, or `runner.answered:3` for the third visit. */
  readonly faultPoint?: string;
  /** Further settings, by their variables; undefined takes one away. */
  readonly settings?: Readonly<Record<string, string | undefined>>;
  /** Further arguments of a command. */
  readonly args?: readonly string[];
}

/** One process of the program, from its start to its end. */
export interface Program {
  readonly pid: number;
  /** Resolves with the address that it listens on; rejects when it ends before that. */
  readonly ready: Promise<string>;
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<Exit>;
  /** What it wrote to standard error, the last lines of it. */
  words(): string;
  kill(signal: NodeJS.Signals): Promise<Exit>;
}

/** A database server that is there before the program: `trigrun` reaches it by its address. */
export interface OutsideDatabase {
  readonly url: string;
  /** How the test itself reaches it. */
  connection(): SocketTarget;
}

/**
 * A data folder and the programs that are run on it: one after the other, or, on an outside
 * database, many at once.
 */
export interface Installation {
  readonly dataDir: string;
  /** Every program that was started on it, the newest last. */
  readonly programs: readonly Program[];
  /** Those of them that run. */
  living(): readonly Program[];
  /** Starts the program and does not wait: it may be killed before it is ready. */
  launch(options?: LaunchOptions): Program;
  /** Starts the program and waits until it listens. */
  start(options?: LaunchOptions): Promise<Program>;
  /** Starts a second program beside the one that runs, and waits for its end. */
  runBeside(): Promise<Exit & { stderr: string }>;
  /** Runs another command of the program on the folder, such as `rotate-key`, to its end. */
  command(
    name: string,
    options?: LaunchOptions,
  ): Promise<Exit & { stdout: string; stderr: string }>;
  /**
   * The client of a program that runs, each in its turn; with a key, for one request that creates.
   */
  client(idempotencyKey?: string): Promise<Client<TrigRunApi>>;
  /** The database of the program that runs. Close it before the program is killed or stopped. */
  connect(): Promise<Database>;
  /** The pid of the PostgreSQL that runs on the folder. */
  postmaster(): Promise<number | undefined>;
  /** Processes that work on the folder, whoever started them. */
  processes(): Promise<number[]>;
  /** Ends everything that works on the folder, and removes it. */
  close(): Promise<void>;
}

/** A folder with an empty database, to be copied: making one takes longer than a whole test. */
export interface PreparedFolder {
  readonly dataDir: string;
  remove(): Promise<void>;
}

export async function prepareFolder(): Promise<PreparedFolder> {
  const { parent, dataDir } = await makeFolders();
  try {
    // Each start of the program runs it with all that makes it durable; an empty one is no loss.
    const settings = { fsync: "off" };
    const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined, settings });
    await postgres.stop();
  } catch (error) {
    await removeFolders(parent);
    throw error;
  }
  return { dataDir, remove: () => removeFolders(parent) };
}

/** Without a prepared folder the first start of the program makes everything itself. */
export async function createInstallation(
  prepared?: PreparedFolder,
  outside?: OutsideDatabase,
): Promise<Installation> {
  await build();
  const { parent, dataDir } = await makeFolders();
  if (prepared) await cp(prepared.dataDir, dataDir, { recursive: true });
  // For every start, as an operator would set it in the unit file.
  const token = randomBytes(24).toString("hex");
  const programs: Program[] = [];
  const living = new Set<Program>();
  let turn = 0;
  const launch = (options: LaunchOptions = {}) => {
    const settings = { ...(outside && { DATABASE_URL: outside.url }), ...options.settings };
    const program = launchProgram(dataDir, token, { ...options, settings });
    programs.push(program);
    living.add(program);
    void program.ended.then(() => living.delete(program));
    return program;
  };
  const pickProgram = () => {
    turn += 1;
    return [...living][turn % living.size] ?? programs.at(-1);
  };
  return {
    ...{ dataDir, programs, launch, living: () => [...living] },
    async start(options) {
      const program = launch(options);
      await program.ready;
      return program;
    },
    async runBeside() {
      const beside = launchProgram(dataDir, token, {});
      return { ...(await beside.ended), stderr: beside.words() };
    },
    async command(name, options = {}) {
      const child = spawnProgram(
        [name, ...(options.args ?? []), "--data-dir", dataDir],
        token,
        options,
      );
      const words = keepLastWords(child);
      let stdout = "";
      child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
        stdout += chunk;
      });
      return { ...(await untilEnded(child)), stdout, stderr: words() };
    },
    async client(idempotencyKey) {
      const program = pickProgram();
      if (program === undefined) throw new Error("no program was started");
      return toClient(await program.ready, token, idempotencyKey);
    },
    async connect() {
      const target = outside?.connection() ?? (await findEmbeddedPostgres(dataDir));
      if (target === undefined) throw new Error("no PostgreSQL runs on the folder");
      return connect({ ...target, poolMax: 1, applicationName: "fault test" });
    },
    async postmaster() {
      const found = await readPidFile(path.join(dataDir, "postgres"));
      const all = await findProcesses(dataDir);
      return found && all.includes(found.pid) ? found.pid : undefined;
    },
    processes: () => findProcesses(dataDir),
    async close() {
      await Promise.all(programs.map((program) => program.kill("SIGKILL")));
      await endAll(dataDir);
      await removeFolders(parent);
    },
  };
}

let isBuilt = false;

/** What is tested is what the sources say, also when only this project of tests is run. */
async function build(): Promise<void> {
  if (isBuilt) return;
  await promisify(execFile)(process.execPath, [path.join(home, "tools/setup.mjs"), "--build"]);
  isBuilt = true;
}

async function makeFolders(): Promise<{ parent: string; dataDir: string }> {
  const parent = await mkdtemp(path.join(os.tmpdir(), "trigrun-fault-"));
  guard(parent);
  const dataDir = path.join(parent, "data");
  await mkdir(dataDir);
  // Root's database runs as another user, who must pass through.
  for (const dir of [parent, dataDir]) await chmod(dir, 0o711);
  return { parent, dataDir };
}

async function removeFolders(parent: string): Promise<void> {
  await rm(parent, { recursive: true, force: true });
  unguard(parent);
}

function launchProgram(dataDir: string, token: string, options: LaunchOptions): Program {
  const child = spawnProgram(["serve", "--port", "0", "--data-dir", dataDir], token, options);
  const words = keepLastWords(child);
  const ended = untilEnded(child);
  const ready = untilListening(child, ended, words);
  // Whoever does not ask for it is told by `ended`.
  ready.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    ready,
    ended,
    words,
    kill(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

function spawnProgram(args: string[], token: string, options: LaunchOptions): ChildProcess {
  return spawn(process.execPath, [bin, ...args], {
    env: {
      PATH: process.env.PATH,
      TRIGRUN_BOOTSTRAP_TOKEN: token,
      TRIGRUN_ALLOW_NETWORKS: "127.0.0.1/32",
      TRIGRUN_LOG_LEVEL: "warn",
      // One client makes thousands of requests, and as fast as it can.
      TRIGRUN_RATE_LIMIT_PER_TOKEN: "off",
      ...options.settings,
      ...(options.faultPoint === undefined ? {} : { TRIGRUN_FAULT_POINT: options.faultPoint }),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function untilEnded(child: ChildProcess): Promise<Exit> {
  const [code, signal] = await once(child, "close");
  return { code, signal };
}

function untilListening(
  child: ChildProcess,
  ended: Promise<Exit>,
  words: () => string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      const url = /^listening on (\S+)$/m.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
    ended.then(
      ({ code, signal }) =>
        reject(new Error(`trigrun ended before it listened (${signal ?? code}): ${words()}`)),
      reject,
    );
  });
}

// Enough to see why a start failed, and no more than a test's failure should quote.
const wordsLengthMax = 4_000;

function keepLastWords(child: ChildProcess): () => string {
  let words = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    words = (words + chunk).slice(-wordsLengthMax);
  });
  return () => words;
}

// A server that is there answers in milliseconds; one that was killed breaks the connection.
const answerMsMax = 30_000;

function toClient(url: string, token: string, idempotencyKey?: string): Client<TrigRunApi> {
  const extra = idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey };
  return createClient({
    baseUrl: url,
    token,
    fetch: (address, init) =>
      fetch(address, {
        ...init,
        headers: { ...init.headers, ...extra },
        signal: AbortSignal.timeout(answerMsMax),
      }),
  });
}

/** Every process that stands in the folder or names it: postmaster, backends, initdb. */
async function findProcesses(dataDir: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const isOurs = await Promise.all(
    pids.map(async (pid) => {
      const folder = await readlink(`/proc/${pid}/cwd`).catch(() => "");
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return folder.startsWith(dataDir) || command.includes(dataDir);
    }),
  );
  return pids.filter((_, index) => isOurs[index]);
}

const endTries = 200;
const endWaitMs = 50;

async function endAll(dataDir: string): Promise<void> {
  const postmaster = await readPidFile(path.join(dataDir, "postgres"));
  const hasEnded = async () => (await findProcesses(dataDir)).length === 0;
  const isRunning = (await findProcesses(dataDir)).includes(postmaster?.pid ?? 0);
  // Asked first: one that is killed leaves a segment of shared memory behind.
  if (postmaster && isRunning)
    await stopPostmaster(postmaster.pid, hasEnded).catch(() => undefined);
  for (let tries = 0; tries < endTries; tries += 1) {
    const left = await findProcesses(dataDir);
    if (left.length === 0) return;
    for (const pid of left) endQuietly(pid);
    await delay(endWaitMs);
  }
  throw new Error(`These processes of ${dataDir} do not end: ${await findProcesses(dataDir)}`);
}

function endQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself meanwhile.
  }
}
