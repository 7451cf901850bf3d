// From the end of an execution to its deliveries: who is told what, how often, and what is kept.
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import { createStory, type Story, secret } from "../support/story.ts";

let story: Story;
beforeEach(async () => {
  story = await createStory("2026-03-01T10:00:00Z");
});
afterEach(() => story.close());

const plainKey = Buffer.from(secret, "utf8").toString("base64");

async function deliveries() {
  return (await story.client.listDeliveries()).items;
}

describe("the end of an execution", () => {
  it("tells a failure once, after the last attempt, with a signature that verifies", async () => {
    const target = await story.addReceiver();
    const ops = await story.addReceiver();
    target.answers({ status: 503, body: "out of order" });
    const jobId = await story.addJob(target.url, { name: "nightly-backup" });
    await story.tell(jobId, "on_failure", ops.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.tick();
    expect(ops.calls).toHaveLength(0);
    for (let retry = 0; retry < 2; retry += 1) {
      story.clock.advance(1_000);
      await story.tick();
    }
    expect(target.calls).toHaveLength(3);
    expect(ops.calls).toHaveLength(1);
    const [call] = ops.calls;
    const { execution_id, id } = (await deliveries())[0] ?? {};
    expect(call?.headers["webhook-id"]).toBe(id);
    expect(JSON.parse(call?.body ?? "")).toMatchObject({
      type: "execution.failed",
      timestamp: "2026-03-01T10:10:02.000Z",
      data: {
        event: "on_failure",
        job: { id: jobId, name: "nightly-backup", kind: "cron" },
        execution: {
          id: execution_id,
          status: "failed",
          trigger: "schedule",
          scheduled_for: "2026-03-01T10:10:00.000Z",
          attempts: 3,
          duration_ms: 2_000,
        },
        last_attempt: { number: 3, status: "HTTP_ERROR", status_code: 503 },
        next_run_at: "2026-03-01T10:20:00.000Z",
        url: `https://cron.example.com/executions/${execution_id}`,
      },
    });
    // The story's clock is in the past, so the verifier's is moved there.
    const verify = () =>
      new Webhook(plainKey).verify(call?.body ?? "", call?.headers as Record<string, string>);
    expect(withTime(story.clock.now(), verify)).toBeTruthy();
  });

  it.each([
    [200, ["on_completion", "on_success"]],
    [404, ["on_completion", "on_failure"]],
  ])("fires the events of its outcome: %d fires %j", async (status, events) => {
    const target = await story.addReceiver();
    const ops = await story.addReceiver();
    target.answers(status);
    const jobId = await story.addJob(target.url, {
      kind: "one_time",
      state: "draft",
      schedule: {},
    });
    for (const event of ["on_success", "on_failure", "on_completion"] as const) {
      await story.tell(jobId, event, ops.url);
    }
    await story.client.activateJob({ params: { id: jobId } });
    await story.tick();
    expect((await deliveries()).map(({ event }) => event).sort()).toEqual(events);
    expect(ops.calls).toHaveLength(2);
  });

  it("tells a cancel on completion only, in the cancel's own transaction", async () => {
    const target = await story.addReceiver();
    const ops = await story.addReceiver();
    const jobId = await story.addJob(target.url, {
      kind: "one_time",
      state: "draft",
      schedule: {},
    });
    for (const event of ["on_success", "on_failure", "on_completion"] as const) {
      await story.tell(jobId, event, ops.url);
    }
    await story.client.activateJob({ params: { id: jobId } });
    const { items } = await story.client.listJobExecutions({ params: { id: jobId } });
    await story.client.cancelExecution({ params: { id: items[0]?.id ?? "" } });
    await story.tick();
    expect(target.calls).toHaveLength(0);
    expect(ops.calls.map(({ body }) => JSON.parse(body).type)).toEqual(["execution.cancelled"]);
  });

  it("is not recorded when its deliveries cannot be", async () => {
    const target = await story.addReceiver();
    const ops = await story.addReceiver();
    const jobId = await story.addJob(target.url);
    await story.tell(jobId, "on_completion", ops.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.db.run(sql`
      create function refuse() returns trigger language plpgsql
      as $$ begin raise exception 'cut'; end $$`);
    await story.db.run(sql`
      create trigger refuse before insert on deliveries for each row execute function refuse()`);
    await story.tick();
    const [before] = (await story.client.listExecutions()).items;
    expect(before).toMatchObject({ status: "running", finished_at: null });
    expect(await deliveries()).toEqual([]);
    // Once they can be, the execution is made again and all is told.
    await story.db.run(sql`drop trigger refuse on deliveries`);
    story.clock.advance(1_000);
    await story.tick();
    expect(await deliveries()).toHaveLength(1);
    expect(ops.calls).toHaveLength(1);
  });
});

describe("a delivery", () => {
  async function endOneJob(
    ...answers: Parameters<Awaited<ReturnType<Story["addReceiver"]>>["answers"]>
  ) {
    const target = await story.addReceiver();
    const ops = await story.addReceiver();
    ops.answers(...answers);
    const jobId = await story.addJob(target.url);
    const channelId = await story.tell(jobId, "on_completion", ops.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.tick();
    return { ops, channelId, jobId };
  }

  it("is retried on the documented schedule under one id, then explained as failed", async () => {
    const { ops } = await endOneJob(500);
    for (const seconds of [5, 30, 120, 600, 1800, 3600, 10800, 21600, 43200]) {
      story.clock.advance(seconds * 1_000 - 1);
      const before = ops.calls.length;
      await story.node.sender.runOnce();
      expect(ops.calls).toHaveLength(before);
      story.clock.advance(1);
      await story.node.sender.runOnce();
      expect(ops.calls).toHaveLength(before + 1);
    }
    const ids = new Set(ops.calls.map(({ headers }) => headers["webhook-id"]));
    const bodies = new Set(ops.calls.map(({ body }) => body));
    expect([ids.size, bodies.size]).toEqual([1, 1]);
    const [delivery] = await deliveries();
    expect(delivery).toMatchObject({
      status: "failed",
      attempt_count: 10,
      next_attempt_at: null,
      reason: "All 10 tries are used up. The last one: The receiver answered 500.",
    });
    const { attempts } = await story.client.getDelivery({ params: { id: delivery?.id ?? "" } });
    expect(attempts.map(({ verdict }) => verdict)).toEqual(Array(10).fill("retry"));
    expect(attempts[0]).toMatchObject({
      next_attempt_at: "2026-03-01T10:10:05.000Z",
      next_attempt_reason: expect.stringContaining("Step 1 of the schedule: 5 s"),
      request: { method: "POST", headers: { "content-type": "application/json" } },
      response: { status_code: 500 },
    });
  });

  it("starts a fresh round when it is retried by hand", async () => {
    const { ops } = await endOneJob({ status: 410 }, 200);
    const [failed] = await deliveries();
    expect(failed).toMatchObject({ status: "failed", attempt_count: 1 });
    await story.client.enableChannel({ params: { id: failed?.channel_id ?? "" } });
    await story.client.retryDelivery({ params: { id: failed?.id ?? "" } });
    await story.tick();
    expect((await deliveries())[0]).toMatchObject({ status: "sent", attempt_count: 2 });
    expect(ops.calls).toHaveLength(2);
  });

  it("waits as long as the receiver asks", async () => {
    const { ops } = await endOneJob({ status: 429, headers: { "retry-after": "60" } }, 200);
    story.clock.advance(59_000);
    await story.tick();
    expect(ops.calls).toHaveLength(1);
    story.clock.advance(1_000);
    await story.tick();
    expect(ops.calls).toHaveLength(2);
  });

  it("does not follow a redirect", async () => {
    const elsewhere = await story.addReceiver();
    await endOneJob({ status: 302, headers: { location: elsewhere.url } });
    expect(elsewhere.calls).toHaveLength(0);
    expect((await deliveries())[0]).toMatchObject({
      status: "pending",
      reason: expect.stringContaining("redirects are not followed"),
    });
  });

  it("disables the channel of a receiver that is gone; later ones wait and say why", async () => {
    const { ops, channelId } = await endOneJob(410);
    const params = { id: channelId };
    expect((await story.client.getChannel({ params })).disabled_reason).toContain("410 Gone");
    story.clock.at("2026-03-01T10:20:00Z");
    await story.tick();
    expect((await deliveries())[0]).toMatchObject({
      status: "pending",
      attempt_count: 0,
      reason: expect.stringContaining("The channel is disabled"),
    });
    ops.answers(200);
    await story.client.enableChannel({ params });
    await story.tick();
    expect((await deliveries())[0]).toMatchObject({ status: "sent" });
  });

  it("fails with the reason when its channel is deleted, and stays readable", async () => {
    const { channelId } = await endOneJob(500);
    await story.client.deleteChannel({ params: { id: channelId } });
    expect((await deliveries())[0]).toMatchObject({
      status: "failed",
      channel_name: "channel 1",
      reason: "The channel was deleted before this could be sent.",
    });
  });

  it("by e-mail without SMTP settings names the missing setting and goes on", async () => {
    const target = await story.addReceiver();
    const jobId = await story.addJob(target.url);
    const body = {
      name: "mail",
      type: "email" as const,
      config: { email: "ops@example.com" },
    };
    const channel = await story.client.createChannel({ body });
    const rule = { channel_id: channel.id, event: "on_success" as const };
    await story.client.addRule({ params: { id: jobId }, body: rule });
    story.clock.at("2026-03-01T10:10:00Z");
    await story.tick();
    expect((await deliveries())[0]).toMatchObject({
      status: "pending",
      attempt_count: 1,
      reason: expect.stringContaining("TRIGRUN_SMTP_URL"),
    });
  });
});

/** Runs `work` with `Date.now` at `now`: the verifiers compare with the wall clock. */
function withTime<T>(now: Date, work: () => T): T {
  const real = Date.now;
  Date.now = () => now.getTime();
  try {
    return work();
  } finally {
    Date.now = real;
  }
}

describe("a slow receiver", () => {
  it("holds up only its own channel: others pass any number of its deliveries", async () => {
    const target = await story.addReceiver();
    const tarpit = await story.addReceiver();
    const quick = await story.addReceiver();
    tarpit.answers("silence");
    const slowJob = await story.addJob(target.url);
    await story.tell(slowJob, "on_completion", tarpit.url);
    const quickJob = await story.addJob(target.url);
    await story.tell(quickJob, "on_completion", quick.url);
    for (let run = 0; run < 60; run += 1) {
      await story.client.runJobNow({ params: { id: slowJob } });
    }
    while ((await story.node.runner.runOnce()) > 0);
    // Due later than all 60 of the tarpit, and more than one claim behind them.
    story.clock.advance(1_000);
    await story.client.runJobNow({ params: { id: quickJob } });
    while ((await story.node.runner.runOnce()) > 0);
    const arrived = quick.nextCall();
    const sending = story.node.sender.runOnce();
    await arrived;
    const held = await story.client.listDeliveries({ query: { status: "processing" } });
    expect(held.items.filter(({ job_id }) => job_id === slowJob)).toHaveLength(8);
    await tarpit.stop();
    await sending;
  });
});
