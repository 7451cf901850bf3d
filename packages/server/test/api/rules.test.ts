// Rules of rules: one for each pair, only of what one workspace owns, listed as the guide shows.
import type { Channel, Job } from "@trigrun/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { createTestApi, type Tenant, type TestApi } from "../support/api.ts";

let test: TestApi;
let job: Job;
let channel: Channel;
beforeAll(async () => {
  test = await createTestApi();
  job = await newJob(test);
  channel = await newChannel(test);
});
afterAll(() => test.close());

let count = 0;

function newJob({ client }: Tenant): Promise<Job> {
  const request = { url: "https://api.example.com/backup" };
  const schedule = { every_n_minutes: 60 };
  return client.createJob({ body: { name: "job", kind: "recurring", schedule, request } });
}

function newChannel({ client }: Tenant): Promise<Channel> {
  const config = { url: "https://api.example.com/hooks/cron" };
  return client.createChannel({ body: { name: `channel-${count++}`, type: "webhook", config } });
}

const rulesOf = (jobId: string) => `/v1/jobs/${jobId}/notification-rules`;
const add = (jobId: string, channelId: string, event = "on_failure", token = test.token) =>
  test.call({ path: rulesOf(jobId), body: { channel_id: channelId, event }, token });

describe("attaching", () => {
  it("answers 201 with the rule, and 200 with the same one when it stands already", async () => {
    const first = await add(job.id, channel.id);
    expect(first.status).toBe(201);
    expect(first.body).toEqual({
      id: expect.stringMatching(/^rule_[0-9a-f]{32}$/),
      job_id: job.id,
      channel_id: channel.id,
      channel_name: channel.name,
      channel_type: "webhook",
      event: "on_failure",
    });
    const again = await add(job.id, channel.id);
    expect([again.status, again.body]).toEqual([200, first.body]);
  });

  it("makes one rule of many attempts at once", async () => {
    const { id } = await newChannel(test);
    const answers = await Promise.all(Array.from({ length: 5 }, () => add(job.id, id)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });

  it("takes each event of one channel, and nothing else", async () => {
    const { id } = await newChannel(test);
    for (const event of ["on_success", "on_failure", "on_completion"]) {
      expect((await add(job.id, id, event)).status).toBe(201);
    }
    const answer = await add(job.id, id, "on_start");
    expect(answer.body.error.details).toEqual([
      { path: "event", message: "must be one of: on_success, on_failure, on_completion" },
    ]);
  });

  it("refuses a channel that the workspace does not have", async () => {
    const stranger = await test.addTenant();
    const theirs = await newChannel(stranger);
    for (const id of ["CHANNEL_ID", theirs.id, job.id]) {
      const answer = await add(job.id, id);
      expect([answer.status, answer.body.error.code]).toEqual([400, "validation_failed"]);
      expect(answer.body.error).toMatchObject({
        message: "channel_id is not a channel of this workspace.",
        details: [{ path: "channel_id", message: "is not a channel of this workspace" }],
      });
    }
  });

  it("is 404 for a job that is unknown, deleted or another workspace's", async () => {
    const gone = await newJob(test);
    await test.client.deleteJob({ params: { id: gone.id } });
    const stranger = await test.addTenant();
    const theirs = await newJob(stranger);
    for (const id of ["JOB_ID", gone.id, theirs.id]) {
      expect((await add(id, channel.id)).status).toBe(404);
      expect((await test.call({ path: rulesOf(id) })).status).toBe(404);
    }
  });

  it("leaves no rule behind when the channel is deleted in the same moment", async () => {
    const { id } = await newChannel(test);
    const [added, deleted] = await Promise.all([
      add(job.id, id),
      test.call({ method: "DELETE", path: `/v1/notification-channels/${id}` }),
    ]);
    expect(deleted.status).toBe(204);
    expect([201, 400]).toContain(added.status);
    expect(await test.db.rows(sql`select id from rules where channel_id = ${id}`)).toEqual([]);
  });
});

describe("attaching with a new job", () => {
  const create = (rules: unknown) =>
    test.call({
      path: "/v1/jobs",
      body: {
        name: "with-rules",
        kind: "one_time",
        request: { url: "https://api.example.com/backup" },
        notification_rules: rules,
      },
    });

  it("makes each pair once", async () => {
    const other = await newChannel(test);
    const rules = [
      { channel_id: channel.id, event: "on_failure" },
      { channel_id: other.id, event: "on_completion" },
      { channel_id: channel.id, event: "on_failure" },
    ];
    const answer = await create(rules);
    expect(answer.status).toBe(201);
    const { items } = await test.client.listRules({ params: { id: answer.body.id } });
    expect(items.map(({ channel_id, event }) => ({ channel_id, event })).reverse()).toEqual(
      rules.slice(0, 2),
    );
  });

  it("makes no job when a channel is not the workspace's, and says which", async () => {
    const stranger = await test.addTenant();
    const theirs = await newChannel(stranger);
    const before = await test.db.rows(sql`select id from jobs`);
    const answer = await create([
      { channel_id: channel.id, event: "on_failure" },
      { channel_id: theirs.id, event: "on_failure" },
    ]);
    expect(answer.status).toBe(400);
    expect(answer.body.error.details).toEqual([
      { path: "notification_rules.1.channel_id", message: "is not a channel of this workspace" },
    ]);
    expect(await test.db.rows(sql`select id from jobs`)).toHaveLength(before.length);
  });
});

describe("listing", () => {
  it("answers the fields of the guide, newest first, page by page", async () => {
    const { id } = await newJob(test);
    const made: string[] = [];
    for (let index = 0; index < 5; index++) {
      made.unshift((await add(id, (await newChannel(test)).id)).body.id);
    }
    const first = await test.client.listRules({ params: { id }, query: { limit: 3 } });
    expect(Object.keys(first.items[0] ?? {})).toEqual([
      "id",
      "job_id",
      "channel_id",
      "channel_name",
      "channel_type",
      "event",
    ]);
    const cursor = first.next_cursor ?? "";
    const second = await test.client.listRules({ params: { id }, query: { limit: 3, cursor } });
    expect(second.next_cursor).toBeNull();
    expect([...first.items, ...second.items].map((rule) => rule.id)).toEqual(made);
  });

  it("is empty, not missing, for a job without rules", async () => {
    const { id } = await newJob(test);
    const page = await test.client.listRules({ params: { id } });
    expect(page).toEqual({ items: [], next_cursor: null });
  });

  it("shows the name that the channel has now", async () => {
    const { id } = await newJob(test);
    const renamed = await newChannel(test);
    await add(id, renamed.id);
    await test.client.updateChannel({ params: { id: renamed.id }, body: { name: "renamed" } });
    const { items } = await test.client.listRules({ params: { id } });
    expect(items[0]?.channel_name).toBe("renamed");
  });
});

describe("removing", () => {
  const remove = (jobId: string, ruleId: string, token = test.token) =>
    test.call({ method: "DELETE", path: `${rulesOf(jobId)}/${ruleId}`, token });

  it("takes the rule away, once", async () => {
    const { id } = await newJob(test);
    const rule = (await add(id, channel.id)).body;
    expect((await remove(id, rule.id)).status).toBe(204);
    expect((await remove(id, rule.id)).status).toBe(404);
    expect((await test.client.listRules({ params: { id } })).items).toEqual([]);
  });

  it("is 404 under another job and from another workspace", async () => {
    const [one, other] = [await newJob(test), await newJob(test)];
    const rule = (await add(one.id, channel.id)).body;
    const stranger = await test.addTenant();
    expect((await remove(other.id, rule.id)).status).toBe(404);
    expect((await remove(one.id, rule.id, stranger.token)).status).toBe(404);
    expect((await test.client.listRules({ params: { id: one.id } })).items).toHaveLength(1);
    const theirs = await test.call({ path: rulesOf(one.id), token: stranger.token });
    expect(theirs.status).toBe(404);
    expect((await add(one.id, channel.id, "on_success", stranger.token)).status).toBe(404);
  });
});
