// Keyset pages over time-ordered ids: page 1 and page 10,000 cost the same.
// A cursor is the id of the last item shown; it must never be an offset.
import { ApiError, type IdKind, idPrefixes } from "@trigrun/contract";

export interface PageRequest {
  readonly limit: number;
  /** The id that the page before ended with. */
  readonly before: string | undefined;
}

export interface Page<T> {
  readonly items: T[];
  readonly next_cursor: string | null;
}

/** Reads `?limit=&cursor=`. Throws `invalid_cursor` for one that this list never gave out. */
export function toPageRequest(
  kind: IdKind,
  query: { readonly limit: number; readonly cursor?: string | undefined },
): PageRequest {
  if (query.cursor === undefined) return { limit: query.limit, before: undefined };
  const before = Buffer.from(query.cursor, "base64url").toString("utf8");
  if (!new RegExp(`^${idPrefixes[kind]}_[0-9a-f]{32}$`).test(before)) {
    throw new ApiError(
      "invalid_cursor",
      "This cursor was not given out by this list. Start again without `cursor`.",
    );
  }
  return { limit: query.limit, before };
}

/** Cuts rows fetched with `limit + 1` into a page and the cursor of the next one. */
export function toPage<Row extends { id: string }, T>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => T,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    next_cursor:
      rows.length > limit && last ? Buffer.from(last.id, "utf8").toString("base64url") : null,
  };
}
