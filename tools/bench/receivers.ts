// The handle of the process with the receivers. It is a process of its own, so that what it costs
// to receive is not measured with what it costs to send.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** What is asked: one receiver answers late, or (undefined) all answer at once. */
export interface ToReceivers {
  readonly slow?: { readonly receiver: number; readonly ms: number };
}

export type FromReceivers =
  | { readonly ports: readonly number[]; readonly targetPort: number }
  | Arrival;

export interface Arrival {
  readonly receiver: number;
  /** From the execution's end, as the notification tells it, to its arrival. */
  readonly latencyMs: number;
}

export interface Receivers {
  readonly urls: readonly string[];
  readonly targetUrl: string;
  ask(message: ToReceivers): void;
  onArrival(listener: (arrival: Arrival) => void): void;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL("./receiver-process.ts", import.meta.url));

export async function startReceivers(count: number): Promise<Receivers> {
  const child = fork(program, [String(count)], { execArgv: ["--import", "tsx"] });
  const ended = once(child, "exit");
  const listeners: ((arrival: Arrival) => void)[] = [];
  const { ports, targetPort } = await new Promise<Extract<FromReceivers, { ports: unknown }>>(
    (resolve, reject) => {
      child.once("error", reject).once("exit", () => reject(new Error("the receivers ended")));
      child.on("message", (message: FromReceivers) => {
        if ("ports" in message) resolve(message);
        else for (const listener of listeners) listener(message);
      });
    },
  );
  const toUrl = (port: number) => `http://127.0.0.1:${port}/`;
  return {
    urls: ports.map(toUrl),
    targetUrl: toUrl(targetPort),
    ask: (message) => void child.send(message),
    onArrival: (listener) => void listeners.push(listener),
    async stop() {
      child.disconnect();
      await ended;
    },
  };
}
