// Jobs in the database: what is written is read back the same, and who wins against the planner.
import { type JobInput, jobInput } from "@trigrun/contract";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newId } from "../../src/id.ts";
import { pauseJob, toNewJob } from "../../src/plan/job.ts";
import type { Database } from "../../src/store/db.ts";
import { findJob, insertJob, lockJob, markDeleted, saveJob } from "../../src/store/jobs.ts";
import { advanceJobs, lockDueJobs } from "../../src/store/planning.ts";
import { untilBlocked } from "../support/blocked.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { insertJobRow, insertWorkspace, rowsMadeAt } from "../support/rows.ts";

let test: TestDatabase;
let db: Database;
let workspaceId: string;

beforeAll(async () => {
  test = await createTestDatabase();
  db = test.db;
});

afterAll(async () => {
  await test.drop();
});

beforeEach(async () => {
  workspaceId = await insertWorkspace(db);
});

const now = rowsMadeAt;
const hourLater = new Date(now.getTime() + 3_600_000);

function parse(fields: object): JobInput {
  const request = {
    url: "https://api.example.com/",
    method: "POST",
    body: { z: 1, a: [null, "ü", { deep: true }] },
  };
  return jobInput.parse({ name: "job", request, ...fields });
}

const kinds = [
  { kind: "recurring", schedule: { every_n_minutes: 7 } },
  { kind: "cron", schedule: { cron: "*/5 * * * MON", timezone: "Asia/Kathmandu" } },
  { kind: "scheduled", schedule: { run_at: "2026-11-24T00:00:00.123Z" } },
  { kind: "one_time" },
];

describe("jobs", () => {
  it.each(kinds)("reads back what was written, of any kind: %j", async (fields) => {
    const id = newId("job", now);
    const job = toNewJob(parse(fields), now);
    await insertJob(db, { id, workspaceId, job, now });
    expect(await lockJob(db, workspaceId, id)).toEqual(job);
    expect((await findJob(db, workspaceId, id))?.schedule).toEqual(fields.schedule ?? {});
  });

  it.each(kinds)("becomes any other kind: %j", async (fields) => {
    for (const before of kinds) {
      const id = newId("job", now);
      await insertJob(db, { id, workspaceId, job: toNewJob(parse(before), now), now });
      const job = toNewJob(parse(fields), now);
      await saveJob(db, id, job, now);
      expect(await lockJob(db, workspaceId, id)).toEqual(job);
    }
  });

  it("hides deleted ones from reading and changing", async () => {
    const id = await insertJobRow(db, { workspaceId });
    await markDeleted(db, id, now);
    expect(await findJob(db, workspaceId, id)).toBeUndefined();
    expect(await lockJob(db, workspaceId, id)).toBeUndefined();
  });

  it("belongs to one workspace", async () => {
    const id = await insertJobRow(db, { workspaceId });
    const other = await insertWorkspace(db, "Other");
    expect(await findJob(db, other, id)).toBeUndefined();
    expect(await lockJob(db, other, id)).toBeUndefined();
  });
});

describe("lockJob", () => {
  it("hides a job from the planner until the change is written", async () => {
    const id = await insertJobRow(db, { workspaceId, nextRunAt: now });
    await db.transaction(async (tx) => {
      const job = await lockJob(tx, workspaceId, id);
      if (!job) throw new Error("the job is not there");
      expect(await lockIds(now)).not.toContain(id);
      await saveJob(tx, id, pauseJob(job), now);
    });
    expect(await lockIds(hourLater)).not.toContain(id);
  });

  it("waits for the planner and reads what it wrote", async () => {
    const id = await insertJobRow(db, { workspaceId, nextRunAt: now });
    let locked: ReturnType<typeof lockJob> | undefined;
    await db.transaction(async (tx) => {
      const jobs = await lockDueJobs(tx, now, 1_000);
      expect(jobs.map((job) => job.id)).toContain(id);
      locked = lockJob(db, workspaceId, id);
      await untilBlocked(db);
      await advanceJobs(tx, [{ id, nextRunAt: hourLater }]);
    });
    expect(await locked).toMatchObject({ nextRunAt: hourLater });
  });

  async function lockIds(dueBy: Date): Promise<string[]> {
    return (await lockDueJobs(db, dueBy, 1_000)).map(({ id }) => id);
  }
});
