// The entry of cronctl: real standard streams, Ctrl-C and a closed pipe. Everything else is in
// program.ts, which knows nothing of this process.
import { homedir } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { runCronctl } from "./program.ts";

const interruption = new AbortController();
// The first Ctrl-C lets the command say what goes on without it; a second one ends at once.
process.once("SIGINT", () => interruption.abort());

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
  signal: interruption.signal,
  // Read when needed: asking for it takes longer than `--help` should.
  get timeZone() {
    return Intl.DateTimeFormat().resolvedOptions().timeZone;
  },
  now: () => new Date(),
  pause: async (ms, signal) => {
    await pause(ms, undefined, { signal }).catch(() => undefined);
  },
});
