// The database's clock as this process tells it.

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type DatabaseClock, syncClock } from "../../src/store/clock.ts";
import { type Database, sql } from "../../src/store/db.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";

let test: TestDatabase;

beforeAll(async () => {
  test = await createTestDatabase({ isEmpty: true });
});

afterEach(() => {
  vi.useRealTimers();
});

afterAll(async () => {
  await test.drop();
});

// The database read its clock between the two readings of ours.
async function expectAgreement(clock: DatabaseClock, db: Database): Promise<void> {
  const before = clock.now().getTime();
  const [row] = await db.rows<{ at: Date }>(sql`select clock_timestamp()::timestamptz(3) as at`);
  const after = clock.now().getTime();
  const at = row?.at.getTime() ?? 0;
  // One ms for the rounding of either side.
  expect(at).toBeGreaterThanOrEqual(before - clock.errorMs - 1);
  expect(at).toBeLessThanOrEqual(after + clock.errorMs + 1);
}

describe("syncClock", () => {
  it("tells the database's time within its own margin", async () => {
    const clock = await syncClock(test.db);
    expect(clock.errorMs).toBeLessThan(1_000);
    await expectAgreement(clock, test.db);
    await clock.resync();
    await expectAgreement(clock, test.db);
  });

  it("is not moved by a step of this machine's wall clock", async () => {
    const clock = await syncClock(test.db);
    vi.useFakeTimers({ toFake: ["Date"], now: new Date("1999-12-31T23:59:59Z") });
    await expectAgreement(clock, test.db);
    await clock.resync();
    await expectAgreement(clock, test.db);
  });
});
