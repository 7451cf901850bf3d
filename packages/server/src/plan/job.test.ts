// Jobs: the transition table, and what each request of a client makes of a job.
import { ApiError, jobInput, jobPatch, jobStates } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { activateJob, canTurn, changeJob, type Job, pauseJob, resumeJob, toNewJob } from "./job.ts";

const now = new Date("2026-11-23T10:00:30.000Z");
const later = new Date("2026-11-23T11:15:00.000Z");
const at = (text: string) => new Date(text);

const create = (fields: object): Job =>
  toNewJob(
    jobInput.parse({ name: "job", request: { url: "https://api.example.com/" }, ...fields }),
    now,
  );
const change = (job: Job, fields: object): Job => changeJob(job, jobPatch.parse(fields), later);

const cron = { kind: "cron", schedule: { cron: "0 12 * * *", timezone: "Europe/Berlin" } };
const recurring = { kind: "recurring", schedule: { every_n_minutes: 60 } };
const scheduled = { kind: "scheduled", schedule: { run_at: "2026-11-24T00:00:00Z" } };
const oneTime = { kind: "one_time" };

const paused = (job: Job): Job => ({ ...job, state: "paused", nextRunAt: null });
const completed = (job: Job): Job => ({ ...job, state: "completed", nextRunAt: null });

/** The refusal of a call, as `code path: message`. */
function refusalOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const [detail] = error.details;
    return `${error.code} ${detail?.path ?? ""}: ${detail?.message ?? error.message}`;
  }
  return "accepted";
}

describe("transitions", () => {
  it("lets a job go along the table only", () => {
    const allowed = jobStates.flatMap((from) =>
      jobStates.filter((to) => canTurn(from, to) && from !== to).map((to) => `${from} ${to}`),
    );
    expect(allowed).toEqual([
      "active paused",
      "active completed",
      "paused active",
      "paused completed",
      "draft active",
      "completed active",
    ]);
  });
});

describe("toNewJob", () => {
  it.each([
    [recurring, "2026-11-23T11:00:30.000Z"],
    [cron, "2026-11-23T11:00:00.000Z"],
    [scheduled, "2026-11-24T00:00:00.000Z"],
    [oneTime, undefined],
  ])("plans the first run of %j", (fields, next) => {
    expect(create(fields)).toMatchObject({ state: "active" });
    expect(create(fields).nextRunAt?.toISOString()).toBe(next);
  });

  it("holds a draft back", () => {
    expect(create({ ...recurring, state: "draft" })).toMatchObject({
      state: "draft",
      nextRunAt: null,
    });
  });

  it("refuses a draft of the past too", () => {
    const draft = { kind: "scheduled", schedule: { run_at: "2020-01-01T00:00:00Z" } };
    expect(refusalOf(() => create({ ...draft, state: "draft" }))).toMatch(
      /^validation_failed schedule\.run_at: must lie in the future/,
    );
  });

  it.each(["GET", "HEAD"])("refuses a body with %s", (method) => {
    const request = { url: "https://api.example.com/", method, body: { full: true } };
    expect(refusalOf(() => create({ ...cron, request }))).toMatch(
      /^validation_failed request\.body: cannot be sent: GET and HEAD requests carry no body/,
    );
  });
});

describe("changeJob", () => {
  it("merges request and retry policy by field", () => {
    const job = create({ ...cron, retry_policy: { max_attempts: 7 } });
    const changed = change(job, {
      request: { method: "POST", body: [1] },
      retry_policy: { retry_on_statuses: [500] },
    });
    expect(changed.request).toEqual({ ...job.request, method: "POST", body: [1] });
    expect(changed.retryPolicy).toEqual({ max_attempts: 7, retry_on_statuses: [500] });
  });

  it("refuses a method that contradicts the body that stands", () => {
    const request = { url: "https://api.example.com/", method: "POST", body: "x" };
    const job = create({ ...cron, request });
    expect(refusalOf(() => change(job, { request: { method: "GET" } }))).toMatch(
      /^validation_failed request\.body/,
    );
    expect(change(job, { request: { method: "GET", body: null } }).request.body).toBeNull();
  });

  it.each([
    ["another name", recurring, { name: "other" }],
    ["the same interval", recurring, { schedule: { every_n_minutes: 60 } }],
    ["the same kind", recurring, { kind: "recurring" }],
    ["the same cron and zone", cron, { schedule: cron.schedule }],
    [
      "the same moment, written otherwise",
      scheduled,
      { schedule: { run_at: "2026-11-24T01:00:00+01:00" } },
    ],
  ])("keeps schedule and next run with %s", (_, fields, patch) => {
    const job = create(fields);
    const changed = change(job, patch);
    expect(changed.schedule).toBe(job.schedule);
    expect(changed.nextRunAt).toEqual(job.nextRunAt);
  });

  it("keeps the moment of a scheduled job that has run when the patch repeats it", () => {
    const job = completed(
      create({ kind: "scheduled", schedule: { run_at: "2026-11-23T10:30:00Z" } }),
    );
    expect(change(job, { name: "x", schedule: { run_at: "2026-11-23T10:30:00Z" } })).toMatchObject({
      state: "completed",
      nextRunAt: null,
    });
  });

  it("counts a changed interval from now", () => {
    const changed = change(create(recurring), { schedule: { every_n_minutes: 30 } });
    expect(changed.schedule).toEqual({ kind: "recurring", everyNMinutes: 30, anchorAt: later });
    expect(changed.nextRunAt).toEqual(at("2026-11-23T11:45:00.000Z"));
  });

  it.each([
    [{ cron: "0 18 * * *" }, { cron: "0 18 * * *", timezone: "Europe/Berlin" }],
    [{ timezone: "UTC" }, { cron: "0 12 * * *", timezone: "UTC" }],
  ])("keeps what a patch of a cron schedule leaves out: %j", (schedule, expected) => {
    const changed = change(create(cron), { schedule });
    expect(changed.schedule).toEqual({ kind: "cron", ...expected });
  });

  it("plans nothing for a job that is paused or a draft", () => {
    const patch = { schedule: { every_n_minutes: 5 } };
    expect(change(paused(create(recurring)), patch)).toMatchObject({
      state: "paused",
      nextRunAt: null,
    });
    expect(change(create({ ...recurring, state: "draft" }), patch)).toMatchObject({
      state: "draft",
      nextRunAt: null,
    });
  });

  it.each([
    [
      "another moment",
      { schedule: { run_at: "2026-11-25T00:00:00Z" } },
      "2026-11-25T00:00:00.000Z",
    ],
    [
      "another kind",
      { kind: "recurring", schedule: { every_n_minutes: 5 } },
      "2026-11-23T11:20:00.000Z",
    ],
  ])("makes a completed scheduled job active again with %s", (_, patch, next) => {
    expect(change(completed(create(scheduled)), patch)).toMatchObject({
      state: "active",
      nextRunAt: at(next),
    });
  });

  it("gives a one_time draft a schedule", () => {
    const job = create({ ...oneTime, state: "draft" });
    expect(change(job, cron)).toMatchObject({ state: "draft", schedule: { kind: "cron" } });
  });

  it.each([
    [
      "kind without schedule",
      cron,
      { kind: "recurring" },
      /^validation_failed schedule: is required/,
    ],
    [
      "field of another kind",
      cron,
      { schedule: { cron: "0 1 * * *", every_n_minutes: 5 } },
      /^validation_failed schedule\.every_n_minutes: is not a field of kind cron/,
    ],
    [
      "missing field",
      recurring,
      { kind: "cron", schedule: { timezone: "UTC" } },
      /^validation_failed schedule\.cron: is required/,
    ],
    [
      "wrong cron",
      cron,
      { schedule: { cron: "61 * * * *" } },
      /^validation_failed schedule\.cron: is not valid \(minute\): /,
    ],
    [
      "wrong zone",
      cron,
      { schedule: { cron: "0 1 * * *", timezone: "Mars/Olympus" } },
      /^validation_failed schedule\.timezone: /,
    ],
    [
      "a moment that has passed",
      scheduled,
      { schedule: { run_at: "2026-11-23T11:15:00Z" } },
      /^validation_failed schedule\.run_at: must lie in the future: it is 2026-11-23T11:15:00/,
    ],
    [
      "a turn to one_time",
      cron,
      { kind: "one_time" },
      /^unprocessable : .*Create a new one_time job/,
    ],
    [
      "fields of a one_time schedule",
      oneTime,
      { schedule: { cron: "0 1 * * *" } },
      /^validation_failed schedule\.cron: is not a field of kind one_time, which takes no fields/,
    ],
  ])("refuses %s", (_, fields, patch, refusal) => {
    expect(refusalOf(() => change(create(fields), patch))).toMatch(refusal);
  });

  it("refuses to give a completed one_time job a schedule", () => {
    const job = completed(create(oneTime));
    expect(refusalOf(() => change(job, cron))).toMatch(/^unprocessable .*Create a new job/);
    expect(change(job, { name: "renamed" })).toMatchObject({ name: "renamed", state: "completed" });
  });
});

describe("pauseJob", () => {
  it("takes the next run away", () => {
    expect(pauseJob(create(cron))).toMatchObject({ state: "paused", nextRunAt: null });
  });

  it("changes nothing when the job is paused", () => {
    const job = paused(create(cron));
    expect(pauseJob(job)).toBe(job);
  });

  it.each([
    ["a draft", create({ ...cron, state: "draft" }), /^conflict : The job is a draft/],
    ["a completed job", completed(create(scheduled)), /^conflict : The job is completed/],
    ["a one_time job", create(oneTime), /^conflict : The job is one_time/],
  ])("refuses %s", (_, job, refusal) => {
    expect(refusalOf(() => pauseJob(job))).toMatch(refusal);
  });
});

describe("resumeJob", () => {
  it("counts from now, in the rhythm that the job had", () => {
    const resumed = resumeJob(paused(create(recurring)), later);
    expect(resumed).toMatchObject({ state: "active", nextRunAt: at("2026-11-23T12:00:30.000Z") });
  });

  it("changes nothing when the job is active", () => {
    const job = create(cron);
    expect(resumeJob(job, later)).toBe(job);
  });

  it("refuses a scheduled job whose moment passed during the pause", () => {
    const job = paused(create({ kind: "scheduled", schedule: { run_at: "2026-11-23T11:00:00Z" } }));
    expect(refusalOf(() => resumeJob(job, later))).toMatch(
      /^unprocessable : Its run_at, 2026-11-23T11:00:00\.000Z, has passed/,
    );
  });

  it.each([
    ["a draft", create({ ...cron, state: "draft" }), /^conflict : .*activate it/],
    ["a completed job", completed(create(scheduled)), /^conflict : .*new schedule/],
  ])("refuses %s", (_, job, refusal) => {
    expect(refusalOf(() => resumeJob(job, later))).toMatch(refusal);
  });
});

describe("activateJob", () => {
  it("counts the minutes of a recurring draft from now", () => {
    const job = activateJob(create({ ...recurring, state: "draft" }), later);
    expect(job.schedule).toMatchObject({ anchorAt: later });
    expect(job).toMatchObject({ state: "active", nextRunAt: at("2026-11-23T12:15:00.000Z") });
  });

  it("leaves a one_time draft without a next run", () => {
    const job = activateJob(create({ ...oneTime, state: "draft" }), later);
    expect(job).toMatchObject({ state: "active", nextRunAt: null });
  });

  it("refuses a draft whose moment has passed", () => {
    const draft = { kind: "scheduled", schedule: { run_at: "2026-11-23T11:00:00Z" } };
    const job = create({ ...draft, state: "draft" });
    expect(refusalOf(() => activateJob(job, later))).toMatch(/^unprocessable : Its run_at/);
  });

  it.each(["active", "paused", "completed"] as const)("refuses a job that is %s", (state) => {
    const job = { ...create(scheduled), state, nextRunAt: null };
    expect(refusalOf(() => activateJob(job, later))).toBe(
      `conflict : The job is ${state}: only a draft can be activated.`,
    );
  });
});
