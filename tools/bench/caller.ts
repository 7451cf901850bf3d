// The handle of the process that calls an API for a benchmark, as fast as it answers.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Calls {
  readonly url: string;
  readonly token: string;
  readonly method: "GET" | "PATCH";
  /** Called in turn. */
  readonly paths: readonly string[];
  /** Each call has another name in it. */
  readonly hasBody: boolean;
  readonly forMs: number;
}

export interface CallsReport {
  readonly seconds: number;
  readonly latenciesMs: readonly number[];
}

export interface Caller {
  call(calls: Calls): Promise<CallsReport>;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL("./caller-process.ts", import.meta.url));

export async function startCaller(): Promise<Caller> {
  const child = fork(program, { execArgv: ["--import", "tsx"] });
  const ended = once(child, "exit");
  const next = () =>
    new Promise<unknown>((resolve, reject) => {
      child.once("message", resolve);
      void ended.then(() => reject(new Error("the caller ended; its reason is above")));
    });
  await next();
  return {
    async call(calls) {
      const answered = next();
      child.send(calls);
      // What caller-process.ts sends, and nothing else does.
      return (await answered) as CallsReport;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
