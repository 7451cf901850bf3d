// The logger of the process: one JSON line an event on standard error, so that standard output
// holds only what scripts read.
import { pino } from "pino";
import type { Log } from "./log.ts";

export function createLog(level: "debug" | "info" | "warn" | "error"): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    // Synchronous: what was logged before a crash must be there after it.
    pino.destination({ fd: 2, sync: true }),
  );
}
