// Starts a real PostgreSQL in a folder of its own, for a test run, one fault test or the demo, and
// leaves nothing behind. It must never be pointed at a folder that someone keeps.

import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { SocketTarget } from "../../src/store/db.ts";
import { type PostgresLog, startEmbeddedPostgres } from "../../src/store/embedded-postgres.ts";

export interface ScratchPostgres {
  connection: SocketTarget;
  // The same place as a DATABASE_URL, for programs that are started.
  url: string;
  dataDir: string;
  // Ends it and removes its folder.
  stop(): Promise<void>;
}

export interface ScratchOptions {
  // Keeps fsync on: for tests that end processes on purpose.
  isDurable?: boolean;
  log?: PostgresLog;
}

// Tells the databases of test files from those that every server has.
export const TEST_DATABASE_PREFIX = "test_";

// Nothing here outlives the run, so nothing has to reach the disk.
const HASTY = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  // Every test file that runs in parallel has a database and pools of its own.
  max_connections: "200",
};

export async function startScratchPostgres(options: ScratchOptions = {}): Promise<ScratchPostgres> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "trigrun-test-"));
  // As openDataFolder makes it for root, whose database runs as another user.
  await chmod(dataDir, 0o711);
  try {
    const postgres = await startEmbeddedPostgres({
      dataDir,
      log: options.log ?? (() => undefined),
      settings: options.isDurable ? {} : HASTY,
    });
    const { connection } = postgres;
    return {
      connection,
      url: toUrl(connection),
      dataDir,
      stop: async () => {
        await postgres.stop();
        await removeFolder(dataDir);
      },
    };
  } catch (error) {
    await removeFolder(dataDir);
    throw error;
  }
}

// Names the socket's folder the way pg reads it from an address.
export function toUrl({ host, port, user, database }: SocketTarget): string {
  const query = new URLSearchParams({ host, port: String(port) });
  return `postgres://${user}@localhost/${database}?${query}`;
}

async function removeFolder(dataDir: string): Promise<void> {
  await rm(dataDir, { recursive: true, force: true });
}
