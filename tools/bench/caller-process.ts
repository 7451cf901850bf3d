// A process that calls an API over some connections, each waiting for its answer, and tells how
// long each took. An answer that is no success ends it: nothing else is worth timing.
import { Pool } from "undici";
import type { Calls, CallsReport } from "./caller.ts";

// As many as keep two cores busy; more only wait in line, which is not what is measured.
const connections = 16;

async function call(calls: Calls): Promise<CallsReport> {
  const pool = new Pool(calls.url, { connections });
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const headers = {
    authorization: `Bearer ${calls.token}`,
    ...(calls.hasBody ? { "content-type": "application/json" } : {}),
  };
  let number = 0;
  const line = async () => {
    while (performance.now() - startedAt < calls.forMs) {
      number += 1;
      const path = calls.paths[number % calls.paths.length] ?? "/";
      const askedAt = performance.now();
      const body = calls.hasBody ? JSON.stringify({ name: `job ${number}` }) : null;
      const answer = await pool.request({ path, method: calls.method, headers, body });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${text}`);
      latenciesMs.push(performance.now() - askedAt);
    }
  };
  await Promise.all(Array.from({ length: connections }, line));
  const seconds = (performance.now() - startedAt) / 1_000;
  await pool.close();
  return { seconds, latenciesMs };
}

process.once("disconnect", () => process.exit());
process.on("message", async (calls: Calls) => {
  process.send?.(await call(calls));
});
process.send?.("ready");
