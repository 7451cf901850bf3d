// Where a file stands in the house: its workspace, its folder, and what kind of file that makes it.
// The lists are closed: a new -er or root is a decision about the architecture, not just a file.
import { posix } from "node:path";
import { isTest } from "./repository.ts";

/** The files that act. */
const actors = [
  "planner",
  "runner",
  "rescuer",
  "courier",
  "digester",
  "tester",
  "canceller",
  "sender",
  "settler",
  "pruner",
  "history-pruner",
  "heartbeater",
];
export const stages = ["plan", "run", "send"];
/** The files that may know every part, since they put the program together. */
const roots = [
  "main",
  "serve",
  "engine",
  "open-database",
  "rotate",
  "backup-file",
  "observe",
  "doctor",
];
/** Nouns that belong to no stage; they stand directly in `src/` and every stage may ask them. */
const groundNouns = ["answer", "diagnosis", "retry", "scrub", "symptoms", "text"];

/** Where a file of ours stands. */
export interface Place {
  readonly workspace: string;
  /** The folder below `src/`; empty for the files directly in it. */
  readonly folder: string;
  /** The folder below `src/pages/` of the dashboard; empty elsewhere. */
  readonly page: string;
  /** The file's name without its ending. */
  readonly name: string;
  readonly role: "noun" | "actor" | "root" | "test" | "other";
}

/** Undefined for what is in no workspace: tools and configuration. */
export function placeOf(path: string): Place | undefined {
  const match = /^packages\/([^/]+)\/(?:src\/(?:([^/]+)\/)?)?/.exec(path);
  if (!match) return undefined;
  const [, workspace = "", folder = ""] = match;
  const page = /^packages\/[^/]+\/src\/pages\/([^/]+)\//.exec(path)?.[1] ?? "";
  const name = posix.basename(path).replace(/\.tsx?$/, "");
  return { workspace, folder, page, name, role: roleOf(path, { workspace, folder, name }) };
}

function roleOf(
  path: string,
  { workspace, folder, name }: Omit<Place, "role" | "page">,
): Place["role"] {
  if (isTest(path)) return "test";
  if (workspace !== "server") return "other";
  if (actors.includes(name)) return "actor";
  if (stages.includes(folder)) return "noun";
  if (folder !== "") return "other";
  if (groundNouns.includes(name)) return "noun";
  return roots.includes(name) ? "root" : "other";
}
