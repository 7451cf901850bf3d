// How a page gets its data: hooks over the contract's client, one cache for the page. The key of
// what is cached is the route's own key and what was asked, so that a write can name what it makes
// stale by route. No page calls `fetch`.

import {
  QueryClient,
  QueryClientProvider,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { type Answer, ApiError, type TrigRunApi } from "@trigrun/contract";
import { createContext, type ReactNode, useContext, useState } from "react";
import { showToast } from "../components/toast.ts";
import { type ApiClient, createBrowserClient, Unreachable } from "./client.ts";
import { forgetToken } from "./session.ts";

/** Routes that answer once; one that streams has no method in the client. */
export type RouteKey = keyof ApiClient;
export type AnswerOf<K extends RouteKey> = Answer<TrigRunApi[K]>;
export type InputOf<K extends RouteKey> = Parameters<ApiClient[K]>[0];

/** Routes that answer a page of items. */
type ListKey = {
  [K in RouteKey]: AnswerOf<K> extends { items: readonly unknown[]; next_cursor: string | null }
    ? K
    : never;
}[RouteKey];
type ItemOf<K extends ListKey> = AnswerOf<K>["items"][number];

const ClientContext = createContext<ApiClient | null>(null);

/** What went wrong is worth another try by itself only where the same request may succeed. */
function mayPass(error: Error): boolean {
  return error instanceof ApiError && (error.code === "unavailable" || error.code === "internal");
}

function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // A page that is opened again within this time shows what it had and asks nothing.
        staleTime: 5_000,
        networkMode: "always",
        retry: (failures, error) => failures < 2 && mayPass(error),
      },
      mutations: { networkMode: "always" },
    },
  });
}

export function ApiProvider({ token, children }: { token: string | null; children: ReactNode }) {
  const [client] = useState(() => createBrowserClient(token));
  const [queries] = useState(createQueryClient);
  return (
    <ClientContext value={client}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </ClientContext>
  );
}

export function useClient(): ApiClient {
  const client = useContext(ClientContext);
  if (client === null) throw new Error("no ApiProvider around this component");
  return client;
}

/** A token that has ended is forgotten, which leads to the sign-in; the address stays. */
async function orSignOut<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof ApiError && error.code === "unauthorized") forgetToken();
    throw error;
  }
}

type Method<K extends RouteKey> = (input?: InputOf<K>) => Promise<AnswerOf<K>>;

// Each key of the client is the method of its route; TypeScript cannot follow a key that is a
// parameter through the mapped type.
const methodOf = <K extends RouteKey>(client: ApiClient, key: K) =>
  client[key] as unknown as Method<K>;

export interface ReadOptions {
  /** Asks again so often while the page is seen. */
  readonly everyMs?: number;
  readonly isOff?: boolean;
}

/** `useRead("getJob", { params: { id } })` */
export function useRead<K extends RouteKey>(key: K, input?: InputOf<K>, options: ReadOptions = {}) {
  const client = useClient();
  return useQuery<AnswerOf<K>, Error>({
    queryKey: [key, input ?? {}],
    queryFn: () => orSignOut(methodOf(client, key)(input)),
    ...(options.everyMs === undefined ? {} : { refetchInterval: options.everyMs }),
    enabled: options.isOff !== true,
  });
}

// More pages than this are somebody reading back in time; asking for all of them again and again
// would cost more than it shows.
const livePagesMax = 2;

/** A list, page by page: `useList("listJobs", { query: { state: "active", limit: 100 } })`. */
export function useList<K extends ListKey>(
  key: K,
  input: InputOf<K>,
  options: ReadOptions = {},
): List<ItemOf<K>> {
  const client = useClient();
  const query = useInfiniteQuery({
    queryKey: [key, input ?? {}],
    queryFn: ({ pageParam }) => {
      const asked = input?.query;
      const next = pageParam === null ? {} : { cursor: pageParam };
      // The query of every list takes a cursor beside what the page asks for.
      const whole = { ...input, query: { ...asked, ...next } } as InputOf<K>;
      return orSignOut(methodOf(client, key)(whole));
    },
    // The first page has no cursor; a bare null would have only itself as its type.
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    refetchInterval: ({ state }) =>
      (state.data?.pages.length ?? 0) <= livePagesMax ? (options.everyMs ?? false) : false,
  });
  const { data, error, isPending, hasNextPage, isFetchingNextPage, refetch } = query;
  return {
    // `ListKey` admits routes with items only.
    items: (data?.pages.flatMap((page) => [...page.items]) ?? []) as unknown as ItemOf<K>[],
    error: data === undefined ? error : null,
    ...{ isPending, isFetchingNextPage, hasMore: hasNextPage },
    more: () => {
      if (hasNextPage && !isFetchingNextPage) void query.fetchNextPage();
    },
    again: () => void refetch(),
  };
}

export interface List<T> {
  readonly items: readonly T[];
  /** Only when there is nothing to show; later failures leave what is there. */
  readonly error: Error | null;
  readonly isPending: boolean;
  readonly hasMore: boolean;
  readonly isFetchingNextPage: boolean;
  more(): void;
  again(): void;
}

export interface WriteOptions<K extends RouteKey> {
  /** Routes whose cached answers are stale after it. */
  readonly stales?: readonly RouteKey[];
  readonly onDone?: (answer: AnswerOf<K>, input: InputOf<K>) => void;
  /** True where the form shows the error itself; elsewhere it is a toast. */
  readonly showsError?: boolean;
}

/** `const pause = useWrite("pauseJob", { stales: ["listJobs"] }); pause.mutate({ params })`. */
export function useWrite<K extends RouteKey>(key: K, options: WriteOptions<K> = {}) {
  const client = useClient();
  const refresh = useRefresh();
  return useMutation<AnswerOf<K>, Error, InputOf<K>>({
    mutationFn: (input) => orSignOut(methodOf(client, key)(input)),
    onSuccess: (answer, input) => {
      refresh(options.stales ?? []);
      options.onDone?.(answer, input);
    },
    onError: (error) => {
      if (options.showsError !== true) showToast({ text: toSentence(error), tone: "bad" });
    },
  });
}

/** Asks again for everything that these routes answered. */
export function useRefresh(): (keys: readonly RouteKey[]) => void {
  const queries = useQueryClient();
  return (keys) => {
    for (const key of keys) void queries.invalidateQueries({ queryKey: [key] });
  };
}

/** What a person reads of a failure. The API's messages are made for that. */
export function toSentence(error: unknown): string {
  if (error instanceof ApiError || error instanceof Unreachable) return error.message;
  if (error instanceof Error && error.name === "UnexpectedAnswer") return error.message;
  return "Something went wrong in this page. Reload it.";
}
