// Filters that stand in the address, so that a list can be sent to somebody and the way back leads
// to what was seen. What an address holds is anybody's text: only known words get through.
import { useSearchParams } from "wouter";

export interface Filters<K extends string> {
  readonly values: Readonly<Record<K, string>>;
  /** Empty takes the filter away. */
  set(key: K, value: string): void;
  readonly areAny: boolean;
  clear(): void;
}

/** `allowed` of a key are the words that it may have; null for any text. */
export function useFilters<K extends string>(
  allowed: Readonly<Record<K, readonly string[] | null>>,
): Filters<K> {
  const [search, setSearch] = useSearchParams();
  // The keys of an object literal are those of its type.
  const keys = Object.keys(allowed) as K[];
  const read = (key: K): string => {
    const value = search.get(key) ?? "";
    return allowed[key] === null || allowed[key].includes(value) ? value : "";
  };
  const entries = keys.map((key) => [key, read(key)]);
  return {
    // Made of `keys`, one entry for each.
    values: Object.fromEntries(entries) as Record<K, string>,
    areAny: keys.some((key) => read(key) !== ""),
    set: (key, value) =>
      setSearch(
        (before) => {
          const next = new URLSearchParams(before);
          if (value === "") next.delete(key);
          else next.set(key, value);
          return next;
        },
        { replace: true },
      ),
    clear: () => setSearch({}, { replace: true }),
  };
}
