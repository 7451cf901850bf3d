// CPU time of processes and all that they started, from Linux's /proc: what a rate costs is told
// by it on a busy machine too. Undefined on other systems.
import { readdirSync, readFileSync } from "node:fs";

// Linux counts in these for every program, whatever the kernel's own timer does.
export const ticksPerSecond = 100;

interface Usage {
  readonly pid: number;
  readonly parent: number;
  readonly seconds: number;
}

/** Seconds that the process and its descendants have used, the ended ones included. */
export function readCpuSeconds(root: number): number | undefined {
  const all = readAll();
  const found = all.find(({ pid }) => pid === root);
  if (found === undefined) return undefined;
  const children = (parent: number): number =>
    all
      .filter((each) => each.parent === parent)
      .reduce((sum, each) => sum + each.seconds + children(each.pid), 0);
  return found.seconds + children(root);
}

/** The process and its descendants. */
export function listTree(root: number): number[] {
  const all = readAll();
  const tree = [root];
  // Grows while it is walked: children come behind their parents.
  for (const pid of tree) tree.push(...all.filter((e) => e.parent === pid).map((e) => e.pid));
  return tree;
}

/** The process that started it; undefined when that cannot be known. */
export function parentOf(pid: number): number | undefined {
  return readOne(pid)[0]?.parent;
}

function readAll(): Usage[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => readOne(Number(name)));
  } catch {
    return [];
  }
}

function readOne(pid: number): Usage[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // proc(5): the name in brackets may hold anything; after it come state, parent, …; user and
    // system time are the 14th to 17th field, the last two of children that have ended.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return [{ pid, parent: Number(fields[1]), seconds: ticks / ticksPerSecond }];
  } catch {
    // It has ended meanwhile.
    return [];
  }
}
