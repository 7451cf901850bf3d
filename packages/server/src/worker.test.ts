// A worker's bounds: how much it claims, holds and works on, and when it begins.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createWorker, type Work } from "./worker.ts";

const faults: Readonly<Record<string, unknown>>[] = [];
const quiet = {
  ...{ debug() {}, info() {}, warn() {} },
  error: (fields: Readonly<Record<string, unknown>>) => void faults.push(fields),
};
let slowMs = 0;
const clock = { now: () => new Date(Date.now() - slowMs) };
const start = new Date("2026-03-01T10:00:00.000Z");

beforeEach(() => {
  slowMs = 0;
  vi.useFakeTimers({ now: start });
});
afterEach(() => {
  vi.useRealTimers();
});

type Act = () => void;

/** A queue of rows in memory; work on each lasts until it is let go. */
function createScene(dueAfterMs: readonly number[], concurrency: number) {
  const queue: Work[] = dueAfterMs.map((ms, index) => ({
    id: `row${index}`,
    dueAt: new Date(start.getTime() + ms),
  }));
  const begun: { id: string; atMs: number; end: Act; fail: Act; signal: AbortSignal }[] = [];
  const leased = new Set<string>();
  const released: string[] = [];
  const settled: string[] = [];
  const state = { isAnswerLost: false, hasLeases: true, canSettle: true };
  let inWork = 0;
  let inWorkMax = 0;
  const worker = createWorker<Work>({
    name: "test",
    clock,
    log: quiet,
    concurrency,
    aheadMs: 1_000,
    claim: async (dueBy, limit) => {
      const due = queue.filter(({ dueAt }) => dueAt <= dueBy).slice(0, limit);
      for (const item of due) {
        queue.splice(queue.indexOf(item), 1);
        leased.add(item.id);
      }
      if (state.isAnswerLost) throw new Error("the connection broke");
      return { items: due, isHeldBack: false };
    },
    findLeased: async (ids) => ids.filter((id) => leased.has(id)),
    idsOf: ({ id }) => ({ row_id: id }),
    hasLeases: () => state.hasLeases,
    nextDueAt: async () => queue[0]?.dueAt,
    settleInterrupted: async ({ id }) => {
      if (!state.canSettle) throw new Error("the row is refused");
      settled.push(id);
      leased.delete(id);
    },
    releaseAllBut: async (ids) => {
      const left = [...leased].filter((id) => !ids.includes(id));
      for (const id of left) leased.delete(id);
      released.push(...left);
      queue.push(...left.map((id) => ({ id, dueAt: start })));
    },
    work: (item, signal) =>
      new Promise((resolve, reject) => {
        inWork += 1;
        inWorkMax = Math.max(inWorkMax, inWork);
        const end = () => {
          inWork -= 1;
          leased.delete(item.id);
          resolve();
        };
        const fail = () => {
          inWork -= 1;
          reject(new Error("a fault of ours"));
        };
        signal.addEventListener("abort", end, { once: true });
        begun.push({ id: item.id, atMs: Date.now() - start.getTime(), end, fail, signal });
      }),
  });
  return { worker, queue, begun, leased, released, settled, state, inWorkMax: () => inWorkMax };
}

describe("createWorker", () => {
  it("begins each row at its due moment, though it was claimed ahead", async () => {
    const { worker, begun } = createScene([0, 400, 900, 2_500], 10);
    worker.start();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(begun.map(({ atMs }) => atMs)).toEqual([0, 400, 900, 2_500]);
    for (const { end } of begun) end();
    await worker.stop();
  });

  it("begins no row early when the clock is set back while it waits", async () => {
    const { worker, begun } = createScene([500], 10);
    worker.start();
    await vi.advanceTimersByTimeAsync(100);
    slowMs = 30;
    await vi.advanceTimersByTimeAsync(900);
    expect(begun.map(({ atMs }) => atMs)).toEqual([530]);
    for (const { end } of begun) end();
    await worker.stop();
  });

  it("never works on more than its concurrency, nor holds more than twice that", async () => {
    const { worker, queue, begun, inWorkMax } = createScene(Array(20).fill(0), 3);
    worker.start();
    await vi.advanceTimersByTimeAsync(10);
    expect(begun).toHaveLength(3);
    expect(queue).toHaveLength(20 - 6);
    for (let done = 0; done < 20; done += 1) {
      begun[done]?.end();
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(begun).toHaveLength(20);
    expect(inWorkMax()).toBe(3);
    await worker.stop();
  });

  it("gives back what it has not begun when it stops, and waits for the rest", async () => {
    const { worker, begun, released } = createScene([0, 0, 0, 500], 2);
    worker.start();
    await vi.advanceTimersByTimeAsync(10);
    let hasStopped = false;
    const stopped = worker.stop().then(() => {
      hasStopped = true;
    });
    await vi.advanceTimersByTimeAsync(10);
    expect(released.sort()).toEqual(["row2", "row3"]);
    expect(hasStopped).toBe(false);
    for (const { end } of begun) end();
    await stopped;
    expect(begun).toHaveLength(2);
  });

  it("finds the rows again that it claimed without hearing of it", async () => {
    const { worker, begun, released, state } = createScene([0, 1_500], 2);
    worker.start();
    await vi.advanceTimersByTimeAsync(300);
    expect(begun.map(({ id }) => id)).toEqual(["row0"]);
    state.isAnswerLost = true;
    await vi.advanceTimersByTimeAsync(500);
    state.isAnswerLost = false;
    await vi.advanceTimersByTimeAsync(2_000);
    expect(released).toEqual(["row1"]);
    expect(begun.map(({ id }) => id)).toEqual(["row0", "row1"]);
    for (const { end } of begun) end();
    await worker.stop();
  });

  it("knows a row that it claimed again before its last work on it was through", async () => {
    const { worker, queue, begun } = createScene([0], 2);
    worker.start();
    await vi.advanceTimersByTimeAsync(10);
    queue.push({ id: "row0", dueAt: start });
    worker.wake();
    await vi.advanceTimersByTimeAsync(10);
    begun[0]?.end();
    await vi.advanceTimersByTimeAsync(10);
    let hasStopped = false;
    const stopped = worker.stop().then(() => {
      hasStopped = true;
    });
    await vi.advanceTimersByTimeAsync(10);
    expect(hasStopped).toBe(false);
    begun[1]?.end();
    await stopped;
    expect(begun).toHaveLength(2);
  });

  it("aborts what is still in work when the time to drain is up", async () => {
    const { worker, begun } = createScene([0], 2);
    worker.start();
    await vi.advanceTimersByTimeAsync(10);
    const stopped = worker.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    await stopped;
    expect(begun[0]?.signal.aborted).toBe(true);
  });

  it.each([
    ["waits for its due moment", 500],
    ["waits for a free place", 0],
  ])("drops a cancelled row that %s, and aborts one in work", async (_, dueAfterMs) => {
    const { worker, begun } = createScene([0, dueAfterMs], 1);
    worker.start();
    await vi.advanceTimersByTimeAsync(10);
    worker.cancel("row1");
    worker.cancel("row0");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(begun.map(({ id }) => id)).toEqual(["row0"]);
    expect(begun[0]?.signal.aborted).toBe(true);
    await worker.stop();
  });

  it("begins nothing while its leases may have run out, and gives back what it held", async () => {
    const { worker, begun, released, state } = createScene([300], 2);
    worker.start();
    await vi.advanceTimersByTimeAsync(100);
    state.hasLeases = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(begun).toEqual([]);
    state.hasLeases = true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(released).toEqual(["row0"]);
    expect(begun.map(({ id }) => id)).toEqual(["row0"]);
    for (const { end } of begun) end();
    await worker.stop();
  });

  it("cancels what is no longer leased to it, and nothing else, when it looks again", async () => {
    const { worker, begun, leased } = createScene([0, 0, 900, 900], 4);
    worker.start();
    await vi.advanceTimersByTimeAsync(10);
    leased.delete("row1");
    leased.delete("row3");
    await worker.recheck();
    expect(begun.map(({ id, signal }) => [id, signal.aborted])).toEqual([
      ["row0", false],
      ["row1", true],
    ]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(begun.map(({ id }) => id)).toEqual(["row0", "row1", "row2"]);
    for (const { end } of begun) end();
    await worker.stop();
  });

  it("settles what threw, and takes what cannot be settled up again a minute later", async () => {
    const { worker, begun, released, settled, state } = createScene([0], 2);
    worker.start();
    await vi.advanceTimersByTimeAsync(10);
    state.canSettle = false;
    faults.length = 0;
    begun[0]?.fail();
    await vi.advanceTimersByTimeAsync(59_000);
    expect(released).toEqual([]);
    // That it threw, and that it could not be settled.
    expect(faults.map((fields) => fields.row_id)).toEqual(["row0", "row0"]);
    state.canSettle = true;
    await vi.advanceTimersByTimeAsync(3_000);
    expect(released).toEqual(["row0"]);
    expect(begun).toHaveLength(2);
    begun[1]?.fail();
    await vi.advanceTimersByTimeAsync(10);
    expect(settled).toEqual(["row0"]);
    await worker.stop();
  });

  it("holds the leases of what it rescues until that is settled", async () => {
    const { worker, leased, released, settled, state } = createScene([], 2);
    leased.add("taken over");
    worker.start();
    worker.doubt();
    state.canSettle = false;
    await worker.rescue([{ id: "taken over", dueAt: start }]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(released).toEqual([]);
    state.canSettle = true;
    await worker.rescue([{ id: "taken over", dueAt: start }]);
    expect(settled).toEqual(["taken over"]);
    await worker.stop();
  });
});
