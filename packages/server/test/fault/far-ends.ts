// Everything that the program calls during a fault test: targets of jobs and receivers of webhooks,
// on one server that outlives the program and remembers each call that reached it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/**
 * What a far end does with a call. `slow` answers 200 in its own time; `held` answers when the
 * test says so; `reset` breaks the connection; `drop` does so in the middle of its answer; `silent`
 * never answers; `endless` begins an answer that never ends; `garbage` answers what is no HTTP, and
 * `huge` with 100 MB.
 */
export type Manner =
  | number
  | "slow"
  | "held"
  | "reset"
  | "drop"
  | "silent"
  | "endless"
  | "garbage"
  | "huge";

export interface TargetCall {
  readonly executionId: string;
  readonly attempt: number;
  /** When it arrived, by the clock of the machine. */
  readonly atMs: number;
}

export interface WebhookCall {
  /** The header `webhook-id`. */
  readonly id: string;
  /** Which receiver it was: the channel's URL is its own. */
  readonly receiver: string;
  readonly body: string;
}

export interface FarEnds {
  readonly targetCalls: readonly TargetCall[];
  readonly webhookCalls: readonly WebhookCall[];
  /** A target that takes the calls of each execution in these manners; the last one repeats. */
  target(...manners: Manner[]): string;
  /** A receiver that takes the calls of each webhook id in these manners; the last one repeats. */
  receiver(name: string, ...manners: Manner[]): string;
  /** How many calls wait for `answerHeld`. */
  heldCalls(): number;
  /** Answers every held call with 200, and from now on all that would be held. */
  answerHeld(): void;
  close(): Promise<void>;
}

// Long enough that a kill at a random moment often falls into it.
const slowMs = 600;

export async function startFarEnds(): Promise<FarEnds> {
  const targetCalls: TargetCall[] = [];
  const webhookCalls: WebhookCall[] = [];
  const counts = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  let held: (() => void)[] | undefined = [];

  function answer(manner: Manner, response: ServerResponse): void {
    const end = (status: number) => response.writeHead(status).end("done");
    if (typeof manner === "number") end(manner);
    else if (manner === "reset") response.socket?.resetAndDestroy();
    else if (manner === "drop") dropInTheMiddle(response);
    else if (manner === "endless") timers.add(drip(response));
    else if (manner === "garbage") response.socket?.end("\u0000\u0007 220 what is HTTP?\r\n\r\n");
    else if (manner === "huge") pour(response);
    else if (manner === "silent") return;
    else if (manner === "held" && held) held.push(() => end(200));
    else if (manner === "held") end(200);
    else timers.add(setTimeout(end, slowMs, 200));
  }

  function note(kind: string, receiver: string, request: IncomingMessage, body: string): string {
    const header = (name: string) => String(request.headers[name] ?? "");
    if (kind === "target") {
      const executionId = header("x-cron-service-execution-id");
      const attempt = Number(header("x-cron-service-attempt"));
      targetCalls.push({ executionId, attempt, atMs: Date.now() });
      return executionId;
    }
    const id = header("webhook-id");
    webhookCalls.push({ id, receiver, body });
    return id;
  }

  const server = createServer((request, response) => {
    // "/webhook/steady/500,200": the kind, a name, and the manners.
    const [, kind = "", name = "", list = ""] = request.url?.split("/") ?? [];
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const caller = note(kind, name, request, body);
      const count = counts.get(caller) ?? 0;
      counts.set(caller, count + 1);
      answer(readManner(list, count), response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an address with a port.
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    targetCalls,
    webhookCalls,
    target: (...manners) => `${url}/target/any/${manners.join(",")}`,
    receiver: (name, ...manners) => `${url}/webhook/${name}/${manners.join(",")}`,
    heldCalls: () => held?.length ?? 0,
    answerHeld() {
      for (const end of held ?? []) end();
      held = undefined;
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function dropInTheMiddle(response: ServerResponse): void {
  response.writeHead(200, { "content-length": 1_000 });
  response.write("done, that is", () => response.socket?.resetAndDestroy());
}

const dripMs = 100;

/** Answers byte by byte for as long as it is listened to. */
function drip(response: ServerResponse): NodeJS.Timeout {
  response.writeHead(200);
  const timer = setInterval(() => response.write("."), dripMs);
  response.on("close", () => clearInterval(timer));
  return timer;
}

const pouredMb = 100;
const megabyte = Buffer.alloc(1024 * 1024, "x");

/** As fast as it is read, and no further than it is read. */
function pour(response: ServerResponse): void {
  response.writeHead(200, { "content-length": pouredMb * megabyte.length });
  const pieces = Array.from({ length: pouredMb }, () => megabyte);
  // The reader hangs up long before the end.
  pipeline(Readable.from(pieces), response).catch(() => undefined);
}

function readManner(list: string, count: number): Manner {
  const manners = list.split(",");
  const word = manners[Math.min(count, manners.length - 1)] ?? "200";
  // Only a test writes these lists, out of Manner's own words.
  return /^\d+$/.test(word) ? Number(word) : (word as Manner);
}
