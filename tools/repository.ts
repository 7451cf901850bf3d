// The files of this repository: what git tracks or would track, so that new files count at once.
// Reads, never writes.
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Source } from "./source.ts";
import { readSource } from "./source.ts";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** A file by its path from the root, with forward slashes. */
export interface RepositoryFile {
  readonly path: string;
  readonly text: string;
}

export function readRepository(): RepositoryFile[] {
  const listed = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "-z"],
    // A thousand paths take some 60 KB; 16 MiB is out of reach and still a bound.
    { cwd: root, encoding: "utf8", maxBuffer: 16 * 1024 * 1024 },
  );
  return listed
    .split("\0")
    .filter((path) => path !== "" && isFile(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** The TypeScript files among `files`, scanned. */
export function readSources(files: readonly RepositoryFile[]): Source[] {
  return files
    .filter((file) => /\.tsx?$/.test(file.path))
    .map((file) => readSource(file.path, file.text));
}

export function isTest(path: string): boolean {
  return /\.test(-d)?\.tsx?$/.test(path) || /^packages\/[^/]+\/test\//.test(path);
}

/** True when the module of this URL is the program that was started. */
export function isProgram(moduleUrl: string): boolean {
  return process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === moduleUrl;
}

// A file that was deleted but is still in the index has no text to check.
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
