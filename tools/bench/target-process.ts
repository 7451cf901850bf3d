// A process that takes POSTs for a benchmark and answers 200, as cheaply as Node.js can: what it
// costs to receive must not be what is measured. It ends with its maker.
//
//   target-process.ts LATENCY_MS

import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import type { FromTarget, TargetReport } from "./target.ts";

const latencyMs = Number(process.argv[2]);
const answer = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"ok":true}',
);
const blankLine = Buffer.from("\r\n\r\n");
const dueHeader = /\r\nx-cron-service-scheduled-for: (\S+)/i;
const lengthHeader = /\r\ncontent-length: (\d+)/i;

let report: { count: number; latenessMs: number[]; lastAtMs: number } = toEmpty();

function toEmpty() {
  return { count: 0, latenessMs: [], lastAtMs: 0 };
}

function tell(message: FromTarget): void {
  process.send?.(message);
}

function note(head: string): void {
  const arrivedAtMs = performance.timeOrigin + performance.now();
  const due = dueHeader.exec(head)?.[1];
  report.count += 1;
  report.lastAtMs = arrivedAtMs;
  if (due !== undefined) report.latenessMs.push(arrivedAtMs - Date.parse(due));
}

function reply(socket: Socket): void {
  if (latencyMs === 0) socket.write(answer);
  else setTimeout(() => socket.write(answer), latencyMs);
}

function serve(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const headEnd = rest.indexOf(blankLine);
      if (headEnd < 0) return;
      const head = rest.toString("latin1", 0, headEnd);
      const end = headEnd + blankLine.length + Number(lengthHeader.exec(head)?.[1] ?? 0);
      if (rest.length < end) return;
      note(head);
      reply(socket);
      rest = rest.subarray(end);
    }
  });
}

const server = createServer(serve);
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4_096, resolve));
process.once("disconnect", () => process.exit());
process.on("message", () => {
  const told: TargetReport = report;
  report = toEmpty();
  tell({ report: told });
});
// A listening TCP server has an address with a port.
tell({ port: (server.address() as AddressInfo).port });
