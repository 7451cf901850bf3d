// Two nodes behind PgBouncer in transaction mode, which is killed and started again under load, and
// so is a node. Run by `npm run test:pgbouncer`.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import { expect, it, type TestContext } from "vitest";
import { connect, raw } from "../../src/store/db.ts";
import { type Cluster, openCluster, recoverMsMax } from "../fault/cluster.ts";
import { until } from "../fault/site.ts";
import { listen } from "../support/far-end.ts";
import { toUrl } from "../support/postgres.ts";

const { PGBOUNCER: program = "pgbouncer" } = process.env;
const nodes = 2;
// Fewer than the two pools together have, so that sessions are shared all the time.
const sessions = 6;

async function freePort(): Promise<number> {
  const far = await listen(createServer());
  await far.close();
  return far.port;
}

interface Pooler {
  readonly url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
}

async function preparePooler({ postgres }: Cluster, test: TestContext): Promise<Pooler> {
  const { connection, dataDir } = postgres;
  const port = await freePort();
  const folder = await mkdtemp(path.join(os.tmpdir(), "trigrun-pooler-"));
  const file = path.join(folder, "pgbouncer.ini");
  const { host, user, database } = connection;
  await writeFile(
    file,
    `[databases]\n${database} = host=${host} port=5432 user=${user}\n[pgbouncer]\n` +
      `listen_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =\nauth_type = any\n` +
      `pool_mode = transaction\ndefault_pool_size = ${sessions}\nmax_client_conn = 200\n`,
  );
  await chmod(folder, 0o755);
  // It refuses to be root, and PostgreSQL's socket is for PostgreSQL's user.
  const { uid, gid } = await stat(path.join(dataDir, "postgres"));
  const account = process.getuid?.() === 0 ? { uid, gid } : {};
  const url = `postgres://${user}@127.0.0.1:${port}/${database}`;
  let child: ChildProcess | undefined;
  const kill = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  test.onTestFinished(async () => {
    await kill();
    await rm(folder, { recursive: true });
  });
  return {
    url,
    kill,
    async start() {
      child = spawn(program, [file], { ...account, stdio: "ignore" });
      const db = connect({ url, pastPooler: connection, poolMax: 1, applicationName: "look" });
      const answers = () => db.ping().then(ok, no);
      await until("PgBouncer answers", recoverMsMax, answers).finally(() => db.close());
    },
  };
}

const ok = () => true;
const no = () => false;

it("works behind PgBouncer in transaction mode, and through its death", async (test) => {
  const cluster = await openCluster(51);
  test.onTestFinished(() => cluster.close());
  const { installation, postgres } = cluster;
  const pooler = await preparePooler(cluster, test);
  await pooler.start();
  const settings = {
    DATABASE_URL: pooler.url,
    DATABASE_DIRECT_URL: toUrl(postgres.connection),
  };

  const refused = installation.launch({ settings });
  expect(await refused.ended).toMatchObject({ code: 1 });
  const [, commands = ""] = /Run `([^`]+)`/.exec(refused.words()) ?? [];
  expect(commands).toMatch(/^alter role \S+ set timezone = 'UTC'; alter role/);
  const db = connect({ ...postgres.connection, poolMax: 1, applicationName: "operator" });
  await db.run(raw(commands));
  await db.close();
  await pooler.kill();
  await pooler.start();

  const [node] = await cluster.startNodes(nodes, { settings });
  const load = await cluster.startLoad();
  const made = () => cluster.farEnds.targetCalls.length;
  await until("work is under way", recoverMsMax, () => made() > 50);
  await pooler.kill();
  await pooler.start();
  await cluster.untilAllAnswer();
  await node?.kill("SIGKILL");
  await installation.start({ settings });
  const before = made();
  await until("work goes on", recoverMsMax, () => made() - before > 50);
  await load.finish();
  const what = `${nodes} nodes on ${sessions} sessions of PgBouncer, which was killed once`;
  expect(await cluster.prove(what)).toEqual([]);
});
