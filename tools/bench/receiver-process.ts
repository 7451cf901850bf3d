// A process of webhook receivers for a benchmark, and the target of its jobs. It notes for each
// notification how long after the execution ended it arrived. It ends with its maker.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { FromReceivers, ToReceivers } from "./receivers.ts";

/** What to do with the calls of a receiver that hangs. */
const held = new Set<ServerResponse>();
let slow: { readonly receiver: number; readonly ms: number } | undefined;

function tell(message: FromReceivers): void {
  process.send?.(message);
}

async function listen(receiver: number): Promise<number> {
  const server = createServer((request, response) => {
    const arrivedAt = performance.timeOrigin + performance.now();
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      // A receiver below zero is the target of the jobs.
      if (receiver >= 0) tell({ receiver, latencyMs: arrivedAt - endOf(body) });
      if (slow?.receiver === receiver) void answerLate(response, slow.ms);
      else response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an address with a port.
  return (server.address() as AddressInfo).port;
}

function endOf(body: string): number {
  // The contract says so of the body of every webhook about an execution.
  const event = JSON.parse(body) as { data: { execution: { finished_at: string } } };
  return Date.parse(event.data.execution.finished_at);
}

async function answerLate(response: ServerResponse, ms: number): Promise<void> {
  held.add(response);
  await delay(ms);
  if (held.delete(response)) response.end();
}

function obey(message: ToReceivers): void {
  slow = message.slow;
  if (slow !== undefined) return;
  for (const response of held) response.end();
  held.clear();
}

const count = Number(process.argv[2]);
const ports = await Promise.all(Array.from({ length: count }, (_, receiver) => listen(receiver)));
process.on("message", obey).once("disconnect", () => process.exit());
tell({ ports, targetPort: await listen(-1) });
