// Jobs over the API: making, reading, running and deleting them, and what is refused with which
// sentence.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { lockDueJobs } from "../../src/store/planning.ts";
import { createTestApi, type TestApi } from "../support/api.ts";
import {
  createJob,
  createJobInState,
  createJobParams,
  hourly,
  hourMs,
  inFuture,
  listExecutionsOf,
  minutely,
  type NewJob,
  nightly,
  oneTime,
  planSlot,
  request,
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

describe("creating a job", () => {
  it("answers the whole job, defaults filled in", async () => {
    const job = await createJob(api, {
      ...nightly,
      request: { ...request, method: "POST", body: { a: 1 } },
    });
    expect(job).toMatchObject({
      name: "nightly-backup",
      kind: "cron",
      state: "active",
      schedule: { cron: "0 2 * * *", timezone: "America/New_York" },
      request: {
        url: "https://api.example.com/backup",
        method: "POST",
        headers: {},
        body: { a: 1 },
        timeout_seconds: 30,
        success_statuses: [200, 201, 202, 204],
        follow_redirects: false,
      },
      retry_policy: { max_attempts: 3, retry_on_statuses: [429, 500, 502, 503, 504] },
      last_execution: null,
    });
    expect(job.next_run_at).toMatch(/T0[67]:00:00\.000Z$/);
    expect(await api.client.getJob({ params: { id: job.id } })).toEqual(job);
  });

  it("counts the minutes of a recurring job from now", async () => {
    const job = await createJob(api, hourly);
    expect(Date.parse(job.next_run_at ?? "") - Date.parse(job.created_at)).toBe(hourMs);
    expect(job.schedule).toEqual({ every_n_minutes: 60 });
  });

  it("queues a one_time job at once", async () => {
    const job = await createJob(api, oneTime);
    expect(job).toMatchObject({ state: "active", next_run_at: null, schedule: {} });
    expect(await listExecutionsOf(api, { params: job })).toEqual([
      expect.objectContaining({
        id: job.last_execution?.id,
        status: "queued",
        trigger: "creation",
        scheduled_for: job.created_at,
        next_attempt_at: job.created_at,
      }),
    ]);
  });

  it.each([
    ["recurring", hourly],
    ["cron", nightly],
    ["one_time", oneTime],
  ])("holds a %s draft back", async (_, fields) => {
    const job = await createJob(api, { ...fields, state: "draft" });
    expect(job).toMatchObject({ state: "draft", next_run_at: null, last_execution: null });
  });

  it("wakes who goes on with it", async () => {
    await hearWake(api.db, "planner", () => createJob(api, hourly));
    await hearWake(api.db, "runner", () => createJob(api, oneTime));
  });

  it("attaches rules in the same transaction", async () => {
    const { id: channelId } = await api.client.createChannel({
      body: { name: "ops", type: "webhook", config: { url: "https://api.example.com/hook" } },
    });
    const rules = [
      { channel_id: channelId, event: "on_failure" },
      { channel_id: channelId, event: "on_completion" },
    ];
    const job = await createJob(api, { ...oneTime, notification_rules: rules });
    const attached = await api.client.listRules({ params: { id: job.id } });
    expect(attached.items.map(({ event }) => event).sort()).toEqual([
      "on_completion",
      "on_failure",
    ]);
  });

  it("makes no job when one of its rules cannot be attached", async () => {
    const stranger = await api.addTenant();
    const { id: foreign } = await stranger.client.createChannel({
      body: { name: "theirs", type: "webhook", config: { url: "https://api.example.com/hook" } },
    });
    const notification_rules = [{ channel_id: foreign, event: "on_failure" }];
    const call = createJob(api, { ...oneTime, name: "never-made", notification_rules });
    expect(await refusalOf(call)).toMatch(
      /^validation_failed notification_rules\.0\.channel_id: is not a channel of this workspace/,
    );
    expect((await api.client.listJobs({ query: { name: "never-made" } })).items).toEqual([]);
  });

  const cron = (expression: string, timezone = "UTC") => ({
    kind: "cron",
    schedule: { cron: expression, timezone },
  });
  const at = (run_at: string) => ({ kind: "scheduled", schedule: { run_at } });
  const to = (url: string) => ({ ...hourly, request: { url } });

  it.each<[string, object, RegExp]>([
    [
      "no cron expression",
      cron("every day"),
      /^validation_failed schedule\.cron: is not valid: the expression has 2 fields/,
    ],
    [
      "a minute that is none",
      cron("60 * * * *"),
      /^validation_failed schedule\.cron: is not valid \(minute\)/,
    ],
    ["six fields", cron("0 0 * * * *"), /^validation_failed schedule\.cron: .*6 fields/],
    ["31 February", cron("0 0 31 2 *"), /^validation_failed schedule\.cron: .*can never fire/],
    [
      "30 February as a range",
      cron("0 0 30-31 FEB *"),
      /^validation_failed schedule\.cron: .*can never fire/,
    ],
    ["an unknown macro", cron("@reboot"), /^validation_failed schedule\.cron: .*@reboot/],
    [
      "an unknown zone",
      cron("0 2 * * *", "Mars/Olympus"),
      /^validation_failed schedule\.timezone: .*not a known time zone/,
    ],
    [
      "an ambiguous zone",
      cron("0 2 * * *", "IST"),
      /^validation_failed schedule\.timezone: .*ambiguous/,
    ],
    [
      "an offset as a zone",
      cron("0 2 * * *", "+02:00"),
      /^validation_failed schedule\.timezone: .*offset/,
    ],
    [
      "a moment in the past",
      at("2020-01-01T00:00:00Z"),
      /^validation_failed schedule\.run_at: must lie in the future/,
    ],
    [
      "a moment beyond the calendar",
      at("9999-12-31T23:59:59-01:00"),
      /^validation_failed schedule\.run_at: /,
    ],
    [
      "a day that does not exist",
      at("2027-02-30T00:00:00Z"),
      /^validation_failed schedule\.run_at: /,
    ],
    [
      "a moment without a zone",
      at("2027-02-03T00:00:00"),
      /^validation_failed schedule\.run_at: .*zone/,
    ],
    [
      "minutes out of bounds",
      { kind: "recurring", schedule: { every_n_minutes: 1441 } },
      /^validation_failed schedule\.every_n_minutes: /,
    ],
    [
      "the schedule of another kind",
      { kind: "cron", schedule: { every_n_minutes: 5 } },
      /^validation_failed schedule\./,
    ],
    ["a schedule that is missing", { kind: "cron" }, /^validation_failed schedule: is required/],
    [
      "a body with GET",
      { ...hourly, request: { ...request, body: "x" } },
      /^validation_failed request\.body: .*GET and HEAD requests carry no body/,
    ],
    [
      "a body with HEAD",
      { ...hourly, request: { ...request, method: "HEAD", body: {} } },
      /^validation_failed request\.body: /,
    ],
    [
      "loopback",
      to("http://127.0.0.1/"),
      /^target_not_allowed request\.url: 127\.0\.0\.1 is a loopback address/,
    ],
    ["loopback in disguise", to("http://0x7f000001:8080/"), /^target_not_allowed request\.url: /],
    ["localhost", to("http://localhost/"), /^target_not_allowed request\.url: /],
    ["cloud metadata", to("http://169.254.169.254/latest"), /^target_not_allowed request\.url: /],
    [
      "a private network",
      to("http://10.1.2.3/"),
      /^target_not_allowed request\.url: .*TRIGRUN_ALLOW_NETWORKS/,
    ],
    ["IPv6 loopback", to("http://[::ffff:127.0.0.1]/"), /^target_not_allowed request\.url: /],
    [
      "credentials in the address",
      to("https://user:pass@api.example.com/"),
      /^target_not_allowed request\.url: .*Authorization header/,
    ],
    ["another scheme", to("ftp://api.example.com/"), /^validation_failed request\.url: /],
  ])("refuses %s", async (_, fields, refusal) => {
    expect(await refusalOf(createJob(api, fields))).toMatch(refusal);
  });

  it("takes every form of cron that is documented", async () => {
    const expressions = [
      "*/15 9-17 * * MON-FRI",
      "@hourly",
      "0 0 29 2 *",
      "0 0 1 * 7",
      "5,35 * * JAN *",
    ];
    for (const expression of expressions) {
      expect((await createJob(api, cron(expression))).next_run_at).not.toBeNull();
    }
  });
});

describe("reading jobs", () => {
  it("finds them by a part of their name, in any case, and takes signs as they are", async () => {
    const tenant = await api.addTenant();
    for (const name of ["Nightly backup", "50% of it", "a_b", "azb"]) {
      await tenant.client.createJob({ body: { ...hourly, name, request } });
    }
    const find = async (search: string) =>
      (await tenant.client.listJobs({ query: { search } })).items.map(({ name }) => name);
    expect(await find("NIGHT")).toEqual(["Nightly backup"]);
    expect(await find("%")).toEqual(["50% of it"]);
    expect(await find("_b")).toEqual(["a_b"]);
    expect(await find("nobody")).toEqual([]);
  });

  it("filters by state, kind and whole name", async () => {
    const tenant = await api.addTenant();
    const add = async (name: string, fields: object) => {
      const body = { name, request, ...fields } as NewJob;
      return (await tenant.client.createJob({ body })).id;
    };
    const draft = await add("a", { ...hourly, state: "draft" });
    const cron = await add("a b", nightly);
    const recurring = await add("a", hourly);
    const ids = async (query: object) =>
      (await tenant.client.listJobs({ query })).items.map(({ id }) => id);
    expect(await ids({})).toEqual([recurring, cron, draft]);
    expect(await ids({ state: "draft" })).toEqual([draft]);
    expect(await ids({ kind: "cron" })).toEqual([cron]);
    expect(await ids({ name: "a" })).toEqual([recurring, draft]);
    expect(await ids({ name: "a", state: "active", kind: "recurring" })).toEqual([recurring]);
    expect(await ids({ state: "completed" })).toEqual([]);
  });

  it("pages through all of them, newest first", async () => {
    const tenant = await api.addTenant();
    const made: string[] = [];
    for (let number = 0; number < 5; number += 1) {
      const body = { name: `job ${number}`, request, ...hourly };
      made.unshift((await tenant.client.createJob({ body })).id);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { limit: 2, ...(cursor === undefined ? {} : { cursor }) };
      const page = await tenant.client.listJobs({ query });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(made);
  });

  it.each([
    "x",
    "am9i",
    Buffer.from("exec_0193a5c4f7e2a1b2c3d4e5f60718293a").toString("base64url"),
  ])("refuses the cursor %s, which no list of jobs gave out", async (cursor) => {
    expect(await refusalOf(api.client.listJobs({ query: { cursor } }))).toMatch(/^invalid_cursor/);
  });

  it("shows the latest execution", async () => {
    const job = await createJobParams(api, hourly);
    await api.client.runJobNow(job);
    const second = await api.client.runJobNow(job);
    expect((await api.client.getJob(job)).last_execution).toEqual({
      id: second.id,
      status: "queued",
      scheduled_for: second.scheduled_for,
      finished_at: null,
    });
  });

  it("answers an unknown id and another workspace's id alike, on every route", async () => {
    const stranger = await api.addTenant();
    const body = { name: "theirs", request, ...hourly };
    const foreign = (await stranger.client.createJob({ body })).id;
    const { client } = api;
    for (const call of [
      (id: string) => client.getJob({ params: { id } }),
      (id: string) => client.updateJob({ params: { id }, body: { name: "mine" } }),
      (id: string) => client.deleteJob({ params: { id } }),
      (id: string) => client.pauseJob({ params: { id } }),
      (id: string) => client.resumeJob({ params: { id } }),
      (id: string) => client.activateJob({ params: { id } }),
      (id: string) => client.runJobNow({ params: { id } }),
      (id: string) => client.listJobExecutions({ params: { id } }),
    ]) {
      const unknown = await refusalOf(call("job_00000000000000000000000000000000"));
      expect(unknown).toBe("not_found : There is no job with this id in this workspace.");
      expect(await refusalOf(call(foreign))).toBe(unknown);
      expect(await refusalOf(call("not an id"))).toBe(unknown);
    }
    expect(await stranger.client.getJob({ params: { id: foreign } })).toMatchObject(hourly);
  });
});

describe("running a job now", () => {
  it("wakes the runner", async () => {
    const job = await createJobParams(api, hourly);
    await hearWake(api.db, "runner", () => api.client.runJobNow(job));
  });

  it.each(["active", "paused", "draft", "completed"] as const)(
    "queues an execution of a job that is %s",
    async (state) => {
      const job = await createJobInState(api, state);
      const execution = await api.client.runJobNow(job);
      expect(execution).toMatchObject({
        job_id: job.params.id,
        status: "queued",
        trigger: "manual",
        attempt_count: 0,
        next_attempt_at: execution.scheduled_for,
      });
      expect(await api.client.getJob(job)).toMatchObject({ state });
    },
  );
});

describe("deleting a job", () => {
  it("cancels what is queued, tells of it, and leaves what runs to its end", async () => {
    const { id: channelId } = await api.client.createChannel({
      body: { name: "gone", type: "webhook", config: { url: "https://api.example.com/hook" } },
    });
    const rules = [
      { channel_id: channelId, event: "on_completion" },
      { channel_id: channelId, event: "on_failure" },
    ];
    const job = await createJobParams(api, {
      ...hourly,
      name: "deleted",
      notification_rules: rules,
    });
    const queued = await api.client.runJobNow(job);
    const running = await api.client.runJobNow(job);
    await api.db.run(sql`
      update executions set status = 'running', started_at = due_at, node_id = 'node_x'
      where id = ${running.id}`);
    await planSlot(api, job, 1_500);
    await api.client.deleteJob(job);

    expect(await listExecutionsOf(api, job)).toEqual([
      expect.objectContaining({ id: running.id, status: "running" }),
      expect.objectContaining({
        id: queued.id,
        status: "cancelled",
        reason: "The job was deleted.",
        next_attempt_at: null,
      }),
    ]);
    const params = { id: queued.id };
    const { items } = await api.client.listExecutionNotifications({ params });
    expect(items).toEqual([
      expect.objectContaining({ event: "on_completion", status: "pending", job_name: "deleted" }),
    ]);
  });

  it("is not there any more, while its history is", async () => {
    const job = await createJobParams(api, { ...oneTime, name: "with history" });
    const [execution] = await listExecutionsOf(api, job);
    await api.client.deleteJob(job);
    const gone = "not_found : There is no job with this id in this workspace.";
    expect(await refusalOf(api.client.getJob(job))).toBe(gone);
    expect(await refusalOf(api.client.deleteJob(job))).toBe(gone);
    expect(await refusalOf(api.client.runJobNow(job))).toBe(gone);
    expect((await api.client.listJobs({ query: { name: "with history" } })).items).toEqual([]);
    const { items } = await api.client.listExecutions({ query: { job_name: "with history" } });
    expect(items.map(({ id }) => id)).toEqual([execution?.id]);
  });

  it("wakes the sender when something was cancelled", async () => {
    const job = await createJobParams(api, oneTime);
    await hearWake(api.db, "sender", () => api.client.deleteJob(job));
  });

  it("leaves nothing for the planner", async () => {
    const job = await createJobParams(api, minutely);
    await api.client.deleteJob(job);
    const due = await lockDueJobs(api.db, new Date(inFuture(api, 24 * hourMs)), 10_000);
    expect(due.map(({ id }) => id)).not.toContain(job.params.id);
  });
});
