// A settler batches, repeats through outages, and keeps one bad row from holding up the others.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSettler } from "./settler.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

class Outage extends Error {}

function createTestSettler(commit: (batch: readonly string[]) => Promise<void>) {
  return createSettler<string>({
    name: "test",
    commit,
    isOutage: (error) => error instanceof Outage,
    reduce: (settlement) => `${settlement} without contents`,
    log: quiet,
  });
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("createSettler", () => {
  it("commits what gathers during a commit in one batch", async () => {
    const batches: number[] = [];
    const settler = createTestSettler(async (batch) => {
      batches.push(batch.length);
      await new Promise((resolve) => setTimeout(resolve, 10));
    });
    const first = settler.settle("a");
    await vi.advanceTimersByTimeAsync(1);
    const rest = ["b", "c", "d"].map((settlement) => settler.settle(settlement));
    await vi.advanceTimersByTimeAsync(20);
    await Promise.all([first, ...rest]);
    expect(batches).toEqual([1, 3]);
  });

  it("repeats the same batch until the database is back", async () => {
    let tries = 0;
    const settler = createTestSettler(async () => {
      tries += 1;
      if (tries < 4) throw new Outage("away");
    });
    const settled = settler.settle("a");
    await vi.advanceTimersByTimeAsync(100 + 200 + 400);
    await settled;
    expect(tries).toBe(4);
  });

  it("settles the good rows of a refused batch, and the bad one without its contents", async () => {
    const taken: string[] = [];
    const settler = createTestSettler(async (batch) => {
      if (batch.includes("bad")) throw new Error("refused");
      taken.push(...batch);
    });
    const all = ["good", "bad", "fine"].map((settlement) => settler.settle(settlement));
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all(all);
    expect(taken).toEqual(["good", "bad without contents", "fine"]);
  });

  it("rejects when even that is refused", async () => {
    const settler = createTestSettler(async () => {
      throw new Error("refused");
    });
    const settled = settler.settle("bad");
    const expectation = expect(settled).rejects.toThrow("refused");
    await vi.advanceTimersByTimeAsync(1);
    await expectation;
  });
});
