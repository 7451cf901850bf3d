// The handle of the process that makes POSTs and stores nothing.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Raw {
  readonly pid: number;
  /** POSTs per second. */
  measure(count: number): Promise<number>;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL("./raw-process.ts", import.meta.url));

export async function startRaw(url: string): Promise<Raw> {
  const child = fork(program, [url], { execArgv: ["--import", "tsx"] });
  const ended = once(child, "exit");
  const next = () =>
    new Promise<unknown>((resolve, reject) => {
      child.once("message", resolve);
      void ended.then(() => reject(new Error("the raw client ended")));
    });
  await next();
  return {
    pid: child.pid ?? 0,
    async measure(count) {
      const answered = next();
      child.send(count);
      return (count * 1_000) / Number(await answered);
    },
    async stop() {
      child.disconnect();
      await ended;
    },
  };
}
