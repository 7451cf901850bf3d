// Makes a request that fails smaller while it still fails in the same way, so that a person sees
// what matters. It sends every candidate to the real server.
import type { Ask } from "./asks.ts";
import { Raw } from "./json-text.ts";
import { changeAt } from "./value-twists.ts";

// Each is one request; more would hardly make it smaller.
const triesMax = 400;

/** `fails` says whether a candidate still fails. */
export async function shrink(ask: Ask, fails: (ask: Ask) => Promise<boolean>): Promise<Ask> {
  let smallest = ask;
  let tries = 0;
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const candidate of smaller(smallest)) {
      tries += 1;
      if (tries > triesMax) return smallest;
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

/** Candidates with something less, the boldest first. */
function* smaller(ask: Ask): Generator<Ask> {
  if (ask.body !== undefined) yield { ...ask, body: undefined };
  if (ask.query.length > 1) yield { ...ask, query: [] };
  for (const index of ask.query.keys()) yield { ...ask, query: ask.query.toSpliced(index, 1) };
  for (const name of Object.keys(ask.headers)) {
    const { [name]: _, ...headers } = ask.headers;
    yield { ...ask, headers };
  }
  if (ask.body === undefined) return;
  if ("bytes" in ask.body) {
    const { bytes } = ask.body;
    for (const part of [2, 8, 64]) {
      const length = Math.floor(bytes.length / part);
      if (length === 0) continue;
      yield { ...ask, body: { bytes: bytes.subarray(0, bytes.length - length) } };
      yield { ...ask, body: { bytes: bytes.subarray(length) } };
    }
    return;
  }
  for (const value of smallerValues(ask.body.value)) yield { ...ask, body: { value } };
}

function* smallerValues(
  root: unknown,
  path: readonly (string | number)[] = [],
): Generator<unknown> {
  const here = path.reduce<unknown>(
    (at, key) => Object.entries(at ?? {}).find(([name]) => name === String(key))?.[1],
    root,
  );
  if (typeof here === "string" && here.length > 1) {
    const half = Math.ceil(here.length / 2);
    yield changeAt(root, path, () => here.slice(0, half));
    yield changeAt(root, path, () => here.slice(half));
    return;
  }
  if (typeof here !== "object" || here === null || here instanceof Raw) return;
  for (const [key, child] of Object.entries(here)) {
    const without = Array.isArray(here)
      ? here.toSpliced(Number(key), 1)
      : Object.fromEntries(Object.entries(here).filter(([name]) => name !== key));
    yield changeAt(root, path, () => without);
    // A child that is a bare value has nothing to lose but itself.
    if (child === null) continue;
    yield* smallerValues(root, [...path, Array.isArray(here) ? Number(key) : key]);
  }
}
