// The judgement over the demo: a good run passes, and each way in which one can be bad does not.
import { describe, expect, it } from "vitest";
import { makeDelivery, makeExecution, makeSnapshot, makeTry } from "./fixtures.ts";
import { findMiscounts, findMissing, findWrong, type Snapshot } from "./judge.ts";
import { createLedger } from "./ledger.ts";
import type { Delivery } from "./news.ts";
import { channelNames, failedRun, mendedRun } from "./script.ts";

const runs = [failedRun, mendedRun];
const good = makeSnapshot(runs);

/** The good snapshot with its first delivery (ops-webhook, on_failure) changed. */
function withFirst(change: Partial<Delivery>): Snapshot {
  const [first, ...others] = good.deliveries;
  return { ...good, deliveries: [makeDelivery({ ...first, ...change }), ...others] };
}

describe("a run as it is written", () => {
  it("misses nothing and has nothing wrong", () => {
    for (const run of runs) expect(findMissing(run, good)).toEqual([]);
    expect(findWrong(runs, good)).toEqual([]);
  });

  it("has told ten deliveries", () => {
    expect(good.deliveries).toHaveLength(10);
  });
});

describe("what is missing", () => {
  it("is the execution, while there is none", () => {
    expect(findMissing(failedRun, { executions: [], deliveries: [] })).toEqual([
      "no execution has the trigger `schedule` yet",
    ]);
  });

  it("is the end of the execution, with what it waits for", () => {
    const reason = "The target answered 503.";
    const running = makeExecution(failedRun, { status: "running", finished_at: null, reason });
    const [missing] = findMissing(failedRun, { executions: [running], deliveries: [] });
    expect(missing).toContain(`is running: ${reason}`);
  });

  it("is each delivery that is not there", () => {
    const missing = findMissing(failedRun, { ...good, deliveries: [] });
    expect(missing).toHaveLength(failedRun.tells.length);
    expect(missing[0]).toBe("ops-webhook has not been told about on_failure");
  });

  it("is a delivery that is not sent, with the API's reasons", () => {
    const attempts = [makeTry(1, "retry")];
    const waiting = withFirst({ status: "pending", reason: "It waits.", attempts });
    expect(findMissing(failedRun, waiting)).toEqual([
      "ops-webhook has not been told about on_failure: it is pending after 1 try: It waits.",
    ]);
    expect(findWrong(runs, waiting)).toEqual([]);
  });
});

describe("what is wrong", () => {
  it.each([
    ["a delivery that failed", withFirst({ status: "failed", reason: "Slack said no." }), "no."],
    [
      "a delivery tried too seldom",
      withFirst({ attempts: [makeTry(1, "sent")] }),
      "sent after 1 try",
    ],
    [
      "a delivery that waits after its last allowed try",
      withFirst({
        ...{ status: "pending", reason: "Why." },
        attempts: [makeTry(1, "retry"), makeTry(2, "retry")],
      }),
      "pending after 2 tries: Why. Try 1: The receiver answered 500.",
    ],
    ["a delivery of no rule", withFirst({ event: "on_success" }), "belongs to no rule"],
    ["a delivery of no execution", withFirst({ execution_id: "exec_x" }), "belongs to no rule"],
    [
      "two deliveries for one channel and event",
      { ...good, deliveries: [...good.deliveries, makeDelivery()] },
      "is there twice",
    ],
    [
      "an execution that nobody asked for",
      {
        ...good,
        executions: [...good.executions, makeExecution(failedRun, { trigger: "manual" })],
      },
      "is too much",
    ],
    [
      "an execution that ended otherwise",
      { deliveries: [], executions: [makeExecution(failedRun, { status: "cancelled" })] },
      "is cancelled after [503, 503, 503], expected failed",
    ],
    [
      "an execution with an attempt too few",
      { deliveries: [], executions: [makeExecution({ ...failedRun, answers: [503, 503] })] },
      "after [503, 503]",
    ],
    [
      "an attempt with another answer, before the execution has ended",
      {
        deliveries: [],
        executions: [makeExecution({ ...failedRun, answers: [503, 200] }, { status: "running" })],
      },
      "after [503, 200]",
    ],
  ])("is %s", (_what, snapshot, words) => {
    expect(findWrong(runs, snapshot).join("\n")).toContain(words);
  });

  it("is not an execution that is under way", () => {
    const running = makeExecution({ ...failedRun, answers: [503] }, { status: "running" });
    expect(findWrong(runs, { executions: [running], deliveries: [] })).toEqual([]);
  });
});

describe("the receivers' accounts", () => {
  const ledger = (...accepted: string[]) => ({
    ...createLedger(channelNames.slack),
    accepted,
  });

  it("agree when each took what it was to be told, in any order", () => {
    expect(findMiscounts(runs, [ledger("on_success", "on_failure")])).toEqual([]);
  });

  it.each([
    ["too little", ["on_failure"]],
    ["too much", ["on_failure", "on_success", "on_success"]],
    ["something else", ["on_failure", "on_completion"]],
  ])("disagree when one took %s", (_what, accepted) => {
    expect(findMiscounts(runs, [ledger(...accepted)])).toHaveLength(1);
  });
});
