// The entry of cronctl: real standard streams, signals and a closed pipe. Everything else is in
// program.ts, which knows nothing of this process.
import { homedir } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { exitCodes } from "./exit-codes.ts";
import { listenForInterruption } from "./interruption.ts";
import { runCronctl } from "./program.ts";

// The first Ctrl-C lets the command put away what it made; one that comes later ends at once.
const signal = listenForInterruption(process, () => process.exit(exitCodes.interrupted));

// A reader that has seen enough (`cronctl … | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await runCronctl(process.argv.slice(2), {
  env: process.env,
  homeDir: homedir(),
  platform: process.platform,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal,
  // Read when needed: asking for it takes longer than `--help` should.
  get timeZone() {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  },
  now: () => new Date(),
  pause: async (ms, signal) => {
    await pause(ms, undefined, { signal }).catch(() => undefined);
  },
});
