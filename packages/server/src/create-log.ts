// The logger of the process: one JSON line an event on standard error, so that standard output
// holds only what scripts read.
import { pino } from "pino";
import type { Log } from "./log.ts";

/** `nodeId` is in every line, for logs of many nodes in one place. */
export function createLog(level: "debug" | "info" | "warn" | "error", nodeId?: string): Log {
  return pino(
    {
      level,
      base: nodeId === undefined ? null : { node_id: nodeId },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    // Synchronous: what was logged before a crash must be there after it.
    pino.destination({ fd: 2, sync: true }),
  );
}
