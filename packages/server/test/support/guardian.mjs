// Ends what a test run leaves behind when the run itself is killed: every process that works on
// one of its folders, and the folders. Started by guard.ts, which writes the folders to standard
// input, one change a line ("+/folder", "-/folder"); the end of that input is the end of the run.
import { readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/** @type {Set<string>} */
const folders = new Set();

for await (const line of createInterface({ input: process.stdin })) {
  const folder = line.slice(1);
  if (line.startsWith("+")) folders.add(folder);
  else folders.delete(folder);
}

// Ten seconds: a process that is killed is gone within milliseconds, unless its disk hangs.
const tries = 200;
const waitMs = 50;

for (let left = tries; left > 0 && endAll(); left -= 1) await delay(waitMs);
for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });

/** True when there was something to end. */
function endAll() {
  const found = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isOurs(name));
  for (const pid of found) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended by itself meanwhile.
    }
  }
  return found.length > 0;
}

/** @param {string} pid */
function isOurs(pid) {
  if (Number(pid) === process.pid) return false;
  const place = read(() => readlinkSync(`/proc/${pid}/cwd`));
  const command = read(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  return [...folders].some((folder) => place.startsWith(folder) || command.includes(folder));
}

/** @param {() => string} ask */
function read(ask) {
  try {
    return ask();
  } catch {
    // It has ended, or is another user's.
    return "";
  }
}
