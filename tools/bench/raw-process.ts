// The measure of all rates: a process that makes POSTs with undici's keep-alive pool and stores
// nothing. For each count it is sent, it makes so many and tells how long that took.
//
//   raw-process.ts URL
import { Pool } from "undici";
import { bodyOfJob, headersOfJob } from "./load.ts";

// Most POSTs a second on 2 cores of what was tried from 20 to 256 (design note "engines", B).
const concurrency = 50;

const [, , address = ""] = process.argv;
const { origin, pathname } = new URL(address);
const pool = new Pool(origin, { connections: concurrency });
const body = JSON.stringify(bodyOfJob);

async function post(count: number): Promise<number> {
  let left = count;
  const startedAt = performance.now();
  const line = async () => {
    while (left > 0) {
      left -= 1;
      const answer = await pool.request({
        path: pathname,
        method: "POST",
        headers: headersOfJob,
        body,
      });
      if (answer.statusCode !== 200) throw new Error(`the target answered ${answer.statusCode}`);
      await answer.body.text();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, line));
  return performance.now() - startedAt;
}

process.once("disconnect", () => process.exit());
process.on("message", async (count: number) => {
  process.send?.(await post(count));
});
process.send?.("ready");
