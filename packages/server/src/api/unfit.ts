// Finds what no field of any body could hold: text that PostgreSQL cannot store, nesting that a
// recursive schema could not follow, and the one name that is magic to JavaScript. Pure.
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
    const { value, depth } = node;
    if (depth >= depthMax && typeof value === "object") {
      const [top = ""] = pathOf(node);
      return [{ path: toPath([top]), message: "must not nest over 64 levels" }];
    }
    const message = faultOf(value);
    if (message !== undefined) found.push({ path: toPath(pathOf(node)), message });
    for (const child of listChildren(node)) stack.push(child);
  }
  return found;
}

function faultOf(value: unknown): string | undefined {
  if (typeof value === "string") {
    return isStorable(value) ? undefined : `must not contain ${unstorable}`;
  }
  const names = Object.keys(value ?? {});
  if (!names.every(isStorable)) return `has a name with ${unstorable}`;
  // Schemas leave it out without a word, and nothing that is sent may be dropped so.
  return names.includes("__proto__") ? 'has a field "__proto__", which is not taken' : undefined;
}

/** Only what can be unfit or hold something that is. */
function listChildren(parent: Node): Node[] {
  if (typeof parent.value === "string") return [];
  return Object.entries(parent.value ?? {})
    .filter(([key, value]) => isStorable(key) && ["string", "object"].includes(typeof value))
    .map(([key, value]) => ({ value, depth: parent.depth + 1, key, parent }));
}

function pathOf(node: Node): string[] {
  const path: string[] = [];
  for (let at: Node | undefined = node; at?.parent !== undefined; at = at.parent) {
    path.unshift(at.key);
  }
  return path;
}
