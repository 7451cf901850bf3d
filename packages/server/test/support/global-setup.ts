// Starts one PostgreSQL for the whole run and migrates one database, which every test file gets a
// copy of. It fails the run when a test file leaves its copy behind.

import type { TestProject } from "vitest/node";
import { connect, type SocketTarget, sql } from "../../src/store/db.ts";
import { migrate } from "../../src/store/migrate.ts";
import { startScratchPostgres, TEST_DATABASE_PREFIX } from "./postgres.ts";

declare module "vitest" {
  export interface ProvidedContext {
    // The migrated database to copy. Nobody connects to it, or it could not be copied.
    template: SocketTarget;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const postgres = await startScratchPostgres();
  const { connection } = postgres;
  const db = connect({ ...connection, poolMax: 1, applicationName: "test template" });
  try {
    await migrate(db);
  } catch (error) {
    await db.close();
    await postgres.stop();
    throw error;
  }
  await db.close();
  project.provide("template", connection);
  return async () => {
    const forgotten = await findForgotten(connection);
    await postgres.stop();
    if (forgotten.length > 0) {
      throw new Error(`These test databases were not dropped: ${forgotten.join(", ")}`);
    }
  };
}

async function findForgotten(connection: SocketTarget): Promise<string[]> {
  const db = connect({ ...connection, poolMax: 1, applicationName: "test teardown" });
  const pattern = `${TEST_DATABASE_PREFIX}%`;
  const rows = await db.rows<{ name: string }>(
    sql`select datname as name from pg_database where datname like ${pattern}`,
  );
  await db.close();
  return rows.map((row) => row.name);
}
