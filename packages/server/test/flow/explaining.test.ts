// Explanations: why a notification did or did not go out, in sentences.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createStory, type Story } from "../support/story.ts";

let story: Story;
beforeEach(async () => {
  story = await createStory("2026-03-01T10:00:00Z");
});
afterEach(() => story.close());

async function explainLast(): Promise<string> {
  const { items } = await story.client.listExecutions();
  const params = { id: items[0]?.id ?? "" };
  return (await story.client.explainExecution({ params })).sentences.join("\n");
}

describe("the explanation of an execution", () => {
  it("says that it waits, and that nobody is told before it ends", async () => {
    const target = await story.addReceiver();
    await story.addJob(target.url, { kind: "one_time", schedule: {} });
    expect(await explainLast()).toMatch(/waits for its first attempt.*\n.*fire on the end/);
  });

  it("says that no rule matched, and which rules there are", async () => {
    const target = await story.addReceiver();
    const jobId = await story.addJob(target.url, { name: "backup" });
    await story.tell(jobId, "on_failure", target.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.tick();
    expect(await explainLast()).toContain(
      "No notification was made: no rule matched. " +
        "It fired on_success and on_completion; the job has rules for on_failure only.",
    );
  });

  it("says that the job has no rules", async () => {
    const target = await story.addReceiver();
    await story.addJob(target.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.tick();
    expect(await explainLast()).toContain("No notification was made: the job has no rules.");
  });

  it("does not claim a rule that was added too late", async () => {
    const target = await story.addReceiver();
    const jobId = await story.addJob(target.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.tick();
    await story.tell(jobId, "on_success", target.url);
    expect(await explainLast()).toContain("were added after it ended");
  });

  it("names every attempt, the end, and each delivery with its state", async () => {
    const target = await story.addReceiver();
    const ops = await story.addReceiver();
    target.answers(503, 404);
    ops.answers(500);
    const jobId = await story.addJob(target.url);
    await story.tell(jobId, "on_failure", ops.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.tick();
    story.clock.advance(1_000);
    await story.tick();
    const text = await explainLast();
    expect(text).toMatch(/Attempt 1 began .* The target answered 503/);
    expect(text).toMatch(/Attempt 2 began .* The target answered 404/);
    expect(text).toMatch(/ended at .* as failed\. .*404 is not in retry_on_statuses/);
    expect(text).toMatch(
      /on_failure was told to "channel 1" \(webhook\) .* pending\. .*500.* due at/,
    );
  });
});

describe("the explanation of a delivery", () => {
  it("says what each try came to, what comes next, and why then", async () => {
    const target = await story.addReceiver();
    const ops = await story.addReceiver();
    ops.answers(500, 200);
    const jobId = await story.addJob(target.url);
    await story.tell(jobId, "on_success", ops.url);
    story.clock.at("2026-03-01T10:10:00Z");
    await story.tick();
    const { items } = await story.client.listDeliveries();
    const params = { id: items[0]?.id ?? "" };
    const before = (await story.client.explainDelivery({ params })).sentences.join("\n");
    expect(before).toMatch(/Try 1 .* 500\.\n.* set for 2026-03-01T10:10:05\.000Z\. Step 1 of/);
    expect(before).toContain("It is pending, and due at 2026-03-01T10:10:05.000Z.");
    story.clock.advance(5_000);
    await story.tick();
    const after = (await story.client.explainDelivery({ params })).sentences.join("\n");
    expect(after).toMatch(/It was sent at 2026-03-01T10:10:05\.000Z; nothing more will happen\.$/);
  });
});
