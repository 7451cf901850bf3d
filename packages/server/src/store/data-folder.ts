// The folder that a TrigRun with its own database lives in, and the lock that keeps a second one
// out. It never deletes anything.

import { spawn } from "node:child_process";
import { closeSync, constants, ftruncateSync, openSync, writeSync } from "node:fs";
import { mkdir, readFile, realpath } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export interface DataFolder {
  // Absolute, with every symbolic link followed, so that one folder has one name.
  dir: string;
  postgresDir: string;
  keyFile: string;
  tokenFile: string;
  lockFile: string;
}

export interface LockedDataFolder extends DataFolder {
  // Lets the next one in.
  close(): Promise<void>;
}

// Another TrigRun works on the folder, or it cannot be locked. The message says what to do.
export class DataFolderRefused extends Error {
  override readonly name = "DataFolderRefused";
}

// Makes the folder if it is new and names what lies in it. For commands that only read a file.
export async function findDataFolder(dir: string): Promise<DataFolder> {
  // Root's database runs as another user, who must pass through to its own part. Everything in
  // the folder is closed by itself, and 0711 does not let anyone list it.
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  const real = await mkdir(dir, { recursive: true, mode })
    .then(() => realpath(dir))
    .catch((error) => {
      throw unusable(dir, error);
    });
  return {
    dir: real,
    postgresDir: path.join(real, "postgres"),
    keyFile: path.join(real, "secret.key"),
    tokenFile: path.join(real, "token"),
    lockFile: path.join(real, "trigrun.lock"),
  };
}

// Opens the folder for one process alone. The lock is the kernel's (flock): it ends with the
// process however that dies, needs no clean-up, and holds between containers that share a volume.
export async function openDataFolder(dir: string): Promise<LockedDataFolder> {
  const folder = await findDataFolder(dir);
  const fd = await openLocked(folder);
  // Only for the message of whoever is refused; the lock does not depend on it.
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid} ${os.hostname()}\n`, 0);
  let isOpen = true;
  return {
    ...folder,
    close: async () => {
      // A second close would close whatever file got the number since.
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

// fcntl.h of macOS: take the flock while opening, fail rather than wait.
const DARWIN_O_EXLOCK = 0x20;

// Answers a plain file number: a FileHandle that nobody refers to any more closes itself, and
// the lock would be gone with it.
async function openLocked(folder: DataFolder): Promise<number> {
  const flags = constants.O_RDWR | constants.O_CREAT;
  if (process.platform === "win32") {
    throw new DataFolderRefused(
      "A data folder with its own database needs Linux or macOS. On Windows, set DATABASE_URL.",
    );
  }
  if (process.platform === "darwin") {
    return await openFile(folder, flags | DARWIN_O_EXLOCK | constants.O_NONBLOCK);
  }
  const fd = await openFile(folder, flags);
  try {
    if ((await flock(fd)) === "held") throw await refusal(folder);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

async function openFile(folder: DataFolder, flags: number): Promise<number> {
  try {
    return openSync(folder.lockFile, flags, 0o600);
  } catch (error) {
    // Only an open that also locks answers this.
    if (errorCode(error) === "EAGAIN") throw await refusal(folder);
    throw unusable(folder.dir, error);
  }
}

function unusable(dir: string, error: unknown): DataFolderRefused {
  return new DataFolderRefused(
    `The data folder ${dir} cannot be used (${errorCode(error) ?? error}). It may belong to ` +
      "another user, be read-only or be no folder: choose another with --data-dir.",
  );
}

// Node has no flock of its own. A lock belongs to the open file, which a child shares with us, so
// the child may take it and leave: the lock stays until we close the file or end.
async function flock(fd: number): Promise<"taken" | "held"> {
  // The number that `flock` answers when the lock is taken; any other failure is 64 or above.
  const held = 1;
  const child = spawn("flock", ["--exclusive", "--nonblock", "3"], {
    stdio: ["ignore", "ignore", "pipe", fd],
  });
  let complaint = "";
  child.stderr?.on("data", (chunk) => {
    complaint += chunk;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  }).catch((error) => {
    if (errorCode(error) !== "ENOENT") throw error;
    throw new DataFolderRefused(
      "The data folder cannot be locked: the program `flock` is missing. Install the package " +
        "util-linux, or set DATABASE_URL to use a PostgreSQL server instead.",
    );
  });
  if (code === 0) return "taken";
  if (code === held) return "held";
  throw new DataFolderRefused(
    `The data folder cannot be locked (${complaint.trim() || `flock ended with ${code}`}). ` +
      "Its file system may not support locks: choose another with --data-dir.",
  );
}

// The winner writes its pid a moment after it took the lock: within a few ms, unless it was
// stopped right there.
const NAME_TRIES = 20;
const NAME_WAIT_MS = 10;

async function refusal(folder: DataFolder): Promise<DataFolderRefused> {
  for (let tries = 0; tries < NAME_TRIES; tries += 1) {
    const holder = await readHolder(folder.lockFile);
    if (holder !== undefined) {
      return new DataFolderRefused(
        `The data folder ${folder.dir} is in use by another TrigRun (${holder}). ` +
          "Stop that one first, or choose another folder with --data-dir.",
      );
    }
    await delay(NAME_WAIT_MS);
  }
  return new DataFolderRefused(
    `The data folder ${folder.dir} is in use by another TrigRun that has just started.`,
  );
}

async function readHolder(lockFile: string): Promise<string | undefined> {
  const [pid, host] = (await readFile(lockFile, "utf8")).trim().split(" ");
  if (!pid || !host) return undefined;
  if (host !== os.hostname()) return `process ${pid} on ${host}`;
  // A pid that is gone was left by the holder before.
  return isAlive(Number(pid)) ? `process ${pid}` : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    return errorCode(error) === "EPERM";
  }
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
