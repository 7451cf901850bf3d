// Leases: who may settle what, and what becomes of the work of a node that died.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { toInterruptedAttempt } from "../../src/run/attempt.ts";
import { toEnd } from "../../src/run/execution.ts";
import { claimDue, settleIfLeased } from "../../src/store/execution-queue.ts";
import { bury } from "../../src/store/nodes.ts";
import { createStory, type Story } from "../support/story.ts";

let story: Story;
beforeEach(async () => {
  story = await createStory("2026-03-01T10:00:00Z");
});
afterEach(() => story.close());

async function claimOne(nodeId: string) {
  const [execution] = await claimDue(story.db, {
    nodeId,
    dueBy: story.clock.now(),
    limit: 10,
  });
  if (!execution) throw new Error("nothing was claimed");
  return execution;
}

async function onlyExecution() {
  const { items } = await story.client.listExecutions();
  return story.client.getExecution({ params: { id: items[0]?.id ?? "" } });
}

const toEnding = (
  status: "succeeded" | "failed",
  lastAttempt: Parameters<typeof toEnd>[1]["lastAttempt"],
  finishedAt: Date,
) => ({ status, lastAttempt, reason: null, finishedAt, publicUrl: "https://x" });

describe("a claim", () => {
  it("gives each execution to one of many claimers", async () => {
    const target = await story.addReceiver();
    for (let count = 0; count < 40; count += 1) {
      await story.addJob(target.url, { kind: "one_time", schedule: {} });
    }
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        claimDue(story.db, { nodeId: `node_x${index}`, dueBy: story.clock.now(), limit: 10 }),
      ),
    );
    const ids = claims.flat().map(({ id }) => id);
    expect(ids).toHaveLength(40);
    expect(new Set(ids).size).toBe(40);
  });
});

describe("a settle", () => {
  it("without the lease changes nothing, however it was lost", async () => {
    const target = await story.addReceiver();
    await story.addJob(target.url, { kind: "one_time", schedule: {} });
    const claimed = await claimOne("node_frozen");
    const other = await story.addNode();
    // The frozen node's row was never there, so its lease is dead: the other takes it over.
    expect(await other.rescue()).toBe(1);
    const attempt = { ...toInterruptedAttempt(1, claimed.dueAt), errorClass: null };
    const late = {
      execution: claimed,
      attempt: { ...attempt, status: "SUCCESS" as const, statusCode: 200 },
      reason: null,
      outcome: toEnd(claimed, toEnding("succeeded", attempt, story.clock.now())),
    };
    expect((await settleIfLeased(story.db, [late])).settled.size).toBe(0);
    // Nor does it when the frozen node itself gets the row back: the count has moved on.
    const again = await claimOne("node_frozen");
    expect(again.attemptCount).toBe(1);
    expect((await settleIfLeased(story.db, [late])).settled.size).toBe(0);
    expect(await onlyExecution()).toMatchObject({ status: "running", attempt_count: 1 });
  });

  it("completes a job that runs once, though the clock of the node was set back", async () => {
    const target = await story.addReceiver();
    const id = await story.addJob(target.url, {
      kind: "scheduled",
      schedule: { run_at: "2026-03-01T10:01:00Z" as never },
    });
    story.clock.at("2026-03-01T10:01:00Z");
    await story.node.planner.runOnce();
    const claimed = await claimOne("node_a");
    const attempt = { ...toInterruptedAttempt(1, claimed.dueAt), status: "SUCCESS" as const };
    const finishedAt = new Date("2026-03-01T10:00:59.990Z");
    const outcome = toEnd(claimed, toEnding("succeeded", attempt, finishedAt));
    await settleIfLeased(story.db, [{ execution: claimed, attempt, reason: null, outcome }]);
    expect((await story.client.getJob({ params: { id } })).state).toBe("completed");
  });

  it("twice changes nothing the second time", async () => {
    const target = await story.addReceiver();
    const ops = await story.addReceiver();
    const jobId = await story.addJob(target.url);
    await story.tell(jobId, "on_completion", ops.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.node.planner.runOnce();
    const claimed = await claimOne("node_a");
    const attempt = toInterruptedAttempt(1, claimed.dueAt);
    const outcome = toEnd(claimed, toEnding("failed", attempt, story.clock.now()));
    const settlement = { execution: claimed, attempt, reason: "r", outcome };
    expect(await settleIfLeased(story.db, [settlement])).toMatchObject({ deliveries: 1 });
    expect((await settleIfLeased(story.db, [settlement])).settled.size).toBe(0);
    expect((await story.client.listDeliveries()).items).toHaveLength(1);
  });
});

describe("a rescue", () => {
  it("leaves alone what a living node holds", async () => {
    const target = await story.addReceiver();
    await story.addJob(target.url, { kind: "one_time", schedule: {} });
    await claimOne(story.node.id);
    const other = await story.addNode();
    expect(await other.rescue()).toBe(0);
  });

  it("records the cut attempt, explains it, and uses up no try", async () => {
    const target = await story.addReceiver();
    await story.addJob(target.url, {
      kind: "one_time",
      schedule: {},
      retry_policy: { max_attempts: 1, retry_on_statuses: [] },
    });
    await claimOne(story.node.id);
    await bury(story.db, story.node.id);
    const other = await story.addNode();
    expect(await other.rescue()).toBe(1);
    await other.runner.runOnce();
    const execution = await onlyExecution();
    expect(execution.status).toBe("succeeded");
    expect(execution.attempts).toMatchObject([
      { number: 1, status: "CONNECTION_ERROR", error_class: "interrupted" },
      { number: 2, status: "SUCCESS" },
    ]);
    expect(target.calls[0]?.headers["x-cron-service-attempt"]).toBe("2");
  });

  it("ends an execution whose node died ten times in its middle", async () => {
    const target = await story.addReceiver();
    await story.addJob(target.url, { kind: "one_time", schedule: {} });
    for (let death = 0; death < 10; death += 1) {
      await claimOne("node_dead");
      await story.node.rescue();
      // Two minutes are more than any of the waits between.
      story.clock.advance(120_000);
    }
    const execution = await onlyExecution();
    expect(execution).toMatchObject({ status: "failed", attempt_count: 10 });
    expect(execution.reason).toContain("That happened 10 times");
    expect(target.calls).toHaveLength(0);
  });

  it("sends a delivery again under the same id", async () => {
    const target = await story.addReceiver();
    const ops = await story.addReceiver();
    const jobId = await story.addJob(target.url);
    await story.tell(jobId, "on_completion", ops.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.node.planner.runOnce();
    await story.node.runner.runOnce();
    ops.answers("silence");
    const arrived = ops.nextCall();
    const sending = story.node.sender.runOnce();
    await arrived;
    // The call is under way and the node is dead to everybody else.
    await bury(story.db, story.node.id);
    const other = await story.addNode();
    expect(await other.rescue()).toBe(1);
    ops.answers(200);
    await other.sender.runOnce();
    const [delivery] = (await story.client.listDeliveries()).items;
    expect(delivery).toMatchObject({ status: "sent", attempt_count: 2 });
    expect(new Set(ops.calls.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    await ops.stop();
    await sending;
    // What the dead node learnt too late has changed nothing.
    const [after] = (await story.client.listDeliveries()).items;
    expect(after).toEqual(delivery);
  });
});

describe("a node that stood still until its leases had run out", () => {
  it("keeps what it holds: it rescues nothing from itself, and its answer counts", async () => {
    const target = await story.addReceiver();
    target.answers("silence");
    await story.addJob(target.url, { kind: "one_time", schedule: {} });
    const arrived = target.nextCall();
    const running = story.node.runner.runOnce();
    await arrived;
    await bury(story.db, story.node.id);
    expect(await story.node.rescue()).toBe(0);
    await target.stop();
    await running;
    expect(await onlyExecution()).toMatchObject({ status: "running", attempt_count: 1 });
  });

  it("proves that it lives before it takes anything over", async () => {
    const target = await story.addReceiver();
    await story.addJob(target.url, { kind: "one_time", schedule: {} });
    await claimOne("node_dead");
    await bury(story.db, story.node.id);
    expect(await story.node.rescue()).toBe(1);
    const other = await story.addNode();
    expect(await other.rescue()).toBe(0);
  });
});

describe("a cancel", () => {
  it("that nobody heard of is carried out when the node looks again", async () => {
    const target = await story.addReceiver();
    target.answers("silence");
    await story.addJob(target.url, { kind: "one_time", schedule: {} });
    const arrived = target.nextCall();
    const running = story.node.runner.runOnce();
    await arrived;
    const { id } = await onlyExecution();
    await story.client.cancelExecution({ params: { id } });
    await story.node.runner.recheck();
    await running;
    expect(await onlyExecution()).toMatchObject({ status: "cancelled", attempt_count: 0 });
  });

  it("aborts the request in flight, and the late answer changes nothing", async () => {
    const target = await story.addReceiver();
    target.answers("silence");
    await story.addJob(target.url, { kind: "one_time", schedule: {} });
    const arrived = target.nextCall();
    const running = story.node.runner.runOnce();
    await arrived;
    const { id } = await onlyExecution();
    const cancelled = await story.client.cancelExecution({ params: { id } });
    story.node.runner.cancel(id);
    await running;
    expect(cancelled.status).toBe("cancelled");
    expect(await onlyExecution()).toMatchObject({ status: "cancelled", attempt_count: 0 });
  });
});
