// Two nodes whose PostgreSQL is away, restarts, crashes, breaks its connections wherever they stand
// or has none left to give. What was acknowledged is there, and the nodes go on by themselves.
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { connect, raw } from "../../src/store/db.ts";
import { readPidFile } from "../../src/store/postgres/postmaster.ts";
import { openCluster, recoverMsMax } from "./cluster.ts";
import { createSeededRandom } from "./seeded-random.ts";
import { ask, until } from "./site.ts";

const nodes = 2;
const cutsMin = 150;
// The smallest that may be set.
const pool = 2;

// The time that the requirement names.
const awayMs = 60_000;
const aheadCount = 150;

describe.concurrent("two nodes", () => {
  it("whose PostgreSQL is away for a minute lose nothing", async (test) => {
    const cluster = await openCluster(21);
    test.onTestFinished(() => cluster.close());
    await cluster.startNodes(nodes);
    const load = await cluster.startLoad();
    // Their moments come before, during and after it.
    await cluster.client.createAhead(aheadCount, awayMs);
    cluster.network.refuse();
    cluster.network.cut();
    await delay(awayMs);
    cluster.network.accept();
    const backMs = performance.now();
    await cluster.untilAllAnswer();
    const seconds = ((performance.now() - backMs) / 1_000).toFixed(1);
    await load.finish();
    const what = `PostgreSQL away for ${awayMs / 1_000} s, all nodes answer ${seconds} s later`;
    expect(await cluster.prove(what)).toEqual([]);
  });

  it("whose PostgreSQL is restarted and crashes lose nothing", async (test) => {
    const cluster = await openCluster(22, { isDurable: true });
    test.onTestFinished(() => cluster.close());
    await cluster.startNodes(nodes);
    const load = await cluster.startLoad();
    const folder = path.join(cluster.postgres.dataDir, "postgres");
    // PostgreSQL's own: a fast shutdown, an immediate one; and what the kernel does.
    const signals = ["SIGINT", "SIGQUIT", "SIGKILL"] as const;
    for (const signal of signals) {
      const pid = (await readPidFile(folder))?.pid ?? 0;
      process.kill(pid, signal);
      await until(`PostgreSQL runs again after ${signal}`, recoverMsMax, async () => {
        const next = await readPidFile(folder);
        return next !== undefined && next.pid !== pid && next.isReady;
      });
      await cluster.untilAllAnswer();
    }
    await load.finish();
    expect(await cluster.prove(`PostgreSQL ended by ${signals.join(", ")}`)).toEqual([]);
  });

  it("whose connections break anywhere in what is said lose nothing", async (test) => {
    const random = createSeededRandom(23);
    const cluster = await openCluster(23);
    test.onTestFinished(() => cluster.close());
    await cluster.startNodes(nodes);
    const load = await cluster.startLoad();
    // From the middle of the first statement to some ten statements later.
    cluster.network.cutEachAfter(() => random.between(500, 8_000));
    cluster.network.cut();
    await until("enough connections broke", recoverMsMax, () => cluster.network.cuts() >= cutsMin);
    cluster.network.cutEachAfter(() => undefined);
    const cuts = cluster.network.cuts();
    await load.finish();
    expect(await cluster.prove(`${cuts} connections cut in the middle`)).toEqual([]);
  });

  it("whose connections are all taken by what waits for a lock go on after it", async (test) => {
    const cluster = await openCluster(24);
    test.onTestFinished(() => cluster.close());
    const { installation, postgres } = cluster;
    await cluster.startNodes(nodes, { settings: { TRIGRUN_DATABASE_POOL: String(pool) } });
    const load = await cluster.startLoad();
    const blocker = connect({ ...postgres.connection, poolMax: 1, applicationName: "blocker" });
    test.onTestFinished(() => blocker.close());
    const startedMs = performance.now();
    await blocker.transaction(async (tx) => {
      await tx.run(raw("set local idle_in_transaction_session_timeout = 0"));
      await tx.run(raw("lock table jobs, executions, deliveries in access exclusive mode"));
      const waiting = `select count(*) from pg_stat_activity where wait_event_type = 'Lock'`;
      await until("all connections of the pools wait", recoverMsMax, async () => {
        return (await ask(installation, waiting)) >= nodes * pool;
      });
      const alive = "select count(*) from nodes where expires_at > now()";
      const have = async () => (await ask(installation, alive)) === 0;
      await until("the leases have run out meanwhile", recoverMsMax, have);
    });
    const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
    await cluster.untilAllAnswer();
    await load.finish();
    const what = `Pools of ${pool} used up for ${seconds} s, past the leases`;
    expect(await cluster.prove(what)).toEqual([]);
  });
});
