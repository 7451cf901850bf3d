// The migration that brings secrets, on a database that has been in use: nothing sealed is lost,
// and jobs that refer to secrets already are known for it.
import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { migrate } from "../../src/store/migrate.ts";
import { createVault } from "../../src/store/vault.ts";
import { verifyVault } from "../../src/store/vault-check.ts";
import { createTestDatabase } from "../support/db.ts";
import { migrateUpTo } from "../support/migrations.ts";

const request = (part: object) =>
  JSON.stringify({ url: "https://a.example", headers: {}, ...part });

it("keeps what was sealed, knows its key, and finds the references of jobs", async (test) => {
  const database = await createTestDatabase({ isEmpty: true });
  test.onTestFinished(() => database.drop());
  const { db } = database;
  await migrateUpTo(db, 2);
  const vault = createVault([{ version: 1, key: randomBytes(32) }]);
  await db.run(sql`
    insert into vault_checks (key_version, sealed)
    values (1, ${vault.seal("vault_check_1", "trigrun")})`);
  await db.run(sql`insert into workspaces (id, name) values ('ws_1', 'one')`);
  await db.run(sql`insert into destinations (id, workspace_id, key) values ('d', 'ws_1', 'k')`);
  await db.run(sql`
    insert into channels (id, workspace_id, name, type, config, secrets, destination_id)
    values ('chan_1', 'ws_1', 'ops', 'webhook', '{}', ${vault.seal("chan_1", "s")}, 'd')`);
  await db.run(sql`
    insert into idempotency_keys (workspace_id, key, fingerprint, status, response)
    values ('ws_1', 'answered', '\\x00', 201, '{"id": "job_1"}')`);
  const headers = { a: "Bearer secret://one and secret://one", b: "secret://two-2" };
  await db.run(sql`
    insert into jobs (id, workspace_id, name, kind, state, request, retry_policy) values
      ('job_1', 'ws_1', 'a', 'one_time', 'active', ${request({ headers })}, '{}'),
      ('job_2', 'ws_1', 'b', 'one_time', 'active', ${request({ body: "none" })}, '{}')`);

  expect((await migrate(db)).length).toBeGreaterThan(0);
  expect(await verifyVault(db, vault)).toBeUndefined();
  expect(vault.version).toBe(1);
  const jobs = await db.rows<{ names: string[] }>(
    sql`select array(select unnest(secret_names) order by 1) as names from jobs order by id`,
  );
  expect(jobs.map(({ names }) => names)).toEqual([["one", "two-2"], []]);
  // An answer that was kept in the clear is not kept on.
  expect(await db.rows(sql`select key from idempotency_keys`)).toEqual([]);
  const [channel] = await db.rows<{ key_version: number }>(sql`select key_version from channels`);
  expect(channel?.key_version).toBe(1);
});
