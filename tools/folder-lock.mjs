// Lets one process at a time work on a folder: the others wait and are told for whom.
// A lock whose owner is dead is taken over. Plain JavaScript: it runs before anything is installed.
import { createHash } from "node:crypto";
import {
  linkSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

// Set-ups take seconds, so a fifth of one is soon enough to notice that the other has ended.
const pauseMs = 200;
// An owner shows that it lives ten times in the time after which it is taken for dead. A dead
// process is known at once; this is for a number that a new process has got since (containers).
const beatMs = 3_000;
const staleAfterMs = 30_000;

/**
 * @template Result
 * @param {string} folder
 * @param {() => Promise<Result>} work must leave the event loop free, or the lock looks abandoned
 * @param {{ staleMs?: number }} [options]
 * @returns {Promise<Result>}
 */
export async function withFolderLock(folder, work, { staleMs = staleAfterMs } = {}) {
  const lock = lockOf(folder);
  await wait(lock, staleMs);
  const beat = setInterval(() => touch(lock), beatMs);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    rmSync(lock, { force: true });
  }
}

/**
 * Measures by its own pauses and not by clocks, so that a suspended machine makes no lock stale.
 * @param {string} lock
 * @param {number} staleMs
 */
async function wait(lock, staleMs) {
  let seen = "";
  let unchangedMs = 0;
  while (!take(lock)) {
    const { owner, changedAtMs } = look(lock);
    const now = `${owner} ${changedAtMs}`;
    if (seen === "") process.stderr.write(`set-up: waiting for process ${owner}…\n`);
    unchangedMs = seen === now ? unchangedMs + pauseMs : 0;
    seen = now;
    if (isDead(owner) || unchangedMs >= staleMs) removeStale(lock, owner);
    else await pause(pauseMs);
  }
}

/**
 * Beside the folder's name, not in it: `npm ci` empties node_modules, and git would see a new file.
 * @param {string} folder
 */
export function lockOf(folder) {
  const name = createHash("sha256").update(realpathSync(folder)).digest("hex").slice(0, 16);
  return join(tmpdir(), `trigrun-setup-${name}.lock`);
}

/**
 * Written aside and linked into place, so that nobody ever reads a lock without its owner.
 * @param {string} lock
 */
function take(lock) {
  const draft = `${lock}.${process.pid}`;
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, lock);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Owner 0 when the lock has gone meanwhile.
 * @param {string} lock
 */
function look(lock) {
  try {
    return { owner: Number(readFileSync(lock, "utf8")), changedAtMs: statSync(lock).mtimeMs };
  } catch {
    return { owner: 0, changedAtMs: 0 };
  }
}

/** @param {string} lock */
function touch(lock) {
  const now = new Date();
  try {
    utimesSync(lock, now, now);
  } catch {
    // Somebody took this process for dead. It cannot be stopped half-way, so it goes on to its end.
  }
}

/** @param {number} pid */
function isDead(pid) {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it is there, and it is somebody else's.
    return /** @type {NodeJS.ErrnoException} */ (error).code !== "EPERM";
  }
}

/**
 * Two may find the same dead owner. Each moves the lock aside and looks at what it got: whoever
 * moved a living one (taken in between by the other) puts it back.
 * @param {string} lock
 * @param {number} owner
 */
function removeStale(lock, owner) {
  const aside = `${lock}.${process.pid}.stale`;
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  if (look(aside).owner !== owner) linkSync(aside, lock);
  rmSync(aside, { force: true });
}
