// Makes node_modules match package-lock.json, and with --build the programs match their sources.
// Runs before anything is installed, so it must never need a package, and it is plain JavaScript.
//
//   node tools/setup.mjs [--build]
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, isBuilt } from "./build.mjs";
import { withFolderLock } from "./folder-lock.mjs";

const home = fileURLToPath(new URL("..", import.meta.url));

/**
 * @param {string} root the folder with package-lock.json
 * @param {{ mustBuild: boolean, install?: (root: string) => Promise<boolean> }} options
 * @returns {Promise<boolean>} false when a sentence on standard error says what is wrong
 */
export async function setUp(root, { mustBuild, install = runNpmCi }) {
  const refusal = refuseNode(process.versions.node, readJson(join(root, "package.json")).engines);
  if (refusal !== undefined) return fail(refusal);
  const isReady = () => isInstalled(root) && (!mustBuild || isBuilt(root));
  if (isReady()) return true;
  return withFolderLock(root, async () => {
    if (!isInstalled(root)) {
      say("installing the dependencies (npm ci)…");
      if (!(await install(root))) return fail("npm ci failed; its own words are above.");
      writeFileSync(markerOf(root), hashOf(root));
    }
    if (mustBuild && !isBuilt(root)) {
      say("building…");
      if (!(await build(root))) return fail("the build failed; the reasons are above.");
    }
    return true;
  });
}

/**
 * The engines field of this project needs `^` and `>=` joined by `||`, and no more is understood.
 * @param {string} version
 * @param {{ node?: string } | undefined} engines
 * @returns {string | undefined} a sentence when this Node.js is not among them
 */
export function refuseNode(version, engines) {
  const range = engines?.node;
  if (range === undefined) return undefined;
  const has = toNumbers(version);
  const isMet = range.split("||").some((part) => {
    const wanted = toNumbers(part.trim().replace(/^(?:\^|>=)/, ""));
    const isSameMajor = has[0] === wanted[0] || !part.trim().startsWith("^");
    return isSameMajor && compare(has, wanted) >= 0;
  });
  if (isMet) return undefined;
  return `This is Node.js ${version}; TrigRun needs ${range}. Install one of those and run again.`;
}

/**
 * True when what is installed is what the lock file says. The marker is the quick proof; npm's own
 * record is the slow one, and it spares whoever ran npm by hand a second installation.
 * @param {string} root
 */
export function isInstalled(root) {
  if (readOptional(markerOf(root)) === hashOf(root)) return true;
  const record = readOptional(join(root, "node_modules", ".package-lock.json"));
  if (record === undefined) return false;
  const installed = JSON.parse(record).packages;
  const wanted = readJson(join(root, "package-lock.json")).packages;
  const isSame = Object.entries(wanted).every(([path, entry]) => {
    // Packages for other platforms are in the lock file and, rightly, not on this disk.
    if (!path.startsWith("node_modules/")) return true;
    const found = installed[path];
    return found ? found.version === entry.version : entry.optional === true;
  });
  if (!isSame || Object.keys(installed).some((path) => !(path in wanted))) return false;
  writeFileSync(markerOf(root), hashOf(root));
  return true;
}

/** @param {string} root */
async function runNpmCi(root) {
  // Windows has npm as a script, which only a shell starts.
  const isWindows = process.platform === "win32";
  const npm = spawn("npm", ["ci"], { cwd: root, stdio: "inherit", shell: isWindows });
  try {
    const [code] = await once(npm, "close");
    return code === 0;
  } catch (error) {
    return fail(`npm could not be started: ${/** @type {Error} */ (error).message}`);
  }
}

/** @param {string} root */
const markerOf = (root) => join(root, "node_modules", ".trigrun-setup");

/** @param {string} root */
const hashOf = (root) =>
  createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");

/** @param {string} path */
const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));

/**
 * @param {string} path
 * @returns {string | undefined}
 */
function readOptional(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** @param {string} version */
const toNumbers = (version) => version.split(".").map(Number);

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function compare(a, b) {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** @param {string} sentence */
function say(sentence) {
  process.stderr.write(`set-up: ${sentence}\n`);
}

/** @param {string} sentence */
function fail(sentence) {
  say(sentence);
  return false;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const isDone = await setUp(home, { mustBuild: process.argv.includes("--build") });
  if (!isDone) process.exitCode = 1;
}
