// Runs one server for the demo and sees that nothing of it stays: no process, no file. It ends the
// server when its standard input ends, which happens however the demo dies, even killed outright.
// Plain JavaScript, since it has to be there at once.
//
//   node tools/demo/guard.mjs FOLDER PROGRAM [ARGUMENT…]
//
// FOLDER is the demo's own, with the data folder `data` in it; it is removed at the end.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

// It lets requests in flight end; the demo's take milliseconds. A second signal does not wait.
const politeMs = 10_000;
const urgentMs = 3_000;
// PostgreSQL ends in a fraction of a second when it is told to drop its connections.
const orphanMs = 5_000;
const lookMs = 50;

const [folder = "", ...command] = process.argv.slice(2);
const child = spawn(process.execPath, command, {
  stdio: ["ignore", "inherit", "inherit"],
  // A group of its own, so that whatever it has started can be ended with it.
  detached: true,
});

/** @type {Promise<string>} */
const ended = new Promise((resolve) => {
  child.once("error", (error) => resolve(error.message));
  child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
});
/** @type {Promise<undefined>} */
const asked = new Promise((resolve) => {
  const ask = () => resolve(undefined);
  process.stdin.once("end", ask).once("error", ask).resume();
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, ask);
});

const how = await Promise.race([ended, asked]);
if (how === undefined) await stop();
else await say(`trigrun serve has ended by itself (${how})`);
endGroup();
await endOrphan(join(folder, "data", "postgres", "postmaster.pid"));
// Files vanish while a program ends; then the folder is tried again.
await rm(folder, { recursive: true, force: true, maxRetries: 10 });
process.exit(how === undefined ? 0 : 1);

async function stop() {
  const waits = /** @type {const} */ ([
    ["SIGTERM", politeMs],
    ["SIGTERM", urgentMs],
    ["SIGKILL", urgentMs],
  ]);
  for (const [signal, ms] of waits) {
    child.kill(signal);
    if (await Promise.race([ended, delay(ms, undefined, { ref: false })])) return;
  }
}

/** A server that is stopped while it starts may leave the maker of its database behind. */
function endGroup() {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody is left in the group, as it should be.
  }
}

/**
 * The database of a server that was killed.
 * @param {string} pidFile
 */
async function endOrphan(pidFile) {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8").split("\n")[0]) : 0;
  if (!(pid > 0)) return;
  for (let waitedMs = 0; waitedMs < orphanMs; waitedMs += lookMs) {
    try {
      // "Fast shutdown" in PostgreSQL's words; 0 asks whether it is still there.
      process.kill(pid, waitedMs === 0 ? "SIGINT" : 0);
    } catch {
      return;
    }
    await delay(lookMs);
  }
}

/**
 * The demo may be gone, and its pipe with it.
 * @param {string} sentence
 * @returns {Promise<void>}
 */
function say(sentence) {
  return new Promise((resolve) => {
    process.stderr.once("error", () => resolve());
    process.stderr.write(`${sentence}\n`, () => resolve());
  });
}
