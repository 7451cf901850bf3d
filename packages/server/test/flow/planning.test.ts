// From a schedule to executions: each slot has exactly one, whatever happens around it.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { createStory, type Story } from "../support/story.ts";

let story: Story;
beforeEach(async () => {
  story = await createStory("2026-03-01T10:00:30Z");
});
afterEach(() => story.close());

async function slots(jobId: string) {
  const { items } = await story.client.listJobExecutions({ params: { id: jobId } });
  return items.map(({ scheduled_for, status }) => `${scheduled_for.slice(11, 19)} ${status}`);
}

describe("the planner", () => {
  it("makes one execution for each slot as it comes due, and none before", async () => {
    const target = await story.addReceiver();
    const jobId = await story.addJob(target.url);
    await story.tick();
    expect(await slots(jobId)).toEqual([]);
    for (const at of ["10:10:00", "10:20:00", "10:20:01", "10:30:00"]) {
      story.clock.at(`2026-03-01T${at}Z`);
      await story.tick();
    }
    expect(await slots(jobId)).toEqual([
      "10:30:00 succeeded",
      "10:20:00 succeeded",
      "10:10:00 succeeded",
    ]);
    expect(target.calls).toHaveLength(3);
  });

  it("keeps to one execution a slot though two planners see the same jobs", async () => {
    const target = await story.addReceiver();
    const jobIds = await Promise.all(Array.from({ length: 20 }, () => story.addJob(target.url)));
    const other = await story.addNode();
    story.clock.at("2026-03-01T10:10:00Z");
    await Promise.all([story.node.planner.runOnce(), other.planner.runOnce()]);
    await Promise.all([story.node.planner.runOnce(), other.planner.runOnce()]);
    for (const jobId of jobIds) expect(await slots(jobId)).toHaveLength(1);
  });

  it("leaves neither execution nor advance behind when its transaction is cut", async () => {
    const target = await story.addReceiver();
    const jobId = await story.addJob(target.url);
    story.clock.at("2026-03-01T10:10:00Z");
    // The transaction fails at its very end: what was done before must go too.
    await story.db.run(sql`
      create function refuse() returns trigger language plpgsql
      as $$ begin raise exception 'cut'; end $$`);
    await story.db.run(sql`
      create constraint trigger refuse after update of next_run_at on jobs
      deferrable initially deferred for each row execute function refuse()`);
    expect(await story.node.planner.runOnce()).toBe(1);
    expect(story.lines.join()).toContain("cut");
    expect(await slots(jobId)).toEqual([]);
    const job = await story.client.getJob({ params: { id: jobId } });
    expect(job.next_run_at).toBe("2026-03-01T10:10:00.000Z");
    await story.db.run(sql`drop trigger refuse on jobs`);
    story.clock.advance(1_000);
    await story.tick();
    expect(await slots(jobId)).toEqual(["10:10:00 succeeded"]);
  });

  it("refuses a second execution of the same slot in the database itself", async () => {
    const target = await story.addReceiver();
    const jobId = await story.addJob(target.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.tick();
    await expect(
      story.db.run(sql`
        insert into executions (id, workspace_id, job_id, status, trigger, scheduled_for, due_at)
        select new_id('exec'), workspace_id, job_id, 'queued', 'schedule', scheduled_for, now()
        from executions where job_id = ${jobId}`),
    ).rejects.toThrow("executions_default_slot_idx");
  });

  it("after an outage runs the latest slot and records the older ones as missed", async () => {
    const target = await story.addReceiver();
    const jobId = await story.addJob(target.url);
    story.clock.at("2026-03-01T11:05:00Z");
    await story.tick();
    expect(await slots(jobId)).toEqual([
      "11:00:00 succeeded",
      "10:50:00 cancelled",
      "10:40:00 cancelled",
      "10:30:00 cancelled",
      "10:20:00 cancelled",
      "10:10:00 cancelled",
    ]);
    expect(target.calls).toHaveLength(1);
    const { items } = await story.client.listExecutions({ query: { status: "cancelled" } });
    expect(items[0]?.reason).toMatch(/^Missed: no TrigRun node planned this when it was due/);
  });

  it("runs every slot that is at most ten minutes late", async () => {
    const target = await story.addReceiver();
    const schedule = { cron: "* * * * *", timezone: "UTC" };
    const jobId = await story.addJob(target.url, { schedule });
    story.clock.at("2026-03-01T10:05:00Z");
    await story.tick();
    expect(await slots(jobId)).toHaveLength(5);
    expect(target.calls).toHaveLength(5);
  });

  it("makes up for a week of outage without a stampede, and names every slot", async () => {
    const target = await story.addReceiver();
    const schedule = { cron: "* * * * *", timezone: "UTC" };
    const jobId = await story.addJob(target.url, { schedule });
    story.clock.at("2026-03-08T10:00:30Z");
    await story.tick();
    const rows = await story.db.rows<{ status: string; scheduled_for: Date; reason: string }>(sql`
      select status, scheduled_for, reason from executions
      where job_id = ${jobId} order by scheduled_for`);
    const run = rows.filter(({ status }) => status === "succeeded");
    const missed = rows.filter(({ status }) => status === "cancelled");
    expect([run.length, missed.length]).toEqual([10, 100]);
    // 10,080 slots in a week: ten run, 99 have rows of their own.
    expect(missed[0]?.reason).toContain(
      "This row stands for 9971 slots of the job, from 2026-03-01T10:01:00.000Z to " +
        "2026-03-08T08:11:00.000Z.",
    );
    expect(missed[1]?.scheduled_for).toEqual(new Date("2026-03-08T08:12:00Z"));
    expect(missed.filter(({ reason }) => reason.includes("stands for"))).toHaveLength(1);
  });

  it("runs a scheduled job once and completes it", async () => {
    const target = await story.addReceiver();
    const jobId = await story.addJob(target.url, {
      kind: "scheduled",
      schedule: { run_at: "2026-03-01T10:01:00Z" as never },
    });
    story.clock.at("2026-03-01T10:01:00Z");
    await story.tick();
    const job = await story.client.getJob({ params: { id: jobId } });
    expect(job).toMatchObject({ state: "completed", next_run_at: null });
    expect(target.calls).toHaveLength(1);
  });

  it("runs a one-time job at once and completes it", async () => {
    const target = await story.addReceiver();
    const jobId = await story.addJob(target.url, { kind: "one_time", schedule: {} });
    await story.tick();
    const job = await story.client.getJob({ params: { id: jobId } });
    expect(job.state).toBe("completed");
    expect(target.calls).toHaveLength(1);
  });

  it("runs nothing while a job is paused, and goes on from the resume", async () => {
    const target = await story.addReceiver();
    const jobId = await story.addJob(target.url);
    await story.client.pauseJob({ params: { id: jobId } });
    story.clock.at("2026-03-01T10:35:00Z");
    await story.tick();
    expect(await slots(jobId)).toEqual([]);
    await story.client.resumeJob({ params: { id: jobId } });
    story.clock.at("2026-03-01T10:40:00Z");
    await story.tick();
    expect(await slots(jobId)).toEqual(["10:40:00 succeeded"]);
  });

  it("keeps the clock change of the job's own zone", async () => {
    const target = await story.addReceiver();
    const schedule = { cron: "30 2 * * *", timezone: "America/New_York" };
    const jobId = await story.addJob(target.url, { schedule });
    for (const at of ["2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]) {
      story.clock.at(at);
      await story.tick();
    }
    const { items } = await story.client.listJobExecutions({ params: { id: jobId } });
    expect(
      items.filter(({ status }) => status === "succeeded").map((e) => e.scheduled_for),
    ).toEqual(["2026-03-09T06:30:00.000Z", "2026-03-08T07:00:00.000Z", "2026-03-07T07:30:00.000Z"]);
  });
});
