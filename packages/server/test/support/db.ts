// Gives each test file a database of its own, copied from the migrated template, and takes it
// away again. Dropping it fails when the test left a connection open.

import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { inject } from "vitest";
import { connect, type Database, raw, type SocketTarget, sql } from "../../src/store/db.ts";
import { TEST_DATABASE_PREFIX, toUrl } from "./postgres.ts";

export interface TestDatabase {
  db: Database;
  connection: SocketTarget;
  url: string;
  // Closes `db`, fails if any other connection is still open, and drops the database.
  drop(): Promise<void>;
}

// A backend needs a moment to notice that its client has gone.
const LEAVE_TRIES = 100;
const LEAVE_WAIT_MS = 20;

export interface TestDatabaseOptions {
  // Without the schema: for tests of the migrations themselves.
  isEmpty?: boolean;
}

export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const template = inject("template");
  // template1 is what PostgreSQL copies by itself.
  const source = options.isEmpty ? "template1" : template.database;
  const database = `${TEST_DATABASE_PREFIX}${randomBytes(6).toString("hex")}`;
  await withAdmin(template, async (admin) => {
    // File copy: without fsync it costs less than logging every page of the copy.
    await admin.run(raw(`create database ${database} template ${source} strategy file_copy`));
  });
  const connection = { ...template, database };
  const db = connect({ ...connection, poolMax: 10, applicationName: "test" });
  return {
    db,
    connection,
    url: toUrl(connection),
    drop: async () => {
      await db.close();
      await withAdmin(template, async (admin) => {
        const left = await findLeft(admin, database);
        await admin.run(raw(`drop database ${database} with (force)`));
        if (left.length > 0) {
          throw new Error(`The test left connections open: ${left.join("; ")}`);
        }
      });
    },
  };
}

async function withAdmin(template: SocketTarget, work: (admin: Database) => Promise<void>) {
  const target = { ...template, database: "postgres" };
  const admin = connect({ ...target, poolMax: 1, applicationName: "test admin" });
  try {
    await work(admin);
  } finally {
    await admin.close();
  }
}

async function findLeft(admin: Database, database: string): Promise<string[]> {
  for (let tries = 1; ; tries += 1) {
    const rows = await admin.rows<{ application_name: string; query: string }>(sql`
      select application_name, query from pg_stat_activity
      where datname = ${database} and backend_type = 'client backend'`);
    if (rows.length === 0 || tries === LEAVE_TRIES) {
      return rows.map((row) => `${row.application_name}: ${row.query}`);
    }
    await delay(LEAVE_WAIT_MS);
  }
}
