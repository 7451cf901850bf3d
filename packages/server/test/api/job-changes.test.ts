// Changing jobs over the API: patches and states, and what becomes of slots that were planned.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lockDueJobs } from "../../src/store/planning.ts";
import { createTestApi, type TestApi } from "../support/api.ts";
import {
  completeJob,
  createJobInState,
  createJobParams,
  hourly,
  hourMs,
  inFuture,
  listExecutionsOf,
  minutely,
  minuteMs,
  nightly,
  oneTime,
  planSlot,
  request,
  scheduledIn,
} from "../support/jobs.ts";
import { refusalOf } from "../support/refusal.ts";
import { hearWake } from "../support/wakes.ts";

let api: TestApi;

beforeAll(async () => {
  api = await createTestApi();
});

afterAll(async () => {
  await api.close();
});

describe("changing a job", () => {
  it("merges request and retry policy by field", async () => {
    const { params } = await createJobParams(api, {
      ...nightly,
      retry_policy: { max_attempts: 5 },
    });
    const job = await api.client.updateJob({
      params,
      body: {
        name: "renamed",
        request: { method: "POST", headers: { "x-a": "b" }, body: "text" },
        retry_policy: { retry_on_statuses: [503] },
      },
    });
    expect(job).toMatchObject({
      name: "renamed",
      request: { ...request, method: "POST", headers: { "x-a": "b" }, body: "text" },
      retry_policy: { max_attempts: 5, retry_on_statuses: [503] },
    });
  });

  it("keeps next run and planned executions when the schedule is not changed", async () => {
    const { params } = await createJobParams(api, hourly);
    const before = await api.client.getJob({ params });
    await planSlot(api, { params }, 1_500);
    const after = await api.client.updateJob({ params, body: { name: "other", ...hourly } });
    expect(after.next_run_at).toBe(before.next_run_at);
    expect(await listExecutionsOf(api, { params })).toHaveLength(1);
  });

  it("counts a changed schedule from now and takes back what the old one planned", async () => {
    const { params } = await createJobParams(api, hourly);
    await planSlot(api, { params }, 1_500);
    const job = await api.client.updateJob({ params, body: { schedule: { every_n_minutes: 5 } } });
    expect(Date.parse(job.next_run_at ?? "") - Date.parse(job.updated_at)).toBe(5 * minuteMs);
    expect(await listExecutionsOf(api, { params })).toEqual([]);
  });

  it("keeps what had come due before the change, though nobody had planned it", async () => {
    const { params } = await createJobParams(api, minutely);
    const { next_run_at: due } = await api.client.getJob({ params });
    api.clock.advance(minuteMs + 5_000);
    await api.client.updateJob({ params, body: { schedule: { every_n_minutes: 5 } } });
    expect(await listExecutionsOf(api, { params })).toEqual([
      expect.objectContaining({ status: "queued", trigger: "schedule", scheduled_for: due }),
    ]);
  });

  it("takes another kind with its schedule", async () => {
    const { params } = await createJobParams(api, hourly);
    const job = await api.client.updateJob({ params, body: nightly });
    expect(job).toMatchObject(nightly);
  });

  it("makes a completed scheduled job active again with a new moment", async () => {
    const job = await createJobInState(api, "completed");
    const body = { schedule: { run_at: inFuture(api, 2 * hourMs) } };
    expect(await api.client.updateJob({ ...job, body })).toMatchObject({
      state: "active",
      next_run_at: body.schedule.run_at,
    });
  });

  it.each<[string, object, object, RegExp]>([
    ["nothing", hourly, {}, /^validation_failed : must name at least one field/],
    ["an unknown field", hourly, { state: "paused" }, /^validation_failed state: /],
    [
      "kind without schedule",
      hourly,
      { kind: "cron" },
      /^validation_failed schedule: is required when kind changes to cron/,
    ],
    [
      "the field of another kind",
      nightly,
      { schedule: { run_at: "2099-01-01T00:00:00Z" } },
      /^validation_failed schedule\.run_at: is not a field of kind cron, which takes cron/,
    ],
    [
      "a schedule without its field",
      nightly,
      { kind: "recurring", schedule: {} },
      /^validation_failed schedule\.every_n_minutes: is required with kind recurring/,
    ],
    [
      "a wrong cron expression",
      nightly,
      { schedule: { cron: "0 25 * * *" } },
      /^validation_failed schedule\.cron: .*hour/,
    ],
    [
      "an unknown zone",
      nightly,
      { schedule: { cron: "0 2 * * *", timezone: "Nowhere" } },
      /^validation_failed schedule\.timezone: /,
    ],
    [
      "a moment in the past",
      hourly,
      { kind: "scheduled", schedule: { run_at: "2020-01-01T00:00:00Z" } },
      /^validation_failed schedule\.run_at: must lie in the future/,
    ],
    [
      "a turn to one_time",
      hourly,
      { kind: "one_time" },
      /^unprocessable : .*Create a new one_time job/,
    ],
    ["a body with GET", hourly, { request: { body: "x" } }, /^validation_failed request\.body: /],
    [
      "a private address",
      hourly,
      { request: { url: "http://192.168.1.1/" } },
      /^target_not_allowed request\.url: /,
    ],
  ])("refuses %s", async (_, fields, body, refusal) => {
    const job = await createJobParams(api, fields);
    expect(await refusalOf(api.client.updateJob({ ...job, body }))).toMatch(refusal);
  });

  it("refuses to schedule a one_time job that has run", async () => {
    const job = await createJobParams(api, oneTime);
    await completeJob(api, job);
    const call = api.client.updateJob({ ...job, body: nightly });
    expect(await refusalOf(call)).toMatch(/^unprocessable : .*Create a new job/);
  });
});

describe("pausing and resuming", () => {
  it("takes the next run away and computes it from now again", async () => {
    const job = await createJobParams(api, hourly);
    expect(await api.client.pauseJob(job)).toMatchObject({ state: "paused", next_run_at: null });
    api.clock.advance(90 * minuteMs);
    const resumed = await api.client.resumeJob(job);
    // Two intervals after the creation: the one of the pause is not made up for.
    expect(Date.parse(resumed.next_run_at ?? "") - Date.parse(resumed.created_at)).toBe(2 * hourMs);
    expect(await listExecutionsOf(api, job)).toEqual([]);
  });

  it("takes back what was planned ahead, and leaves what is due or runs", async () => {
    const job = await createJobParams(api, hourly);
    const manual = await api.client.runJobNow(job);
    await planSlot(api, job, 1_500);
    await planSlot(api, job, -1_500);
    await api.client.pauseJob(job);
    const left = await listExecutionsOf(api, job);
    expect(left.map(({ trigger }) => trigger).sort()).toEqual(["manual", "schedule"]);
    expect(left.map(({ id }) => id)).toContain(manual.id);
  });

  it("keeps what had come due before the pause, though nobody had planned it", async () => {
    const { params } = await createJobParams(api, minutely);
    api.clock.advance(20 * minuteMs + 5_000);
    await api.client.pauseJob({ params });
    const slots = await listExecutionsOf(api, { params });
    expect(slots).toHaveLength(20);
    const missed = slots.filter(({ status }) => status === "cancelled");
    // Those over ten minutes late: TRIGRUN_CATCH_UP_SECONDS is 600.
    expect(missed).toHaveLength(10);
    for (const { reason } of missed) expect(reason).toMatch(/^Missed: /);
  });

  it("hides a paused job from the planner", async () => {
    const job = await createJobParams(api, minutely);
    await api.client.pauseJob(job);
    const due = await lockDueJobs(api.db, new Date(inFuture(api, 24 * hourMs)), 10_000);
    expect(due.map(({ id }) => id)).not.toContain(job.params.id);
  });

  it("answers a repeated pause and a repeated resume with the job as it is", async () => {
    const job = await createJobParams(api, hourly);
    const active = await api.client.getJob(job);
    expect(await api.client.resumeJob(job)).toEqual(active);
    const paused = await api.client.pauseJob(job);
    expect(await api.client.pauseJob(job)).toEqual(paused);
  });

  it("wakes the planner when it is resumed, and when its schedule is changed", async () => {
    const job = await createJobInState(api, "paused");
    await hearWake(api.db, "planner", () => api.client.resumeJob(job));
    await hearWake(api.db, "planner", () => api.client.updateJob({ ...job, body: nightly }));
  });

  it("plans a slot again that the pause took back", async () => {
    const job = await createJobParams(api, scheduledIn(api, 1_900));
    const { next_run_at: slot } = await api.client.getJob(job);
    await api.client.pauseJob(job);
    expect(await api.client.resumeJob(job)).toMatchObject({ next_run_at: slot });
  });

  it("asks for a new moment when that of a scheduled job passed during the pause", async () => {
    const job = await createJobParams(api, scheduledIn(api, minuteMs));
    await api.client.pauseJob(job);
    api.clock.advance(2 * minuteMs);
    expect(await refusalOf(api.client.resumeJob(job))).toMatch(
      /^unprocessable : Its run_at, .*, has passed\. Change the job's schedule first\./,
    );
    await api.client.updateJob({ ...job, body: { schedule: { run_at: inFuture(api, minuteMs) } } });
    expect(await api.client.resumeJob(job)).toMatchObject({ state: "active" });
  });

  it("refuses to pause a one_time job, which has no later slot", async () => {
    expect(await refusalOf(api.client.pauseJob(await createJobParams(api, oneTime)))).toMatch(
      /^conflict : The job is one_time: .*Cancel its execution instead/,
    );
  });

  it.each([
    ["pauseJob", "draft", /^conflict : The job is a draft/],
    ["pauseJob", "completed", /^conflict : The job is completed/],
    ["resumeJob", "draft", /^conflict : The job is a draft: activate it/],
    ["resumeJob", "completed", /^conflict : The job is completed: give it a new schedule/],
    ["activateJob", "active", /^conflict : The job is active: only a draft can be activated/],
    ["activateJob", "paused", /^conflict : The job is paused/],
    ["activateJob", "completed", /^conflict : The job is completed/],
  ] as const)("refuses %s of a job that is %s", async (route, state, refusal) => {
    expect(await refusalOf(api.client[route](await createJobInState(api, state)))).toMatch(refusal);
  });
});

describe("activating a draft", () => {
  it("wakes who goes on with it", async () => {
    const recurring = await createJobParams(api, { ...hourly, state: "draft" });
    await hearWake(api.db, "planner", () => api.client.activateJob(recurring));
    const once = await createJobParams(api, { ...oneTime, state: "draft" });
    await hearWake(api.db, "runner", () => api.client.activateJob(once));
  });

  it("counts the minutes of a recurring job from that moment", async () => {
    const job = await createJobParams(api, { ...hourly, state: "draft" });
    api.clock.advance(50 * minuteMs);
    const active = await api.client.activateJob(job);
    expect(active.state).toBe("active");
    expect(Date.parse(active.next_run_at ?? "") - Date.parse(active.updated_at)).toBe(hourMs);
  });

  it("queues a one_time job at that moment", async () => {
    const job = await createJobParams(api, { ...oneTime, state: "draft" });
    const active = await api.client.activateJob(job);
    expect(await listExecutionsOf(api, job)).toEqual([
      expect.objectContaining({ trigger: "creation", scheduled_for: active.updated_at }),
    ]);
  });

  it("refuses a moment that has passed meanwhile", async () => {
    const job = await createJobParams(api, { ...scheduledIn(api, minuteMs), state: "draft" });
    api.clock.advance(2 * minuteMs);
    expect(await refusalOf(api.client.activateJob(job))).toMatch(/^unprocessable : Its run_at, /);
    expect(await api.client.getJob(job)).toMatchObject({ state: "draft" });
  });
});
