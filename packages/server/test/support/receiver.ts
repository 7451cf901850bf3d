// A real HTTP server on loopback that answers as it is told and remembers what it was sent.
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface ReceivedCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A status, a whole answer, or what to do instead of answering. */
export type Answer =
  | number
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  | "reset"
  | "silence";

export interface Receiver {
  readonly url: string;
  readonly calls: ReceivedCall[];
  /** The answers to come, in order; the last one repeats. Without any: 200. */
  answers(...answers: Answer[]): void;
  /** From now on answers with what it was sent, headers and all. */
  echoes(status: number): void;
  /** Resolves when the next call has arrived. */
  nextCall(): Promise<ReceivedCall>;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const calls: ReceivedCall[] = [];
  const waiting: ((call: ReceivedCall) => void)[] = [];
  let script: Answer[] = [];
  let echoStatus: number | undefined;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const call = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString("utf8"),
      };
      calls.push(call);
      for (const resolve of waiting.splice(0)) resolve(call);
      if (echoStatus !== undefined) {
        response.writeHead(echoStatus).end(JSON.stringify(call));
        return;
      }
      const answer = script.length > 1 ? script.shift() : script[0];
      if (answer === "silence") return;
      if (answer === "reset") {
        request.socket.resetAndDestroy();
        return;
      }
      const whole = typeof answer === "object" ? answer : { status: answer ?? 200 };
      response.writeHead(whole.status, whole.headers).end(whole.body ?? "");
    });
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    answers(...answers) {
      script = answers;
    },
    echoes(status) {
      echoStatus = status;
    },
    nextCall: () => new Promise((resolve) => waiting.push(resolve)),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an address with a port.
  return (server.address() as AddressInfo).port;
}
