// graphile-worker as fast as it goes: it takes 500 jobs at once into a local queue and completes
// them in batches. Its jobs are all added in one transaction, which wakes it with its commit.
import { run, runMigrations } from "graphile-worker";
import { body, db, offer, post } from "./drain.mjs";

await runMigrations({ pgPool: db });
await run({
  pgPool: db,
  concurrency: 200,
  noHandleSignals: true,
  taskList: { post: (payload, { job }) => post(job.id, payload) },
  preset: {
    worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 },
  },
});

/** @type {import("pg").PoolClient | undefined} */
let client;

await offer({
  async prepare(count) {
    client = await db.connect();
    await client.query("begin");
    await client.query(
      `select count(graphile_worker.add_job('post', $1::json))
       from generate_series(1, $2::integer)`,
      [JSON.stringify(body), count],
    );
  },
  async start() {
    await client?.query("commit");
    client?.release();
  },
  isLeft: "select exists (select from graphile_worker._private_jobs) as is_left",
});
