// Decides which user PostgreSQL runs as, because it refuses to run as root, and how that user
// gets at files that lie in root's own folders. It gives up rights and never gains any.

import { type ChildProcess, execFile, type SpawnOptions, spawn } from "node:child_process";
import { chmod, chown, lstat, mkdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { EmbeddedPostgresError, errorCode } from "./errors.ts";

const run = promisify(execFile);

export interface Account {
  uid: number;
  gid: number;
  spawn(program: string, args: string[], options: SpawnOptions): ChildProcess;
  // A folder that this user cannot pass, when nothing could be done about it. Worth telling if
  // a start fails.
  obstacle: string | undefined;
}

// `reach` lists the folders whose contents PostgreSQL must get at.
export async function chooseAccount(postgresDir: string, reach: string[]): Promise<Account> {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  if (uid !== 0) {
    await refuseForeignFolder(postgresDir, uid);
    return { uid, gid, spawn: spawnPlain({}), obstacle: undefined };
  }
  const ids = (await ownerOf(postgresDir)) ?? (await lookUpAccount());
  const obstacle = await findObstacle(reach, ids);
  if (obstacle === undefined) return { ...ids, spawn: spawnPlain(ids), obstacle };
  const capability = await passingCapability();
  if (capability === undefined) return { ...ids, spawn: spawnPlain(ids), obstacle };
  return { ...ids, spawn: spawnWith(capability, ids), obstacle: undefined };
}

// Makes a folder that only the account may enter, or makes an existing one so.
export async function makePrivateFolder(dir: string, account: Account): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  try {
    await mkdir(dir, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    // In a place like /tmp anyone may have made it first, or a link to somewhere else. Root's own
    // is what a restored backup brings.
    const found = await lstat(dir);
    const isOurs = found.uid === account.uid || (isRoot && found.uid === 0);
    if (!found.isDirectory() || !isOurs) {
      throw new EmbeddedPostgresError(
        `The folder ${dir} belongs to user ${found.uid}, not to the database's user ` +
          `${account.uid}. Remove it and start again.`,
      );
    }
    await chmod(dir, 0o700);
  }
  if (isRoot) await chown(dir, account.uid, account.gid);
}

interface Ids {
  uid: number;
  gid: number;
}

async function refuseForeignFolder(postgresDir: string, uid: number): Promise<void> {
  const owner = await statOf(postgresDir);
  if (owner === undefined || owner.uid === uid) return;
  throw new EmbeddedPostgresError(
    `The database folder ${postgresDir} belongs to user ${owner.uid}, and this is user ${uid}. ` +
      `Run TrigRun as that user or as root, or run \`chown -R ${uid} ${postgresDir}\` as root.`,
  );
}

// A folder that exists keeps its owner, even where another account would be chosen today.
async function ownerOf(postgresDir: string): Promise<Ids | undefined> {
  const owner = await statOf(postgresDir);
  return owner === undefined || owner.uid === 0 ? undefined : { uid: owner.uid, gid: owner.gid };
}

async function lookUpAccount(): Promise<Ids> {
  // Debian's and Red Hat's packages make the first, macOS has the second, everyone the third.
  for (const name of ["postgres", "_postgres", "nobody"]) {
    try {
      const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      // No such user, or no such program: the next one.
    }
  }
  // The number of "nobody" on every Linux, for images without a list of users.
  return { uid: 65_534, gid: 65_534 };
}

// The first folder on the way to one of `reach` that the user has no right to pass. Only the mode
// is read: where an access list grants more, the capability is taken without need and harms not.
async function findObstacle(reach: string[], ids: Ids): Promise<string | undefined> {
  const ancestors = new Set(reach.flatMap(ancestorsOf));
  for (const folder of ancestors) {
    const found = await statOf(folder);
    // What is not there yet will be made for the account.
    if (found === undefined) continue;
    const digit = found.uid === ids.uid ? 0o100 : found.gid === ids.gid ? 0o010 : 0o001;
    if ((found.mode & digit) === 0) return folder;
  }
  return undefined;
}

function ancestorsOf(folder: string): string[] {
  const parent = path.dirname(folder);
  return parent === folder ? [folder] : [...ancestorsOf(parent), folder];
}

async function statOf(file: string): Promise<(Ids & { mode: number }) | undefined> {
  try {
    return await stat(file);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

// Numbers of linux/capability.h.
const CAP_DAC_OVERRIDE = 1n;
const CAP_DAC_READ_SEARCH = 2n;
const CAP_SETPCAP = 8n;

// The least capability at hand that lets a process pass any folder: reading and searching if we
// have it, else overriding, which is what a container's root has. undefined where there is none.
async function passingCapability(): Promise<string | undefined> {
  try {
    const status = await readFile("/proc/self/status", "utf8");
    const permitted = BigInt(`0x${/^CapPrm:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
    const has = (capability: bigint) => ((permitted >> capability) & 1n) === 1n;
    // util-linux's alone can do all that is needed; busybox has one that cannot.
    const { stdout } = await run("setpriv", ["--version"]);
    if (!stdout.includes("util-linux") || !has(CAP_SETPCAP)) return undefined;
    if (has(CAP_DAC_READ_SEARCH)) return "dac_read_search";
    return has(CAP_DAC_OVERRIDE) ? "dac_override" : undefined;
  } catch {
    // No /proc (macOS) or no setpriv.
    return undefined;
  }
}

type Spawn = Account["spawn"];

function spawnPlain(ids: Partial<Ids>): Spawn {
  return (program, args, options) => spawn(program, args, { ...options, ...ids });
}

function spawnWith(capability: string, ids: Ids): Spawn {
  const only = `-all,+${capability}`;
  const flags = [
    `--reuid=${ids.uid}`,
    `--regid=${ids.gid}`,
    "--clear-groups",
    // Without it access(2), which PostgreSQL asks about its own programs, ignores capabilities.
    "--securebits=+no_setuid_fixup",
    `--inh-caps=${only}`,
    `--ambient-caps=${only}`,
    `--bounding-set=${only}`,
  ];
  return (program, args, options) => spawn("setpriv", [...flags, program, ...args], options);
}
