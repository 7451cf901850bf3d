// A list of the API page by page, for tables and for lists with a button at their end. A page that
// fails stops there until somebody asks again, and what is there stays.
import {
  hashKey,
  type InfiniteData,
  type Query,
  useInfiniteQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type AnswerOf, type InputOf, methodOf, type RouteKey, useClient } from "./api.tsx";
import { isLong, outdated, unmarkOutdated } from "./long-lists.ts";
import { useStore } from "./store.ts";

/** Routes that answer a page of items. */
export type ListKey = {
  [K in RouteKey]: AnswerOf<K> extends { items: readonly unknown[]; next_cursor: string | null }
    ? K
    : never;
}[RouteKey];
type ItemOf<K extends ListKey> = AnswerOf<K>["items"][number];

export interface List<T> {
  readonly items: readonly T[];
  /** Only when there is nothing to show; later failures leave what is there. */
  readonly error: Error | null;
  readonly isPending: boolean;
  readonly hasMore: boolean;
  readonly isFetchingNextPage: boolean;
  /** Why the next page did not come; none is asked for until `moreAgain`. */
  readonly moreError: Error | null;
  /** True for a list of many pages that is no longer what the server has. */
  readonly isOutdated: boolean;
  more(): void;
  moreAgain(): void;
  again(): void;
  /** From its first page on. */
  reload(): void;
}

const mayReread = ({ state }: Pick<Query, "state">) => !isLong(state.data);

interface ListOptions<K extends ListKey> {
  /** Asks again so often while the page is seen and the list is short. */
  readonly everyMs?: number;
  /** True when nothing in it changes any more by itself. */
  readonly isEnded?: (items: readonly ItemOf<K>[], readAtMs: number) => boolean;
}

/** `useList("listJobs", { query: { state: "active", limit: 100 } })` */
export function useList<K extends ListKey>(
  key: K,
  input: InputOf<K>,
  { everyMs, isEnded }: ListOptions<K> = {},
): List<ItemOf<K>> {
  const client = useClient();
  // The same route read at once by `useRead` is another answer.
  const queryKey = [key, input ?? {}, "pages"];
  // `ListKey` admits routes with items only.
  const toItems = (data: InfiniteData<AnswerOf<K>> | undefined) =>
    (data?.pages.flatMap((page) => [...page.items]) ?? []) as unknown as ItemOf<K>[];
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => {
      const asked = input?.query;
      const next = pageParam === null ? {} : { cursor: pageParam };
      // The query of every list takes a cursor beside what the page asks for.
      const whole = { ...input, query: { ...asked, ...next } } as InputOf<K>;
      return methodOf(client, key)(whole);
    },
    // The first page has no cursor; a bare null would have only itself as its type.
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: ({ state: { data, dataUpdatedAt } }) => {
      if (everyMs === undefined || isLong(data)) return false;
      return data !== undefined && isEnded?.(toItems(data), dataUpdatedAt) ? false : everyMs;
    },
    ...{ refetchOnMount: mayReread, refetchOnWindowFocus: mayReread },
  });
  const { data, error, isPending, refetch } = query;
  return {
    items: toItems(data),
    error: data === undefined ? error : null,
    isPending,
    ...useNextPage(hashKey(queryKey), query),
    ...useReload(queryKey, data, refetch),
    again: () => void refetch(),
  };
}

interface Further {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly isFetchNextPageError: boolean;
  readonly error: Error | null;
  fetchNextPage(): Promise<{ isFetchNextPageError: boolean; error: Error | null }>;
}

function useNextPage(hash: string, query: Further) {
  // Beside what the cache knows: that forgets it with the next reading of the first page.
  const [failure, setFailure] = useState<{ hash: string; error: Error } | null>(null);
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError } = query;
  const known = isFetchNextPageError ? query.error : null;
  const kept = failure?.hash === hash ? failure.error : null;
  const moreError = isFetchingNextPage ? null : (known ?? kept);
  const ask = () =>
    query
      .fetchNextPage()
      .then(({ isFetchNextPageError: hasFailed, error }) =>
        setFailure(hasFailed && error !== null ? { hash, error } : null),
      );
  return {
    ...{ hasMore: hasNextPage, isFetchingNextPage, moreError },
    more: () => {
      if (hasNextPage && !isFetchingNextPage && moreError === null) void ask();
    },
    moreAgain: () => void ask(),
  };
}

function useReload<T>(
  queryKey: readonly unknown[],
  data: InfiniteData<T> | undefined,
  refetch: () => Promise<unknown>,
) {
  const queries = useQueryClient();
  const hash = hashKey(queryKey);
  const isMarked = useStore(outdated).has(hash);
  const isShort = !isLong(data);
  useEffect(() => {
    if (isShort) unmarkOutdated(hash);
  }, [isShort, hash]);
  return {
    isOutdated: isMarked && !isShort,
    reload: () => {
      queries.setQueryData<InfiniteData<T>>(
        queryKey,
        (before) =>
          before && { pages: before.pages.slice(0, 1), pageParams: before.pageParams.slice(0, 1) },
      );
      void refetch();
    },
  };
}
