// Lists that come in pages: one page by default, as many items as asked for, or all of them.
import type { Command } from "commander";
import { positiveNumber } from "./flags.ts";

export interface PageFlags {
  readonly limit?: number;
  readonly all?: true;
  readonly cursor?: string;
}

export interface Page<T> {
  readonly items: T[];
  readonly next_cursor: string | null;
}

// The largest page the API gives.
const pageLengthMax = 100;

export function addPageFlags(command: Command): Command {
  return command
    .option("--limit <n>", "how many at most (default 50)", positiveNumber)
    .option("--all", "follow the pages to the end")
    .option("--cursor <cursor>", "go on from the `next_cursor` of an earlier answer");
}

/** Follows pages as far as the flags say; the result has the shape of one page. */
export async function collect<T>(
  flags: PageFlags,
  fetchPage: (query: { limit?: number; cursor?: string }) => Promise<Page<T>>,
): Promise<Page<T>> {
  const wanted = flags.limit ?? (flags.all === true ? Number.POSITIVE_INFINITY : undefined);
  let page = await fetchPage(toQuery(wanted, flags.cursor));
  const items = [...page.items];
  while (wanted !== undefined && items.length < wanted && page.next_cursor !== null) {
    const cursor = page.next_cursor;
    page = await fetchPage(toQuery(wanted - items.length, cursor));
    // A server that answers the cursor it was given would keep us here for ever.
    if (page.next_cursor === cursor) throw new Error("the server repeats a page");
    items.push(...page.items);
  }
  return { items, next_cursor: page.next_cursor };
}

function toQuery(rest: number | undefined, cursor: string | undefined) {
  return {
    ...(rest === undefined ? {} : { limit: Math.min(pageLengthMax, rest) }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}
