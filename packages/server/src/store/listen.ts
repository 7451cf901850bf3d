// Follows one NOTIFY channel on a connection of its own and reconnects by itself. A notification
// is a hint that something is worth a look: it never carries the only copy of a fact.

import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { readFault } from "./db-errors.ts";

export interface Listening {
  stop(): Promise<void>;
}

export interface ListenOptions {
  client: pg.ClientConfig;
  channel: string;
  onNotify: (payload: string) => void;
  onWarning: (message: string, error: Error) => void;
}

// First wait after a lost connection: longer than a restart of the embedded PostgreSQL answers
// "starting up" (some 75 ms), short enough that nobody sees it.
const RECONNECT_FIRST_MS = 100;
// Longest wait: an outage costs one attempt per 5 s and is noticed as over within 5 s.
const RECONNECT_MAX_MS = 5_000;
// A half-open connection delivers nothing and reports nothing. Polling finds the work meanwhile,
// so half a minute until we notice is soon enough.
const PROBE_EVERY_MS = 30_000;
// The probe asks for nothing; a server that needs longer is as good as away.
const PROBE_TIMEOUT_MS = 5_000;

// Resolves when the first LISTEN stands; rejects with DatabaseUnavailable when it cannot.
export async function listen(options: ListenOptions): Promise<Listening> {
  const stopping = new AbortController();
  let current = await subscribe(options);
  const following = follow();

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      await current.ended;
      if (stopping.signal.aborted) return;
      const next = await resubscribe(options, stopping.signal);
      if (next === undefined) return;
      current = next;
      if (stopping.signal.aborted) return await current.close();
      // Whatever was sent while we were away is gone, so the reader has to look for itself.
      options.onNotify("");
    }
  }

  return {
    stop: async () => {
      stopping.abort();
      await current.close();
      await following;
    },
  };
}

interface Subscription {
  ended: Promise<void>;
  close(): Promise<void>;
}

async function subscribe(options: ListenOptions): Promise<Subscription> {
  const client = new pg.Client(options.client);
  const ended = new Promise<void>((resolve) => {
    client.on("end", resolve);
    // A lost connection is reported here first, and "end" may not follow after a reset.
    client.on("error", (error) => {
      options.onWarning(`The connection that listens to ${options.channel} broke`, error);
      resolve();
    });
  });
  try {
    await client.connect();
    client.on("notification", (notice) => options.onNotify(notice.payload ?? ""));
    await client.query(`listen ${pg.escapeIdentifier(options.channel)}`);
  } catch (error) {
    endQuietly(client);
    throw readFault(error, false).error;
  }
  const probe = setInterval(() => {
    client.query("select 1").catch(() => endQuietly(client));
  }, PROBE_EVERY_MS);
  const close = async () => {
    clearInterval(probe);
    await client.end().catch(() => undefined);
  };
  return { ended: ended.then(close), close };
}

async function resubscribe(
  options: ListenOptions,
  signal: AbortSignal,
): Promise<Subscription | undefined> {
  for (let waitMs = RECONNECT_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RECONNECT_MAX_MS)) {
    // Up to half more, so that the nodes of a cluster do not all come back in the same moment.
    const jitteredMs = waitMs * (1 + Math.random() / 2);
    await delay(jitteredMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
    try {
      return await subscribe(options);
    } catch (error) {
      // The cause is in the message; a loop that waits for the database has nothing to add.
      const reason = error instanceof Error ? error : new Error(String(error));
      options.onWarning(`Still cannot listen to ${options.channel}`, reason);
    }
  }
}

// The settings of the connection: LISTEN waits for ever, every statement on it is a short one.
export function listenerConfig(config: pg.ClientConfig): pg.ClientConfig {
  return { ...config, query_timeout: PROBE_TIMEOUT_MS };
}

function endQuietly(client: pg.Client): void {
  client.end().catch(() => undefined);
}
