// How a page gets its data: hooks over the contract's client, one cache for the page. The key of
// what is cached is the route's own key and what was asked, so that a write can name what it makes
// stale by route. No page calls `fetch`.

import {
  QueryClient,
  QueryClientProvider,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { type Answer, ApiError, type TrigRunApi } from "@trigrun/contract";
import { createContext, type ReactNode, useContext, useState } from "react";
import { showToast } from "../components/toast.ts";
import { type ApiClient, createBrowserClient, Unreachable } from "./client.ts";

/** Routes that answer once; one that streams has no method in the client. */
export type RouteKey = keyof ApiClient;
export type AnswerOf<K extends RouteKey> = Answer<TrigRunApi[K]>;
export type InputOf<K extends RouteKey> = Parameters<ApiClient[K]>[0];

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
      // What was sent and answered may hold a credential: it goes with the component that sent it.
      mutations: { networkMode: "always", gcTime: 0 },
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

type Method<K extends RouteKey> = (input?: InputOf<K>) => Promise<AnswerOf<K>>;

// Each key of the client is the method of its route; TypeScript cannot follow a key that is a
// parameter through the mapped type.
export const methodOf = <K extends RouteKey>(client: ApiClient, key: K) =>
  client[key] as unknown as Method<K>;

interface ReadOptions<K extends RouteKey> {
  /** Asks again so often while the page is seen. */
  readonly everyMs?: number;
  /** True for an answer that changes no more by itself: then it asks no further. */
  readonly isEnded?: (answer: AnswerOf<K>, readAtMs: number) => boolean;
  readonly isOff?: boolean;
}

/** `useRead("getJob", { params: { id } })` */
export function useRead<K extends RouteKey>(
  key: K,
  input?: InputOf<K>,
  options: ReadOptions<K> = {},
) {
  const client = useClient();
  const { everyMs, isOff = false, isEnded } = options;
  return useQuery<AnswerOf<K>, Error>({
    queryKey: [key, input ?? {}],
    queryFn: () => methodOf(client, key)(input),
    refetchInterval: ({ state: { data, dataUpdatedAt } }) =>
      everyMs === undefined || (data !== undefined && isEnded?.(data, dataUpdatedAt))
        ? false
        : everyMs,
    enabled: !isOff,
  });
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
    mutationFn: (input) => methodOf(client, key)(input),
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
