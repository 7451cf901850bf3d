// The primary dies under load, a streaming standby is promoted, and its address moves: two nodes go
// on by themselves, and nothing that was acknowledged is lost. Run by `npm run test:failover`.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { connect, raw, type SocketTarget } from "../../src/store/db.ts";
import { openClusterOn, recoverMsMax } from "../fault/cluster.ts";
import { until } from "../fault/site.ts";

const { POSTGRES_BIN: bin = "/usr/lib/postgresql/15/bin" } = process.env;
const run = promisify(execFile);
const nodes = 2;
const user = "trigrun";

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to be root. */
async function chooseAccount(): Promise<Account> {
  if (process.getuid?.() !== 0) return {};
  const ask = async (flag: string) => Number((await run("id", [flag, "postgres"])).stdout);
  return { uid: await ask("-u"), gid: await ask("-g") };
}

interface Pair {
  /** Where the one answers that is the primary now. */
  readonly connection: SocketTarget;
  readonly dataDir: string;
  /** Kills the primary and makes a primary of the standby. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

async function startPair(): Promise<Pair> {
  const account = await chooseAccount();
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "trigrun-failover-"));
  await chmod(dataDir, 0o711);
  const place = async (name: string) => {
    const folder = path.join(dataDir, name);
    await mkdir(folder, { mode: 0o700 });
    if (account.uid !== undefined) await chown(folder, account.uid, account.gid ?? account.uid);
    return folder;
  };
  const [one, other] = [await place("one"), await place("other")];
  const [here, there] = [await place("s1"), await place("s2")];
  const tool = (name: string, ...args: string[]) =>
    run(path.join(bin, name), args, { ...account, cwd: here });
  const start = (folder: string, socketDir: string): ChildProcess => {
    const settings = ["listen_addresses=", "timezone=UTC", `unix_socket_directories=${socketDir}`];
    const args = ["-D", folder, ...settings.flatMap((each) => ["-c", each])];
    return spawn(path.join(bin, "postgres"), args, { ...account, cwd: here, stdio: "ignore" });
  };
  const target = (host: string, database: string) => ({ host, port: 5_432, user, database });
  const tell = async <T>(host: string, statement: string): Promise<T[]> => {
    const where = target(host, "postgres");
    const db = connect({ ...where, poolMax: 1, applicationName: "operator" });
    return db.rows<T>(raw(statement)).finally(() => db.close());
  };
  const isTrue = (host: string, question: string) =>
    tell<{ yes: boolean }>(host, `select (${question}) as yes`).then(
      ([row]) => row?.yes === true,
      () => false,
    );
  await tool("initdb", "-D", one, "-U", user, "-A", "trust");
  const primary = start(one, here);
  await until("the primary answers", recoverMsMax, () => isTrue(here, "true"));
  await tell(here, "create database trigrun");
  await tool("pg_basebackup", "-D", other, "-h", here, "-U", user, "-R", "-c", "fast");
  const standby = start(other, there);
  // From now on a commit is answered when the standby has it on its disk as well.
  await tell(here, "alter system set synchronous_standby_names = '*'");
  await tell(here, "select pg_reload_conf()");
  const isInStep = "select count(*) = 1 from pg_stat_replication where sync_state = 'sync'";
  await until("the standby is in step", recoverMsMax, () => isTrue(here, isInStep));
  let host = here;
  const end = async (child: ChildProcess, signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  return {
    dataDir,
    get connection() {
      return target(host, "trigrun");
    },
    async failOver() {
      await end(primary, "SIGKILL");
      await tool("pg_ctl", "promote", "-D", other, "-w");
      host = there;
    },
    async stop() {
      await end(primary, "SIGQUIT");
      await end(standby, "SIGQUIT");
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

it("a standby is promoted under load, and nothing acknowledged is lost", async (test) => {
  const pair = await startPair();
  const cluster = await openClusterOn(pair, 61);
  test.onTestFinished(() => cluster.close());
  await cluster.startNodes(nodes);
  const load = await cluster.startLoad();
  const made = () => cluster.farEnds.targetCalls.length;
  await until("work is under way", recoverMsMax, () => made() > 50);
  const acknowledged = cluster.client.acknowledged.size;
  const diedMs = performance.now();
  await pair.failOver();
  const promotedMs = performance.now();
  cluster.network.leadTo(pair.connection.host);
  await cluster.untilAllAnswer();
  const seconds = (fromMs: number) => ((performance.now() - fromMs) / 1_000).toFixed(1);
  const told = `all nodes answer ${seconds(promotedMs)} s after the promotion`;
  const what = `Failover with ${acknowledged} jobs acknowledged before it, ${told}`;
  const before = made();
  await until("work goes on", recoverMsMax, () => made() - before > 50);
  await load.finish();
  expect(await cluster.prove(`${what}, ${seconds(diedMs)} s in all`)).toEqual([]);
});
