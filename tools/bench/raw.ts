// The handle of the process that makes POSTs and stores nothing.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** So many at once; or one at each of these moments. */
export type ToRaw =
  | number
  | { readonly firstAtMs: number; readonly everyMs: number; readonly count: number };

export interface Raw {
  readonly pid: number;
  /** POSTs per second. */
  measure(count: number): Promise<number>;
  /** Resolves when all are answered. */
  postAt(moments: Exclude<ToRaw, number>): Promise<void>;
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
  const ask = async (message: ToRaw) => {
    const answered = next();
    child.send(message);
    return await answered;
  };
  await next();
  return {
    pid: child.pid ?? 0,
    async measure(count) {
      return (count * 1_000) / Number(await ask(count));
    },
    async postAt(moments) {
      await ask(moments);
    },
    async stop() {
      child.disconnect();
      await ended;
    },
  };
}
