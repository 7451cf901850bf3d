// What all peers do alike: the same POSTs as ours, their results stored durably and many at a time,
// as whoever wants a peer to be fast would write it; and the conversation with the benchmark.
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { Pool } from "undici";

const [host = "", user = "", database = "", url = "", payload = "", headersText = "{}"] =
  process.argv.slice(2);
const { origin, pathname } = new URL(url);
const headers = JSON.parse(headersText);
// As raw's: most POSTs a second on 2 cores.
const http = new Pool(origin, { connections: 50 });
const lookMs = 10;

// Two such pools and the product's fit into the 50 connections of the embedded PostgreSQL.
export const db = new pg.Pool({ host, user, database, max: 14 });
for (const event of ["error", "connect"]) {
  db.on(event, (subject) => {
    if (subject instanceof Error) process.stderr.write(`${subject.message}\n`);
    else subject.on("error", () => undefined);
  });
}
/** The body of each POST, which a job carries with it. */
export const body = JSON.parse(payload);

/** @type {{ result: unknown[], done: () => void, fail: (error: unknown) => void }[]} */
let waiting = [];
let isCommitting = false;

/**
 * Makes one POST. Resolves when its result is on the disk.
 * @param {string} id
 * @param {unknown} data
 */
export async function post(id, data) {
  await store(await call(id, data));
}

/**
 * @param {string} id
 * @param {unknown} data
 * @returns {Promise<unknown[]>} a row of the results
 */
export async function call(id, data) {
  const startedAt = performance.now();
  const text = JSON.stringify(data);
  const answer = await http.request({ path: pathname, method: "POST", headers, body: text });
  const preview = await answer.body.text();
  return [id, answer.statusCode, preview, Math.round(performance.now() - startedAt)];
}

/** @param {unknown[]} result */
function store(result) {
  return new Promise((resolve, reject) => {
    waiting.push({ result, done: () => resolve(undefined), fail: reject });
    if (!isCommitting) void commitAll();
  });
}

async function commitAll() {
  isCommitting = true;
  await new Promise((resolve) => setImmediate(resolve));
  while (waiting.length > 0) {
    const batch = waiting.slice(0, 500);
    waiting = waiting.slice(500);
    try {
      await insert(batch.map(({ result }) => result));
      for (const { done } of batch) done();
    } catch (error) {
      for (const { fail } of batch) fail(error);
    }
  }
  isCommitting = false;
}

/** @param {unknown[][]} results */
export async function insert(results) {
  await db.query({
    name: "insert_results",
    text: `insert into results (id, status, preview, latency_ms)
      select * from unnest($1::text[], $2::integer[], $3::text[], $4::integer[])`,
    values: [0, 1, 2, 3].map((column) => results.map((result) => result[column])),
  });
}

/**
 * @typedef {object} Peer
 * @property {(count: number) => Promise<void>} prepare
 * @property {() => Promise<void>} start
 * @property {string} isLeft
 */

/**
 * `prepare` makes jobs ready that are not begun; `start` lets them begin. What is answered is how
 * many seconds passed until nothing was left, which `isLeft` asks.
 * @param {Peer} peer
 */
export async function offer({ prepare, start, isLeft }) {
  await db.query(`create table results (id text not null, status integer not null,
    preview text not null, latency_ms integer not null,
    stored_at timestamptz(3) not null default now())`);
  process.once("disconnect", () => process.exit());
  process.on("message", async (count) => {
    await db.query("truncate results");
    await prepare(Number(count));
    const startedAt = performance.now();
    await start();
    while ((await db.query(isLeft)).rows[0].is_left) await delay(lookMs);
    const seconds = (performance.now() - startedAt) / 1_000;
    const { rows } = await db.query(
      "select count(distinct id)::integer as stored from results where status = 200",
    );
    process.send?.({ seconds, stored: rows[0].stored });
  });
  process.send?.("ready");
}
