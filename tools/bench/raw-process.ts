// The measure of all rates: a process that makes POSTs with undici's keep-alive pool and stores
// nothing. Asked for a count, it makes so many and tells how long that took; asked for timers, it
// makes each at its moment.
//
//   raw-process.ts URL
import { setTimeout as delay } from "node:timers/promises";
import { Pool } from "undici";
import { bodyOfJob, headersOfJob } from "./load.ts";
import type { ToRaw } from "./raw.ts";

// Most POSTs a second on 2 cores of what was tried from 20 to 256 (design note "engines", B).
const concurrency = 50;

const [, , address = ""] = process.argv;
const { origin, pathname } = new URL(address);
const pool = new Pool(origin, { connections: concurrency });
const body = JSON.stringify(bodyOfJob);

async function postOne(headers: Readonly<Record<string, string>>): Promise<void> {
  const answer = await pool.request({ path: pathname, method: "POST", headers, body });
  if (answer.statusCode !== 200) throw new Error(`the target answered ${answer.statusCode}`);
  await answer.body.text();
}

async function post(count: number): Promise<number> {
  let left = count;
  const startedAt = performance.now();
  const line = async () => {
    while (left > 0) {
      left -= 1;
      await postOne(headersOfJob);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, line));
  return performance.now() - startedAt;
}

/** The simplest scheduler there is: a timer for each. */
async function postAt({ firstAtMs, everyMs, count }: Exclude<ToRaw, number>): Promise<void> {
  const at = async (index: number) => {
    const dueAt = new Date(firstAtMs + index * everyMs);
    await delay(dueAt.getTime() - Date.now());
    await postOne({ ...headersOfJob, "x-cron-service-scheduled-for": dueAt.toISOString() });
  };
  await Promise.all(Array.from({ length: count }, (_, index) => at(index)));
}

process.once("disconnect", () => process.exit());
process.on("message", async (asked: ToRaw) => {
  if (typeof asked === "number") process.send?.(await post(asked));
  else process.send?.(await postAt(asked).then(() => "done"));
});
process.send?.("ready");
