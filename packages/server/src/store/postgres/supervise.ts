// Keeps one PostgreSQL running: starts it again when it dies, a bounded number of times, and ends
// it when asked. It never starts a second one beside a first that may still live.

import { setTimeout as delay } from "node:timers/promises";
import type { Cluster } from "./cluster.ts";
import { launch, type PostgresLog, type Running } from "./launch.ts";
import { hasEnded, stopPostmaster } from "./postmaster.ts";

export interface Supervision {
  stop(): Promise<void>;
  // Called with the reason when it ended and could not be started again.
  onExit(tell: (reason: string) => void): void;
}

// Waits before each start anew. The first is for a crash that was chance; after the last, 17 s
// have passed, something is wrong for good (a full disk), and an operator has to know.
const RESTART_WAITS_MS = [100, 500, 2_000, 5_000, 10_000];
// One that ran this long counts as healthy, and the waits begin anew.
const HEALTHY_MS = 60_000;

export function supervise(
  cluster: Cluster,
  first: Running,
  log: PostgresLog,
  restartWaitsMs = RESTART_WAITS_MS,
): Supervision {
  const stopping = new AbortController();
  const { signal } = stopping;
  const listeners: ((reason: string) => void)[] = [];
  let running = first;
  // Not by the end of the process: that of an adopted one is only looked for now and then, by a
  // timer that does not keep this program alive.
  const stopped = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });

  const follow = async () => {
    let waits = restartWaitsMs;
    while (!signal.aborted) {
      const startedMs = performance.now();
      const reason = await Promise.race([running.ended, stopped]);
      if (signal.aborted || reason === undefined) return;
      log("error", `PostgreSQL ended by itself (${reason}) and is started again`);
      if (performance.now() - startedMs > HEALTHY_MS) waits = restartWaitsMs;
      const restarted = await restart(cluster, waits, log, signal);
      if (restarted === undefined) return giveUp(reason);
      running = restarted.running;
      waits = restarted.waitsLeft;
    }
  };
  const giveUp = (reason: string) => {
    if (signal.aborted) return;
    for (const tell of listeners) tell(`PostgreSQL ended (${reason}) and cannot be started again`);
  };

  const following = follow();
  return {
    onExit: (tell) => {
      listeners.push(tell);
    },
    stop: async () => {
      stopping.abort();
      await end(running);
      await following;
      // A restart that was under way has brought another one.
      await end(running);
    },
  };
}

export async function end(running: Running): Promise<void> {
  if (await hasEnded(running.pid)) return;
  await stopPostmaster(running.pid, () => hasEnded(running.pid));
}

interface Restarted {
  running: Running;
  waitsLeft: number[];
}

async function restart(
  cluster: Cluster,
  waits: number[],
  log: PostgresLog,
  signal: AbortSignal,
): Promise<Restarted | undefined> {
  for (const [index, waitMs] of waits.entries()) {
    await delay(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
    try {
      return { running: await launch(cluster, log), waitsLeft: waits.slice(index + 1) };
    } catch (error) {
      log("error", error instanceof Error ? error.message : String(error));
    }
  }
  return undefined;
}
