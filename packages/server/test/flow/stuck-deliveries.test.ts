// Deliveries that could wait for ever or be told twice: behind many other destinations, parked at
// the wrong moment, folded into digests without end, held by a pace that is not theirs.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parkForChannel } from "../../src/send/delivery.ts";
import { sql } from "../../src/store/db.ts";
import { claimDue } from "../../src/store/delivery-queue.ts";
import { settleIfLeased } from "../../src/store/delivery-settlement.ts";
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

const deliveries = async (query = {}) => (await story.client.listDeliveries({ query })).items;

async function runJob(times: number): Promise<void> {
  for (let run = 0; run < times; run += 1) {
    await story.client.runJobNow({ params: { id: jobId } });
  }
  await story.tick();
}

const disable = (channelId: string) =>
  story.db.run(sql`
    update channels set disabled_at = ${story.clock.now()}, disabled_reason = 'gone.'
    where id = ${channelId}`);

describe("a claim", () => {
  it("reaches what is due behind a thousand destinations whose retries lie ahead", async () => {
    await story.tell(jobId, "on_completion", ops.url);
    await story.client.runJobNow({ params: { id: jobId } });
    await story.node.runner.runOnce();
    // A thousand other destinations, made earlier, each with a retry that is due in an hour.
    await story.db.run(sql`
      insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
        destination_id, job_id, execution_id, event, facts, due_at, attempt_count, created_at)
      select new_id('dlv'), d.workspace_id, 'chan_' || n, 'x', 'webhook',
        'dest_000000000000' || lpad(n::text, 20, '0'), d.job_id, d.execution_id, d.event, d.facts,
        ${story.clock.now()}::timestamptz + interval '1 hour', 1, d.created_at
      from deliveries d, generate_series(1, 1000) n`);
    for (let pass = 0; pass < 5; pass += 1) await story.node.sender.runOnce();
    expect(ops.calls).toHaveLength(1);
  });
});

describe("a delivery that is parked while its channel is being enabled", () => {
  it("does not wait for ever", async () => {
    const channelId = await story.tell(jobId, "on_completion", ops.url);
    await story.client.runJobNow({ params: { id: jobId } });
    await story.node.runner.runOnce();
    await disable(channelId);
    const now = story.clock.now();
    const {
      deliveries: [claimed],
    } = await claimDue(story.db, {
      ...{ nodeId: story.node.id, now, dueBy: now, limit: 10, width: 8 },
      ...{ stretch: { after: "", upTo: null }, rooms: new Map() },
    });
    if (claimed === undefined) throw new Error("nothing was claimed");
    await story.client.enableChannel({ params: { id: channelId } });
    const next = parkForChannel(claimed, "gone.");
    if (next.status !== "pending") throw new Error("it was not parked");
    await settleIfLeased(
      story.db,
      [
        {
          ...{ delivery: claimed, attempt: null, isInterruption: false, status: "pending" },
          ...{ reason: next.reason, dueAt: next.dueAt, dueReason: next.dueReason },
          ...{ finishedAt: null, disableChannelFor: null, isParked: true, pause: null },
        },
      ],
      { patience: { failuresMax: 50, hoursMax: 24 }, publicUrl: "http://x" },
    );
    await story.client.enableChannel({ params: { id: channelId } });
    story.clock.advance(60_000);
    await story.tick();
    const { status } = await story.client.getDelivery({ params: { id: claimed.id } });
    expect(status).toBe("sent");
  });
});

describe("a digest", () => {
  it("is not one of ever more when the flood goes on", async () => {
    const channelId = await story.tell(jobId, "on_completion", ops.url);
    const pace = { max_per_minute: 1, burst: 1, overflow: "digest" } as const;
    await story.client.updateChannel({ params: { id: channelId }, body: { pace } });
    for (let second = 0; second < 30; second += 1) {
      await runJob(2);
      story.clock.advance(1_000);
    }
    const waiting = await deliveries({ event: "digest", status: "pending" });
    // At one message a minute, more than two digests waiting is a backlog that only grows.
    expect(waiting.length).toBeLessThanOrEqual(2);
  });
});

describe("a pace", () => {
  it("that is raised holds from now on", async () => {
    const channelId = await story.tell(jobId, "on_completion", ops.url);
    const params = { id: channelId };
    const slow = { max_per_minute: 1, burst: 10 };
    await story.client.updateChannel({ params, body: { pace: slow } });
    await runJob(10);
    expect(ops.calls).toHaveLength(10);
    await story.client.updateChannel({ params, body: { pace: { max_per_minute: 6_000 } } });
    await runJob(1);
    story.clock.advance(5_000);
    await story.tick();
    expect(ops.calls).toHaveLength(11);
  });

  it("is not spent on a channel that is disabled", async () => {
    const gone = await story.tell(jobId, "on_completion", ops.url);
    const pace = { max_per_minute: 1, burst: 1 };
    await story.client.updateChannel({ params: { id: gone }, body: { pace } });
    await disable(gone);
    await runJob(5);
    await story.tell(jobId, "on_completion", ops.url);
    await story.client.runJobNow({ params: { id: jobId } });
    await story.node.runner.runOnce();
    for (let minute = 0; minute < 3; minute += 1) {
      story.clock.advance(60_000);
      await story.node.sender.runOnce();
    }
    expect(ops.calls.length).toBeGreaterThan(0);
  });

  it("and a pause are no matter to somebody who wants to try now", async () => {
    await story.tell(jobId, "on_completion", ops.url);
    ops.answers({ status: 429, headers: { "retry-after": "3600" } });
    await runJob(1);
    ops.answers(200);
    const [waiting] = await deliveries();
    await story.client.retryDelivery({ params: { id: waiting?.id ?? "" } });
    await story.tick();
    expect((await deliveries())[0]?.status).toBe("sent");
  });

  it("and a pause do not hide that a digest tells what waits", async () => {
    const channelId = await story.tell(jobId, "on_completion", ops.url);
    const pace = { max_per_minute: 6, burst: 1, overflow: "digest" } as const;
    await story.client.updateChannel({ params: { id: channelId }, body: { pace } });
    ops.answers({ status: 429, headers: { "retry-after": "3600" } });
    await runJob(3);
    const [digest] = await deliveries({ event: "digest" });
    const [told] = await deliveries({ digest_id: digest?.id ?? "" });
    expect(told).toMatchObject({ status: "pending", next_attempt_at: null });
    expect(told?.reason).toContain(`the digest ${digest?.id} tells it`);
  });
});
