// Receivers that fail for long: when a channel is disabled, what waits, and what a retry in bulk
// leaves out.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sql } from "../../src/store/db.ts";
import type { Receiver } from "../support/receiver.ts";
import { createStory, type Story } from "../support/story.ts";

let story: Story;
let ops: Receiver;
let jobId: string;
let channelId: string;
beforeEach(async () => {
  story = await createStory("2026-03-01T10:00:00Z");
  const target = await story.addReceiver();
  ops = await story.addReceiver();
  jobId = await story.addJob(target.url);
  channelId = await story.tell(jobId, "on_completion", ops.url);
});
afterEach(() => story.close());

async function runJob(times: number): Promise<void> {
  for (let run = 0; run < times; run += 1) {
    await story.client.runJobNow({ params: { id: jobId } });
  }
  await story.tick();
}

const channel = () => story.client.getChannel({ params: { id: channelId } });

async function streak() {
  const { items } = await story.client.listChannelStatistics();
  return items.find(({ channel_id }) => channel_id === channelId);
}

describe("a receiver that fails", () => {
  it("is counted try by try, and forgiven at the first success", async () => {
    ops.answers(500);
    await runJob(3);
    expect(await streak()).toMatchObject({
      failures_in_row: 3,
      failing_since: "2026-03-01T10:00:00.000Z",
      waiting: 3,
    });
    ops.answers(200);
    story.clock.advance(5_000);
    await story.tick();
    expect(await streak()).toMatchObject({
      failures_in_row: 0,
      failing_since: null,
      sent: 3,
      last_sent_at: "2026-03-01T10:00:05.000Z",
    });
  });

  it("in a short outage of a busy channel is not disabled", async () => {
    ops.answers(500);
    await runJob(60);
    expect(await channel()).toMatchObject({ disabled_at: null });
  });

  it("for 50 tries in a row over ten minutes is disabled, with the reason", async () => {
    ops.answers(500);
    await runJob(49);
    story.clock.advance(600_000);
    await story.client.runJobNow({ params: { id: jobId } });
    await story.tick();
    expect((await channel()).disabled_reason).toMatch(
      /^\d+ tries in a row have failed since 2026-03-01 10:00 UTC; the last one: .*500/,
    );
  });

  it("for a day is disabled however few its tries, and waits without burning them", async () => {
    ops.answers(500);
    await runJob(1);
    const [first] = (await story.client.listDeliveries()).items;
    story.clock.at("2026-03-02T10:00:01Z");
    await story.tick();
    expect((await channel()).disabled_reason).toMatch(/^2 tries in a row/);
    story.clock.advance(86_400_000);
    await story.node.sender.runOnce();
    expect(await story.client.getDelivery({ params: { id: first?.id ?? "" } })).toMatchObject({
      attempt_count: 2,
      status: "pending",
      reason: expect.stringContaining("The channel is disabled"),
    });
    ops.answers(200);
    await story.client.enableChannel({ params: { id: channelId } });
    expect(await streak()).toMatchObject({ failures_in_row: 0 });
    await story.tick();
    expect(await streak()).toMatchObject({ waiting: 0 });
  });
});

describe("a channel that was disabled", () => {
  async function disable(): Promise<void> {
    ops.answers(410);
    await runJob(1);
    ops.answers(200);
  }
  const enable = (waiting: "send" | "discard") =>
    story.client.enableChannel({ params: { id: channelId }, body: { waiting } });
  const all = async () => (await story.client.listDeliveries({ query: { limit: 100 } })).items;

  it("is told over another channel of the workspace, once", async () => {
    const pager = await story.addReceiver();
    const pagerId = await story.tell(jobId, "on_failure", pager.url);
    await disable();
    story.clock.advance(1_000);
    await story.tick();
    expect(pager.calls).toHaveLength(1);
    expect(JSON.parse(pager.calls[0]?.body ?? "")).toMatchObject({
      type: "channel.disabled",
      data: { channel: { id: channelId, name: "channel 1", type: "webhook" } },
    });
    const warnings = (await all()).filter(({ event }) => event === "channel_disabled");
    expect(warnings).toMatchObject([{ channel_id: pagerId, status: "sent", job_id: null }]);
    const { sentences } = await story.client.explainDelivery({
      params: { id: warnings[0]?.id ?? "" },
    });
    expect(sentences[0]).toContain('that the channel "channel 1" was disabled');
  });

  it("warns nobody over a channel that leads to the same dead end", async () => {
    await story.tell(jobId, "on_failure", ops.url);
    await disable();
    expect((await all()).filter(({ event }) => event === "channel_disabled")).toEqual([]);
  });

  it("sends what waited when it is enabled, the newest first", async () => {
    await disable();
    for (let run = 0; run < 3; run += 1) {
      story.clock.advance(1_000);
      await runJob(1);
    }
    const waiting = (await all()).filter(({ status }) => status === "pending");
    expect(waiting).toHaveLength(3);
    expect(waiting[0]).toMatchObject({ next_attempt_at: null, attempt_count: 0 });
    expect(waiting[0]?.reason).toContain("The channel is disabled");
    const before = ops.calls.length;
    expect(await enable("send")).toMatchObject({ waited: 3 });
    await story.tick();
    const told = ops.calls.slice(before).map(({ headers }) => headers["webhook-id"]);
    expect(told).toEqual(waiting.map(({ id }) => id));
  });

  it("discards what waited when it is told to, with the reason", async () => {
    await disable();
    await runJob(2);
    expect(await enable("discard")).toMatchObject({ waited: 2 });
    await story.tick();
    const discarded = (await all()).filter(({ reason }) => reason?.startsWith("Discarded"));
    expect(discarded.map(({ status }) => status)).toEqual(["failed", "failed"]);
  });
});

describe("a retry in bulk", () => {
  async function fail(times: number): Promise<void> {
    const body = { kind: "one_time", schedule: {} } as const;
    const failing = await story.addReceiver();
    failing.answers(404);
    const failingJob = await story.addJob(failing.url, { ...body, state: "draft" });
    const rule = { channel_id: channelId, event: "on_failure" as const };
    await story.client.addRule({ params: { id: failingJob }, body: rule });
    for (let run = 0; run < times; run += 1) {
      await story.client.runJobNow({ params: { id: failingJob } });
    }
    await story.tick();
    await story.db.run(sql`
      update deliveries set status = 'processing', node_id = 'node_x' where status = 'pending'`);
    await story.db.run(sql`
      update deliveries set status = 'failed', node_id = null, due_at = null,
        finished_at = ${story.clock.now()}
      where status = 'processing'`);
    jobId = failingJob;
  }

  it("spreads what it restarts when it is told to", async () => {
    ops.answers(500);
    await fail(3);
    await story.client.retryDeliveries({ body: { max_per_minute: 7 } });
    const { items } = await story.client.listDeliveries({ query: { status: "pending" } });
    expect(items.map(({ next_attempt_at }) => next_attempt_at).sort()).toEqual([
      "2026-03-01T10:00:00.000Z",
      "2026-03-01T10:00:08.571Z",
      "2026-03-01T10:00:17.143Z",
    ]);
  });

  it("leaves out failures of a job that has succeeded since", async () => {
    ops.answers(500);
    await fail(2);
    const body = { only_still_true: true, dry_run: true };
    expect(await story.client.retryDeliveries({ body })).toMatchObject({ count: 2 });
    const mended = await story.addReceiver();
    await story.client.updateJob({
      params: { id: jobId },
      body: { request: { url: mended.url } },
    });
    story.clock.advance(1_000);
    await story.client.runJobNow({ params: { id: jobId } });
    await story.tick();
    expect(await story.client.retryDeliveries({ body })).toMatchObject({ count: 0 });
    expect(await story.client.retryDeliveries({ body: { dry_run: true } })).toMatchObject({
      count: 2,
    });
  });
});
