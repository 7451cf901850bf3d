// The checked-in schema dump is what the migrations make.
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { dumpSchema } from "../support/schema-dump.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

it("matches store/schema.sql; `npm run generate` renews it", async () => {
  const file = new URL("../../src/store/schema.sql", import.meta.url);
  expect(await dumpSchema(database.db)).toBe(await readFile(file, "utf8"));
});
