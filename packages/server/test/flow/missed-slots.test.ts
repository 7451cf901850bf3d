// What was missed is told: the end of a missed slot and its deliveries are one transaction, whether
// the planner finds it or a client who changes the job.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPlanner } from "../../src/plan/planner.ts";
import { sql } from "../../src/store/db.ts";
import type { Receiver } from "../support/receiver.ts";
import { createStory, type Story } from "../support/story.ts";
import { hearWake } from "../support/wakes.ts";

let story: Story;
let target: Receiver;
let ops: Receiver;
beforeEach(async () => {
  story = await createStory("2026-03-01T10:00:30Z");
  target = await story.addReceiver();
  ops = await story.addReceiver();
});
afterEach(() => story.close());

interface Told {
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    readonly event: string;
    readonly next_run_at: string | null;
    readonly execution: { readonly id: string; readonly scheduled_for: string };
  };
}

function toldCancels(): Told[] {
  return ops.calls
    .map(({ body }): Told => JSON.parse(body))
    .filter(({ type }) => type === "execution.cancelled")
    .sort((a, b) => (a.data.execution.scheduled_for < b.data.execution.scheduled_for ? -1 : 1));
}

const slotsOf = (told: readonly Told[]) =>
  told.map(({ data }) => data.execution.scheduled_for.slice(11, 16));

async function missed(jobId: string) {
  const query = { status: "cancelled" as const, job_id: jobId };
  return (await story.client.listExecutions({ query })).items;
}

describe("a missed slot that the planner finds", () => {
  it("is told on completion, and on completion only, with facts that are true", async () => {
    const jobId = await story.addJob(target.url, { name: "report" });
    for (const event of ["on_success", "on_failure", "on_completion"] as const) {
      await story.tell(jobId, event, ops.url);
    }
    story.clock.at("2026-03-01T10:35:00Z");
    await story.tick();
    const told = toldCancels();
    expect(slotsOf(told)).toEqual(["10:10", "10:20"]);
    const [first] = told;
    expect(first).toEqual({
      type: "execution.cancelled",
      timestamp: "2026-03-01T10:35:00.000Z",
      data: {
        event: "on_completion",
        job: { id: jobId, name: "report", kind: "cron" },
        execution: {
          id: (await missed(jobId)).at(-1)?.id,
          status: "cancelled",
          trigger: "schedule",
          scheduled_for: "2026-03-01T10:10:00.000Z",
          started_at: null,
          finished_at: "2026-03-01T10:35:00.000Z",
          duration_ms: null,
          attempts: 0,
          max_attempts: 3,
          usual_duration_ms: null,
          reason: expect.stringMatching(/^Missed: no TrigRun node planned this/),
        },
        last_attempt: null,
        next_run_at: "2026-03-01T10:40:00.000Z",
        url: `https://cron.example.com/executions/${first?.data.execution.id}`,
      },
    });
    // The latest slot ran, which fired two events.
    expect(ops.calls).toHaveLength(4);
  });

  it("has no end, and its job no advance, when its deliveries cannot be recorded", async () => {
    const jobId = await story.addJob(target.url);
    await story.tell(jobId, "on_completion", ops.url);
    await story.db.run(sql`
      create function refuse() returns trigger language plpgsql
      as $$ begin raise exception 'cut'; end $$`);
    await story.db.run(sql`
      create trigger refuse before insert on deliveries for each row execute function refuse()`);
    story.clock.at("2026-03-01T10:35:00Z");
    await story.tick();
    const { items } = await story.client.listJobExecutions({ params: { id: jobId } });
    expect(items).toEqual([]);
    const job = await story.client.getJob({ params: { id: jobId } });
    expect(job.next_run_at).toBe("2026-03-01T10:10:00.000Z");
    await story.db.run(sql`drop trigger refuse on deliveries`);
    story.clock.advance(1_000);
    await story.tick();
    expect(slotsOf(toldCancels())).toEqual(["10:10", "10:20"]);
  });

  it("is told once though the slot is planned twice", async () => {
    const jobId = await story.addJob(target.url);
    await story.tell(jobId, "on_completion", ops.url);
    story.clock.at("2026-03-01T10:35:00Z");
    await story.tick();
    await story.db.run(sql`
      update jobs set next_run_at = '2026-03-01T10:10:00Z' where id = ${jobId}`);
    await story.tick();
    expect(slotsOf(toldCancels())).toEqual(["10:10", "10:20"]);
    expect(target.calls).toHaveLength(1);
  });

  it("is one message of at most a hundred, however long the outage was", async () => {
    const schedule = { cron: "* * * * *", timezone: "UTC" };
    const jobId = await story.addJob(target.url, { schedule });
    await story.tell(jobId, "on_completion", ops.url);
    story.clock.at("2026-03-02T10:00:30Z");
    while ((await story.node.planner.runOnce()) > 0);
    const [row] = await story.db.rows<{ told: number; missed: number }>(sql`
      select count(d.id) as told, count(*) as missed from executions e
      left join deliveries d on d.execution_id = e.id and d.event = 'on_completion'
      where e.job_id = ${jobId} and e.status = 'cancelled'`);
    expect(row).toEqual({ told: 100, missed: 100 });
  });

  it("wakes the sender when it made deliveries, and only then", async () => {
    const { db, clock } = story;
    let wakes = 0;
    const planner = createPlanner({
      ...{ db, clock, catchUpMs: 600_000, publicUrl: "https://cron.example.com" },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      onPlanned: () => undefined,
      onDeliveries: () => {
        wakes += 1;
      },
    });
    const jobId = await story.addJob(target.url);
    story.clock.at("2026-03-01T10:35:00Z");
    expect(await planner.runOnce()).toBe(1);
    expect(wakes).toBe(0);
    await story.tell(jobId, "on_completion", ops.url);
    story.clock.at("2026-03-01T11:05:00Z");
    expect(await planner.runOnce()).toBe(1);
    expect(wakes).toBe(1);
  });
});

describe("a missed slot that a client finds", () => {
  let jobId: string;
  beforeEach(async () => {
    jobId = await story.addJob(target.url);
    await story.tell(jobId, "on_completion", ops.url);
    story.clock.at("2026-03-01T10:35:00Z");
  });

  it("is told by the pause, of a job that has no next run", async () => {
    const { db, client } = story;
    await hearWake(db, "sender", () => client.pauseJob({ params: { id: jobId } }));
    await story.tick();
    expect(slotsOf(toldCancels())).toEqual(["10:10", "10:20"]);
    expect(toldCancels().map(({ data }) => data.next_run_at)).toEqual([null, null]);
    expect((await missed(jobId)).map(({ reason }) => reason?.slice(0, 7))).toEqual(
      Array(2).fill("Missed:"),
    );
  });

  it("is told by a change of the schedule, with the next run of the new one", async () => {
    const body = { schedule: { cron: "45 * * * *" } };
    await story.client.updateJob({ params: { id: jobId }, body });
    await story.tick();
    expect(slotsOf(toldCancels())).toEqual(["10:10", "10:20"]);
    expect(toldCancels()[0]?.data.next_run_at).toBe("2026-03-01T10:45:00.000Z");
  });

  it("is told by the deletion, beside the slot that was still to run", async () => {
    await story.client.deleteJob({ params: { id: jobId } });
    await story.tick();
    expect(slotsOf(toldCancels())).toEqual(["10:10", "10:20", "10:30"]);
    expect(target.calls).toHaveLength(0);
    const reasons = (await missed(jobId)).map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === "The job was deleted.")).toHaveLength(1);
  });
});

describe("the slots of a pause", () => {
  it("are not missed: neither recorded nor told, and not made up for by the resume", async () => {
    const jobId = await story.addJob(target.url);
    await story.tell(jobId, "on_completion", ops.url);
    await story.client.pauseJob({ params: { id: jobId } });
    story.clock.at("2026-03-01T11:35:00Z");
    await story.tick();
    await story.client.resumeJob({ params: { id: jobId } });
    await story.tick();
    expect(ops.calls).toEqual([]);
    story.clock.at("2026-03-01T11:40:00Z");
    await story.tick();
    expect(ops.calls).toHaveLength(1);
    expect(toldCancels()).toEqual([]);
  });
});
