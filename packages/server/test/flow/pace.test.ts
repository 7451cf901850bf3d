// The pace of a destination: how fast it is called, who shares it, what is folded into a digest,
// and that one destination never holds up another.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Receiver } from "../support/receiver.ts";
import { createStory, type Story } from "../support/story.ts";

let story: Story;
let ops: Receiver;
let jobId: string;
beforeEach(async () => {
  story = await createStory("2026-03-01T10:00:00Z");
  const target = await story.addReceiver();
  ops = await story.addReceiver();
  jobId = await story.addJob(target.url);
});
afterEach(() => story.close());

interface Pace {
  readonly max_per_minute: number;
  readonly burst?: number;
  readonly overflow?: "wait" | "digest";
}

async function tellAt(pace: Pace, url = ops.url): Promise<string> {
  const channelId = await story.tell(jobId, "on_completion", url);
  await story.client.updateChannel({ params: { id: channelId }, body: { pace } });
  return channelId;
}

async function runJob(times: number): Promise<void> {
  for (let run = 0; run < times; run += 1) {
    await story.client.runJobNow({ params: { id: jobId } });
  }
  await story.tick();
}

const deliveries = async (query = {}) => (await story.client.listDeliveries({ query })).items;
const typesOf = (receiver: Receiver) =>
  receiver.calls.map(({ body }) => (JSON.parse(body) as { type: string }).type);

describe("a destination with a pace", () => {
  it("gets a burst at once, and then one call after another", async () => {
    await tellAt({ max_per_minute: 6, burst: 2 });
    await runJob(4);
    expect(ops.calls).toHaveLength(2);
    story.clock.advance(9_999);
    await story.tick();
    expect(ops.calls).toHaveLength(2);
    story.clock.advance(1);
    await story.tick();
    expect(ops.calls).toHaveLength(3);
    story.clock.advance(10_000);
    await story.tick();
    expect(ops.calls).toHaveLength(4);
    expect((await deliveries()).map(({ status }) => status)).toEqual(Array(4).fill("sent"));
  });

  it("says of what waits for its turn when that is, and why", async () => {
    await tellAt({ max_per_minute: 6 });
    await runJob(2);
    const [waiting] = await deliveries({ status: "pending" });
    expect(waiting).toMatchObject({
      next_attempt_at: "2026-03-01T10:00:10.000Z",
      reason: "It waits for its turn: the channel takes 6 messages a minute.",
    });
  });

  it("is shared by the channels that lead there, and by no other", async () => {
    const other = await story.addReceiver();
    await tellAt({ max_per_minute: 6 });
    await story.tell(jobId, "on_success", ops.url);
    await story.tell(jobId, "on_completion", other.url);
    await runJob(1);
    expect(ops.calls).toHaveLength(1);
    expect(other.calls).toHaveLength(1);
  });

  it("spends no call twice when two nodes claim at once", async () => {
    await tellAt({ max_per_minute: 6, burst: 3 });
    const second = await story.addNode();
    for (let run = 0; run < 8; run += 1) {
      await story.client.runJobNow({ params: { id: jobId } });
    }
    await story.node.runner.runOnce();
    await Promise.all([story.node.sender.runOnce(), second.sender.runOnce()]);
    await Promise.all([story.node.sender.runOnce(), second.sender.runOnce()]);
    expect(ops.calls).toHaveLength(3);
  });

  it("takes what waits along when its channel is led elsewhere", async () => {
    const other = await story.addReceiver();
    const channelId = await tellAt({ max_per_minute: 6 });
    await runJob(2);
    const body = { config: { url: other.url } };
    await story.client.updateChannel({ params: { id: channelId }, body });
    await story.tick();
    expect(other.calls).toHaveLength(1);
  });

  it("rests for as long as the receiver asks everybody to, and says so", async () => {
    await story.tell(jobId, "on_completion", ops.url);
    ops.answers({ status: 429, headers: { "retry-after": "90" } });
    await runJob(1);
    ops.answers(200);
    await runJob(1);
    expect(ops.calls).toHaveLength(1);
    const waiting = await deliveries({ status: "pending" });
    expect(waiting[0]).toMatchObject({
      attempt_count: 0,
      next_attempt_at: "2026-03-01T10:01:30.000Z",
      reason: "The receiver asked for a pause of 90 s.",
    });
    story.clock.advance(90_000);
    await story.tick();
    expect((await deliveries()).map(({ status }) => status)).toEqual(["sent", "sent"]);
  });
});

describe("a digest", () => {
  const flood = { max_per_minute: 6, burst: 1, overflow: "digest" } as const;

  it("tells in one message what came too fast, and ends what it told with a pointer", async () => {
    const channelId = await tellAt(flood);
    await runJob(5);
    expect(typesOf(ops)).toEqual(["notifications.digest"]);
    const [digest] = await deliveries({ event: "digest" });
    expect(digest).toMatchObject({
      status: "sent",
      channel_id: channelId,
      job_id: null,
      execution_id: null,
    });
    const told = await deliveries({ digest_id: digest?.id ?? "" });
    expect(told).toHaveLength(5);
    for (const delivery of told) {
      expect(delivery).toMatchObject({
        status: "sent",
        attempt_count: 0,
        reason: `Told in the digest ${digest?.id}, which was sent.`,
      });
    }
    const { payload } = await story.client.getDelivery({ params: { id: digest?.id ?? "" } });
    expect(payload).toMatchObject({
      type: "notifications.digest",
      data: { total: 5, succeeded: 5, failed: 0, cancelled: 0 },
    });
    const explained = await story.client.explainDelivery({ params: { id: told[0]?.id ?? "" } });
    expect(explained.sentences.at(-1)).toMatch(/^Told in the digest dlv_.*That was at/);
  });

  it("is not made of what is through within ten seconds", async () => {
    await tellAt({ ...flood, max_per_minute: 60 });
    await runJob(5);
    expect(typesOf(ops)).toEqual(["execution.succeeded"]);
    expect(await deliveries({ event: "digest" })).toEqual([]);
  });

  it("that fails takes along what it told; each of them can be retried by itself", async () => {
    await tellAt(flood);
    const channel = (await story.client.listChannels()).items[0];
    const retry = { schedule_seconds: [1] };
    await story.client.updateChannel({ params: { id: channel?.id ?? "" }, body: { retry } });
    ops.answers(500);
    await runJob(3);
    story.clock.advance(20_000);
    await story.tick();
    const [digest] = await deliveries({ event: "digest" });
    expect(digest).toMatchObject({ status: "failed", attempt_count: 2, max_attempts: 2 });
    const told = await deliveries({ digest_id: digest?.id ?? "" });
    expect(told.map(({ status }) => status)).toEqual(["failed", "failed", "failed"]);
    expect(told[0]?.reason).toContain(
      `The digest ${digest?.id} that told this failed: All 2 tries`,
    );
    ops.answers(200);
    const params = { id: told[0]?.id ?? "" };
    await story.client.retryDelivery({ params });
    story.clock.advance(20_000);
    await story.tick();
    expect(await story.client.getDelivery({ params })).toMatchObject({
      status: "sent",
      digest_id: null,
      attempt_count: 1,
    });
  });

  it("that is sent again ends what it told anew; in bulk each is sent by itself", async () => {
    const channelId = await tellAt(flood);
    const retry = { schedule_seconds: [1] };
    await story.client.updateChannel({ params: { id: channelId }, body: { retry } });
    ops.answers(500);
    await runJob(3);
    story.clock.advance(20_000);
    await story.tick();
    const [digest] = await deliveries({ event: "digest", status: "failed" });
    const id = digest?.id ?? "";
    const bulk = await story.client.retryDeliveries({ body: { dry_run: true } });
    expect(bulk).toMatchObject({ count: 3 });
    ops.answers(200);
    await story.client.retryDelivery({ params: { id } });
    story.clock.advance(20_000);
    await story.tick();
    const told = await deliveries({ digest_id: id });
    expect(told.map(({ status }) => status)).toEqual(["sent", "sent", "sent"]);
  });

  it("is made once, whichever of two nodes is at it", async () => {
    await tellAt(flood);
    const second = await story.addNode();
    for (let run = 0; run < 6; run += 1) {
      await story.client.runJobNow({ params: { id: jobId } });
    }
    await story.node.runner.runOnce();
    await Promise.all([story.node.digester.runOnce(), second.digester.runOnce()]);
    await story.tick();
    const digests = await deliveries({ event: "digest" });
    const told = await Promise.all(digests.map(({ id }) => deliveries({ digest_id: id })));
    expect(told.flat()).toHaveLength(6);
    expect(new Set(told.flat().map(({ id }) => id)).size).toBe(6);
  });

  it("goes down with its channel, and nothing is left waiting", async () => {
    const channelId = await tellAt(flood);
    ops.answers(500);
    await runJob(3);
    await story.client.deleteChannel({ params: { id: channelId } });
    expect((await deliveries()).map(({ status }) => status)).toEqual(Array(4).fill("failed"));
  });
});

describe("a backlog of one destination", () => {
  it("is sent lane by lane, while others are served between", async () => {
    const slow = await story.addReceiver();
    await story.tell(jobId, "on_completion", slow.url);
    await story.tell(jobId, "on_completion", ops.url);
    for (let run = 0; run < 30; run += 1) {
      await story.client.runJobNow({ params: { id: jobId } });
    }
    await story.node.runner.runOnce();
    const { sender } = story.node;
    let passes = 0;
    for (let sent = await sender.runOnce(); sent > 0; sent = await sender.runOnce()) passes += 1;
    expect([slow.calls.length, ops.calls.length]).toEqual([30, 30]);
    // Eight of each in a pass at least, more once both are known to be fast.
    expect(passes).toBeLessThanOrEqual(4);
  });
});
