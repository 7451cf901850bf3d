// What the run has met so far: ids, cursors and keys, by which later requests reach deep paths.
// Ids of the other workspace are kept apart, for nothing of it may ever be seen by the first.
import type { Dice } from "./dice.ts";
import type { Json } from "./document.ts";

export type IdPrefix = "job" | "exec" | "chan" | "rule" | "dlv" | "tok" | "mem" | "inv" | "sec";

export interface Pools {
  /** An id of this kind; one that never was when there is none yet. */
  id(prefix: IdPrefix): string;
  foreignId(prefix: IdPrefix): string;
  /** A rule together with its job. */
  rule(): { readonly job_id: string; readonly id: string };
  /** A cursor that this operation has answered, or, with `isAny`, any other. */
  cursor(operationId: string, isAny: boolean): string | undefined;
  /** A name that a row had. */
  name(): string | undefined;
  /** Takes in what an answer shows. */
  learn(operationId: string, answer: unknown): void;
  learnForeign(ids: readonly string[]): void;
  /** Never gives these out: the run itself lives by them. */
  spare(ids: readonly string[]): void;
  isForeign(text: string): boolean;
}

// Enough for variety, and few enough that most of them still exist.
const keptMax = 80;

export function createPools(dice: Dice): Pools {
  const ids = new Map<string, string[]>();
  const foreign = new Map<string, string[]>();
  const rules: { job_id: string; id: string }[] = [];
  const cursors = new Map<string, string[]>();
  const names: string[] = [];
  const spared = new Set<string>();

  const keep = <T>(list: T[], value: T) => {
    if (list.includes(value)) return;
    if (list.length < keptMax) list.push(value);
    else list[dice.int(0, keptMax - 1)] = value;
  };
  const listOf = (lists: Map<string, string[]>, key: string) => {
    const list = lists.get(key) ?? [];
    lists.set(key, list);
    return list;
  };
  const toUnknown = (prefix: string) => `${prefix}_0193a5c4f7e2a1b2c3d4e5f60718293a`;
  const pickFrom = (lists: Map<string, string[]>, prefix: string) => {
    const list = listOf(lists, prefix);
    return list.length === 0 ? toUnknown(prefix) : dice.pick(list);
  };
  const learnItem = (item: unknown) => {
    if (typeof item !== "object" || item === null) return;
    // An answer of the API is an object of the document.
    const { id, job_id, name } = item as Json;
    if (typeof id !== "string" || spared.has(id)) return;
    const [prefix = ""] = id.split("_");
    keep(listOf(ids, prefix), id);
    if (typeof name === "string") keep(names, name);
    if (prefix === "rule" && typeof job_id === "string") keep(rules, { job_id, id });
  };

  return {
    id: (prefix) => pickFrom(ids, prefix),
    foreignId: (prefix) => pickFrom(foreign, prefix),
    rule: () =>
      rules.length === 0 ? { job_id: toUnknown("job"), id: toUnknown("rule") } : dice.pick(rules),
    cursor(operationId, isAny) {
      const list = isAny ? [...cursors.values()].flat() : listOf(cursors, operationId);
      return list.length === 0 ? undefined : dice.pick(list);
    },
    name: () => (names.length === 0 ? undefined : dice.pick(names)),
    learn(operationId, answer) {
      if (typeof answer !== "object" || answer === null) return;
      learnItem(answer);
      // The line above asked for an object.
      const { items, next_cursor: cursor } = answer as Json;
      if (Array.isArray(items)) for (const item of items.slice(0, 10)) learnItem(item);
      if (typeof cursor === "string") keep(listOf(cursors, operationId), cursor);
    },
    learnForeign(found) {
      for (const id of found) keep(listOf(foreign, id.split("_")[0] ?? ""), id);
    },
    spare(found) {
      for (const id of found) spared.add(id);
    },
    isForeign: (text) => [...foreign.values()].flat().some((id) => text.includes(id)),
  };
}
