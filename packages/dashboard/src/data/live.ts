// Follows what changes on the server, over one stream for the page, and has what is shown of it
// read again. It is a hint to look and never holds a record; while nobody looks, it is closed.
import { type QueryKey, useQueryClient } from "@tanstack/react-query";
import { type Changes, changes } from "@trigrun/contract";
import { createParser } from "eventsource-parser";
import { useEffect } from "react";
import type { RouteKey } from "./api.tsx";
import { basePath, reachable } from "./client.ts";
import { createRereading } from "./rereading.ts";
import { createStore, useStore } from "./store.ts";

/** Whether changes show by themselves now. */
const live = createStore(false);

// The server sends a comment every 15 s; two of them missing is a line that is dead.
const silenceMs = 35_000;
// From what a person does not notice to what spares a server that is down for hours.
const waitMinMs = 1_000;
const waitMaxMs = 30_000;
// While the line stands, asking is for what the line cannot tell; without it, it is all there is.
const askSeldomMs = 60_000;
const askOftenMs = 5_000;

/** For one thing that is looked at and not over: cheap, and whoever waits for it sees each step. */
export const openMs = 5_000;

/** Routes whose answers tell of many executions, or of many deliveries. */
const ofExecutions: readonly RouteKey[] = [
  ...(["listExecutions", "listJobExecutions", "listJobs", "getJob"] as const),
  ...(["getOverview", "getJobStatistics"] as const),
];
const ofDeliveries: readonly RouteKey[] = [
  ...(["listDeliveries", "listChannelStatistics", "listExecutionNotifications"] as const),
];
/** Routes about one of them. */
const ofExecution: readonly RouteKey[] = ["getExecution", "explainExecution"];
const ofDelivery: readonly RouteKey[] = ["getDelivery", "explainDelivery"];

export function useIsLive(): boolean {
  return useStore(live);
}

/**
 * How often a page asks again, whether or not the stream tells of what it shows. `keptMs` is how
 * long the server gives the same answer: what the stream tells of shows only after that.
 */
export function useEveryMs(keptMs = askSeldomMs): number {
  return useIsLive() ? Math.min(keptMs, askSeldomMs) : askOftenMs;
}

/** Keeps the stream open while the window is seen. Once in the page. */
export function useLive(token: string): void {
  const queries = useQueryClient();
  useEffect(() => {
    const reread = createRereading(queries);
    let line: AbortController | undefined;
    const decide = () => {
      if (document.hidden) line?.abort();
      else if (line === undefined || line.signal.aborted) {
        line = new AbortController();
        void keepUp(token, reread, line.signal);
      }
    };
    decide();
    document.addEventListener("visibilitychange", decide);
    return () => {
      document.removeEventListener("visibilitychange", decide);
      line?.abort();
    };
  }, [token, queries]);
}

type Reread = (queryKey: QueryKey) => void;

async function keepUp(token: string, reread: Reread, signal: AbortSignal): Promise<void> {
  let waitMs = waitMinMs;
  while (!signal.aborted) {
    const end = await followOnce(token, reread, signal);
    live.set(false);
    if (end === "refused") return;
    waitMs = end === "told" ? waitMinMs : Math.min(waitMs * 2, waitMaxMs);
    // Spread, so that all windows do not come back to a server at once.
    await pause(waitMs * (0.5 + Math.random() / 2), signal);
  }
}

/** `refused` is what another try would not change; `told` that it had stood. */
type End = "refused" | "told" | "silent";

async function followOnce(token: string, reread: Reread, outer: AbortSignal): Promise<End> {
  const silence = new AbortController();
  const signal = AbortSignal.any([outer, silence.signal]);
  let timer = setTimeout(() => silence.abort(), silenceMs);
  let end: End = "silent";
  const parser = createParser({
    onEvent({ event, data }) {
      end = "told";
      live.set(!outer.aborted);
      if (event === "reset") refresh(reread, null);
      if (event === "changes") refresh(reread, toChanges(data));
    },
  });
  try {
    const answer = await fetch(`${location.origin}${basePath}/v1/events`, {
      headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
      ...{ cache: "no-store", credentials: "omit", redirect: "error", signal },
    });
    reachable.set(true);
    if (answer.status === 401 || answer.status === 403) return "refused";
    if (!answer.ok || answer.body === null) return end;
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), silenceMs);
      parser.feed(part.value);
    }
  } catch {
    // Cut, silent or not reachable: the pages ask by themselves meanwhile, and find out which.
  } finally {
    clearTimeout(timer);
  }
  return end;
}

/** Null for what a newer server says otherwise; then everything is read again. */
function toChanges(data: string): Changes | null {
  try {
    return changes.safeParse(JSON.parse(data)).data ?? null;
  } catch {
    return null;
  }
}

function refresh(reread: Reread, told: Changes | null): void {
  const stale = (keys: readonly RouteKey[], id?: string | null) => {
    for (const key of keys) reread(typeof id === "string" ? [key, { params: { id } }] : [key]);
  };
  if (told === null) {
    stale([...ofExecutions, ...ofDeliveries, ...ofExecution, ...ofDelivery]);
    return;
  }
  const { executions, deliveries } = told;
  if (executions.length > 0) stale(ofExecutions);
  if (deliveries.length > 0) stale(ofDeliveries);
  for (const { id } of executions) stale(ofExecution, id);
  for (const { id, execution_id: executionId } of deliveries) {
    stale(ofDelivery, id);
    // The explanation of an execution says who was told.
    if (executionId !== null) stale(["explainExecution"], executionId);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
