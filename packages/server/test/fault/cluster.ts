// Many nodes on one PostgreSQL, with a network between them that can fail, their far ends and a
// client that does not give up. It takes everything away again at its end.

import { guard, unguard } from "../support/guard.ts";
import { type ScratchPostgres, startScratchPostgres, toUrl } from "../support/postgres.ts";
import { createInstallation, type LaunchOptions, type Program } from "../support/program.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { openSiteOn, type Site, until } from "./site.ts";

export interface Load {
  /** Ends it, and waits until all that it made has ended. */
  finish(): Promise<void>;
}

/** The PostgreSQL that the nodes share. */
export type ClusterPostgres = Pick<ScratchPostgres, "connection" | "dataDir" | "stop">;

export interface Cluster extends Site {
  readonly postgres: ClusterPostgres;
  /** What stands between the nodes and PostgreSQL. The test itself goes past it. */
  readonly network: Relay;
  /** Starts so many nodes, and waits until they listen. */
  startNodes(count: number, options?: LaunchOptions): Promise<Program[]>;
  /** Clients that create jobs until they are told to end. */
  startLoad(): Promise<Load>;
  /** Asks every node, until each has answered out of the database. */
  untilAllAnswer(): Promise<void>;
}

export interface ClusterOptions {
  /** For tests that end PostgreSQL: what it has answered must be on the disk. */
  readonly isDurable?: boolean;
}

export async function openCluster(seed: number, options: ClusterOptions = {}): Promise<Cluster> {
  return openClusterOn(await startScratchPostgres(options), seed);
}

export async function openClusterOn(postgres: ClusterPostgres, seed: number): Promise<Cluster> {
  guard(postgres.dataDir);
  const network = await startRelay(postgres.connection.host);
  const installation = await createInstallation(undefined, {
    url: toUrl({ ...postgres.connection, host: network.dir }),
    connection: () => postgres.connection,
  });
  const site = await openSiteOn(installation, seed);
  return {
    ...site,
    ...{ postgres, network },
    async startNodes(count, launch) {
      // The first one makes the tables and the key.
      const first = await installation.start(launch);
      const others = Array.from({ length: count - 1 }, () => installation.start(launch));
      return [first, ...(await Promise.all(others))];
    },
    startLoad: () => startLoad(site),
    async untilAllAnswer() {
      for (const program of installation.living()) await untilItAnswers(program);
    },
    async close() {
      await site.close();
      await network.stop();
      await postgres.stop();
      unguard(postgres.dataDir);
    },
  };
}

// Seconds on a machine of its own; a busy one takes its time.
export const recoverMsMax = 180_000;

async function untilItAnswers({ ready }: Program): Promise<void> {
  const url = await ready;
  await until(`${url} answers`, recoverMsMax, async () => {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    return answer?.status === 200;
  });
}

/** Clients that create jobs of every kind that ends, and a few that repeat. */
export async function startLoad(site: Site): Promise<Load> {
  const { client } = site;
  const enough = new AbortController();
  await client.createChannels();
  await client.createRepeating(4);
  const creating = client.createUntil(enough.signal, { atOnce: 4, pauseMs: 50 });
  // Its failure is told where it is awaited.
  creating.catch(() => undefined);
  return {
    async finish() {
      enough.abort();
      await creating;
      await client.pauseRepeating();
      await site.untilFinished();
    },
  };
}
