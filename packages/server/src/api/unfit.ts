// Finds what no field of any body could hold: text that PostgreSQL cannot store, and nesting that a
// recursive schema could not follow. Pure.
import { type ErrorDetail, isStorable } from "@trigrun/contract";
import { toPath } from "./issues.ts";

// jsonValue lets a field nest 64 levels; no body of the contract puts one deeper than 6 levels in.
const depthMax = 70;

const unstorable = "the character U+0000 or half a surrogate pair";

interface Node {
  readonly value: unknown;
  readonly depth: number;
  readonly key: string;
  readonly parent: Node | undefined;
}

/** Walks without recursion: the depth is the client's. */
export function findUnfit(root: unknown): ErrorDetail[] {
  const found: ErrorDetail[] = [];
  const stack: Node[] = [{ value: root, depth: 0, key: "", parent: undefined }];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (typeof node.value === "string") {
      if (!isStorable(node.value)) found.push(tell(node, `must not contain ${unstorable}`));
    } else if (node.depth >= depthMax) {
      const [top = ""] = pathOf(node);
      return [{ path: toPath([top]), message: "must not nest over 64 levels" }];
    } else {
      if (!Object.keys(node.value ?? {}).every(isStorable)) {
        found.push(tell(node, `has a name with ${unstorable}`));
      }
      for (const child of listChildren(node)) stack.push(child);
    }
  }
  return found;
}

/** Only what can be unfit or hold something that is. */
function listChildren(parent: Node): Node[] {
  const entries = Object.entries(parent.value ?? {});
  return entries
    .filter(([key, value]) => isStorable(key) && ["string", "object"].includes(typeof value))
    .map(([key, value]) => ({ value, depth: parent.depth + 1, key, parent }));
}

function tell(node: Node, message: string): ErrorDetail {
  return { path: toPath(pathOf(node)), message };
}

function pathOf(node: Node): string[] {
  const path: string[] = [];
  for (let at: Node | undefined = node; at?.parent !== undefined; at = at.parent) {
    path.unshift(at.key);
  }
  return path;
}
