// Jobs that cannot be planned: however many there are, they hold up no other, they are said once,
// and they are planned as soon as they can be.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPlanner } from "../../src/plan/planner.ts";
import { sql } from "../../src/store/db.ts";
import type { Receiver } from "../support/receiver.ts";
import { refusalOf } from "../support/refusal.ts";
import { createStory, type Story } from "../support/story.ts";

let story: Story;
let target: Receiver;
beforeEach(async () => {
  story = await createStory("2026-03-01T10:00:30Z");
  target = await story.addReceiver();
});
afterEach(async () => {
  vi.useRealTimers();
  await story.close();
});

// More than one transaction of the planner locks (500).
const many = 501;

/** Jobs that have been due longer than any other, so that each claim finds them first. */
async function addFirst(count: number, timezone: string): Promise<void> {
  await story.db.run(sql`
    insert into jobs (id, workspace_id, name, kind, state, cron, timezone, request, retry_policy,
      next_run_at)
    select new_id('job'), ${story.workspaceId}, 'bad ' || number, 'cron', 'active', '* * * * *',
      ${timezone}, '{}', '{}', '2026-03-01T09:59:00Z'
    from generate_series(1, ${count}::integer) as number`);
}

/** The database refuses every execution of these jobs. */
async function refuseBadRows(): Promise<void> {
  await story.db.run(sql`
    create function refuse() returns trigger language plpgsql as $$ begin
      if (select name like 'bad %' from jobs where id = new.job_id) then
        raise exception 'refused';
      end if;
      return new;
    end $$`);
  await story.db.run(sql`
    create trigger refuse before insert on executions for each row execute function refuse()`);
}

const badLines = () => story.lines.filter((line) => line.includes("could not be planned"));

describe("a good job behind more unplannable ones than a batch holds", () => {
  it("runs on time when their time zone is unknown", async () => {
    await addFirst(many, "Mars/Base");
    const jobId = await story.addJob(target.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.tick();
    const { items } = await story.client.listJobExecutions({ params: { id: jobId } });
    expect(items).toMatchObject([
      { status: "succeeded", scheduled_for: "2026-03-01T10:10:00.000Z" },
    ]);
    expect(target.calls).toHaveLength(1);
    expect(badLines()).toHaveLength(many);
  });

  it("runs on time when the database refuses their rows", async () => {
    await addFirst(many, "UTC");
    await refuseBadRows();
    const jobId = await story.addJob(target.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.tick();
    const { items } = await story.client.listJobExecutions({ params: { id: jobId } });
    expect(items.map(({ status }) => status)).toEqual(["succeeded"]);
    expect(badLines()).toHaveLength(many);
  });

  it("is reached by the loop without a pause", async () => {
    await addFirst(many, "Mars/Base");
    const jobId = await story.addJob(target.url);
    story.clock.at("2026-03-01T10:10:00Z");
    const { db, clock } = story;
    // A loop that pauses sleeps for ever.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    await new Promise<void>((resolve) => {
      const planner = createPlanner({
        ...{ db, clock, catchUpMs: 600_000, publicUrl: "https://cron.example.com" },
        log: { debug() {}, info() {}, warn() {}, error() {} },
        onPlanned: () => void planner.stop().then(resolve),
        onDeliveries: () => undefined,
      });
      planner.start();
    });
    vi.useRealTimers();
    const { items } = await story.client.listJobExecutions({ params: { id: jobId } });
    expect(items).toHaveLength(1);
  });
});

describe("one job whose row is refused", () => {
  it("holds up none of its batch, and is said once while it is tried again and again", async () => {
    await addFirst(1, "UTC");
    await refuseBadRows();
    const jobIds = await Promise.all(Array.from({ length: 20 }, () => story.addJob(target.url)));
    for (const at of ["10:10:00", "10:20:00", "10:30:00"]) {
      story.clock.at(`2026-03-01T${at}Z`);
      await story.tick();
    }
    expect(target.calls).toHaveLength(3 * jobIds.length);
    expect(badLines()).toHaveLength(1);
  });

  it("is planned when it can be, with what was missed, and that is said too", async () => {
    const jobId = await story.addJob(target.url, { name: "bad one" });
    await refuseBadRows();
    story.clock.at("2026-03-01T10:10:00Z");
    await story.tick();
    expect(target.calls).toHaveLength(0);
    await story.db.run(sql`drop trigger refuse on executions`);
    story.clock.advance(1_000);
    await story.tick();
    expect(target.calls).toHaveLength(1);
    expect(story.lines.filter((line) => line.includes("can be planned again"))).toEqual([
      expect.stringContaining(jobId),
    ]);
  });
});

describe("a job whose time zone is unknown", () => {
  let params: { id: string };
  beforeEach(async () => {
    params = { id: await story.addJob(target.url) };
    await story.db.run(sql`update jobs set timezone = 'Mars/Base' where id = ${params.id}`);
    story.clock.at("2026-03-01T10:15:00Z");
    await story.tick();
  });

  it("is mended by a new schedule, which is planned at once and leaves the reason", async () => {
    const body = { schedule: { cron: "* * * * *", timezone: "UTC" } };
    await story.client.updateJob({ params, body });
    story.clock.at("2026-03-01T10:16:00Z");
    await story.tick();
    const { items } = await story.client.listJobExecutions({ params });
    expect(items).toMatchObject([
      { status: "succeeded", scheduled_for: "2026-03-01T10:16:00.000Z" },
      {
        status: "cancelled",
        scheduled_for: "2026-03-01T10:10:00.000Z",
        reason: expect.stringContaining("Invalid time zone specified: Mars/Base"),
      },
    ]);
  });

  it("can be paused and deleted, and the resume says what to change first", async () => {
    expect(await story.client.pauseJob({ params })).toMatchObject({ state: "paused" });
    expect(await refusalOf(story.client.resumeJob({ params }))).toMatch(
      /^unprocessable : .*"Mars\/Base" is not a known time zone.*Change the job's schedule first/,
    );
    await story.client.deleteJob({ params });
    const { items } = await story.client.listJobExecutions({ params });
    expect(items).toMatchObject([
      { status: "cancelled", reason: expect.stringMatching(/^Missed: /) },
    ]);
  });
});
