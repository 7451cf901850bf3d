// The handle of the process that takes the POSTs of a benchmark.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export type FromTarget = { readonly port: number } | { readonly report: TargetReport };

/** What came since the last report. */
export interface TargetReport {
  readonly count: number;
  /** Of each request that says when it was due: how long after it was there. */
  readonly latenessMs: readonly number[];
  /** When the last one was there, in milliseconds since 1970. */
  readonly lastAtMs: number;
}

export interface Target {
  readonly url: string;
  /** What came since it was last asked. */
  report(): Promise<TargetReport>;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL("./target-process.ts", import.meta.url));

/** `latencyMs`: how long it waits with each answer. */
export async function startTarget(latencyMs = 0): Promise<Target> {
  const child = fork(program, [String(latencyMs)], { execArgv: ["--import", "tsx"] });
  const ended = once(child, "exit");
  const next = () =>
    new Promise<FromTarget>((resolve, reject) => {
      child.once("message", resolve);
      void ended.then(() => reject(new Error("the target ended")));
    });
  const first = await next();
  if (!("port" in first)) throw new Error("the target did not say where it is");
  return {
    url: `http://127.0.0.1:${first.port}/`,
    async report() {
      const answered = next();
      child.send("report");
      const answer = await answered;
      if (!("report" in answer)) throw new Error("the target gave no report");
      return answer.report;
    },
    async stop() {
      child.disconnect();
      await ended;
    },
  };
}
