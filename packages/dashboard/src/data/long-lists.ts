// Which lists are too long to be read again by themselves, and which of those are no longer what
// the server has. Pure but for that mark, which the page shows with a way to read anew.
import { createStore } from "./store.ts";

// More pages than this are somebody reading back in time; asking for all of them again and again
// would cost more than it shows.
const livePagesMax = 2;

/** `data` is what the cache holds of any route; only lists have pages. */
export function isLong(data: unknown): boolean {
  const pages = typeof data === "object" && data !== null && "pages" in data ? data.pages : [];
  return Array.isArray(pages) && pages.length > livePagesMax;
}

/** By the hash of their key. */
export const outdated = createStore<ReadonlySet<string>>(new Set());

export function markOutdated(hash: string): void {
  outdated.set((before) => (before.has(hash) ? before : new Set([...before, hash])));
}

export function unmarkOutdated(hash: string): void {
  outdated.set((before) =>
    before.has(hash) ? new Set([...before].filter((each) => each !== hash)) : before,
  );
}
