// What else the machine did while a benchmark ran. A figure from a machine that others use means
// little without it. Linux tells it; elsewhere only the load average is known.
import { readFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { readCpuSeconds, ticksPerSecond } from "./cpu.ts";

interface Look {
  readonly atMs: number;
  readonly load: number;
  /** Seconds of all processors that anybody used, and that the host gave to other guests. */
  readonly used: number;
  readonly stolen: number;
  /** Of `used`, what this benchmark and everything that it started did. */
  readonly own: number;
}

/** Answers a function that says what has happened since. */
export function watchSurroundings(): () => string {
  const before = look();
  return () => describe(before, look());
}

function describe(before: Look, after: Look): string {
  const loads = `Load average: ${before.load.toFixed(1)} before, ${after.load.toFixed(1)} after`;
  const seconds = (after.atMs - before.atMs) / 1_000;
  const others = (after.used - before.used - (after.own - before.own)) / seconds;
  if (Number.isNaN(others)) return `${loads}.`;
  const stolen = (after.stolen - before.stolen) / seconds;
  return (
    `${loads}. Others used ${Math.max(0, others).toFixed(2)} of ${availableParallelism()} cores ` +
    `in those ${Math.round(seconds)} s, and the host kept ${stolen.toFixed(2)} for itself.`
  );
}

function look(): Look {
  const { used, stolen } = readProcessors();
  const own = readCpuSeconds(process.pid) ?? Number.NaN;
  return { atMs: performance.now(), load: loadavg()[0] ?? Number.NaN, used, stolen, own };
}

function readProcessors(): { used: number; stolen: number } {
  try {
    const line = readFileSync("/proc/stat", "latin1").split("\n")[0] ?? "";
    // proc(5): user, nice, system, idle, iowait, irq, softirq, steal.
    const fields = line.split(/\s+/).slice(1).map(Number);
    const at = (index: number) => (fields[index] ?? 0) / ticksPerSecond;
    return { used: at(0) + at(1) + at(2) + at(5) + at(6), stolen: at(7) };
  } catch {
    return { used: Number.NaN, stolen: Number.NaN };
  }
}
