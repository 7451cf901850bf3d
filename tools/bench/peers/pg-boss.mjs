// pg-boss as fast as it goes: batches of 250 without a pause while they are full, by four
// workers, so that one fetches while another calls. Its jobs are inserted while no worker is there,
// then the workers begin.
import { PgBoss } from "pg-boss";
import { body, call, db, insert, offer } from "./drain.mjs";

const queue = "post";
const insertMax = 1_000;

const boss = new PgBoss({
  db: { executeSql: (text, values) => db.query(text, values) },
  supervise: false,
  schedule: false,
});
boss.on("error", (error) => {
  throw error;
});
await boss.start();
await boss.createQueue(queue, { retryLimit: 0 });

/** @param {{ id: string, data: unknown }[]} jobs */
async function work(jobs) {
  await insert(await Promise.all(jobs.map(({ id, data }) => call(id, data))));
}

await offer({
  async prepare(count) {
    await boss.offWork(queue, { wait: true });
    for (let left = count; left > 0; left -= insertMax) {
      const part = Array.from({ length: Math.min(left, insertMax) }, () => ({ data: body }));
      await boss.insert(queue, part);
    }
    await db.query("analyze pgboss.job");
  },
  async start() {
    const fast = { burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
    await boss.work(queue, { batchSize: 250, localConcurrency: 4, ...fast }, work);
  },
  isLeft: "select exists (select from pgboss.job where state < 'completed') as is_left",
});
