// A settler batches, repeats through outages, and keeps one bad row from holding up the others.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSettler } from "./settler.ts";

const logged: Readonly<Record<string, unknown>>[] = [];
const log = {
  ...{ debug() {}, info() {}, warn() {} },
  error: (fields: Readonly<Record<string, unknown>>) => void logged.push(fields),
};

class Outage extends Error {}

function createTestSettler(commit: (batch: readonly string[]) => Promise<void>) {
  return createSettler<string>({
    name: "test",
    commit,
    isOutage: (error) => error instanceof Outage,
    reduce: (settlement) => `${settlement} without contents`,
    idsOf: (settlement) => ({ execution_id: `id of ${settlement}` }),
    log,
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  logged.length = 0;
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
    expect(logged).toMatchObject([{ settler: "test", execution_id: "id of bad" }]);
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

/** A promise and how it stands now. */
function watch(promise: Promise<void>): { isOver: boolean } {
  const state = { isOver: false };
  void promise.then(() => {
    state.isOver = true;
  });
  return state;
}

describe("stop", () => {
  const away = async () => {
    throw new Outage("away");
  };

  it("resolves at once when nothing is open, and what comes later is still settled", async () => {
    const taken: string[] = [];
    const settler = createTestSettler(async (batch) => void taken.push(...batch));
    await settler.stop(1_000);
    const settled = settler.settle("a");
    await vi.advanceTimersByTimeAsync(1);
    await settled;
    expect(taken).toEqual(["a"]);
    expect(logged).toEqual([]);
  });

  it("waits for what the database takes in time", async () => {
    let tries = 0;
    const settler = createTestSettler(async () => {
      tries += 1;
      if (tries < 3) throw new Outage("away");
    });
    const settled = watch(settler.settle("a"));
    const stopped = watch(settler.stop(1_000));
    await vi.advanceTimersByTimeAsync(200);
    expect([settled.isOver, stopped.isOver]).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(200);
    expect([settled.isOver, stopped.isOver]).toEqual([true, true]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(logged).toEqual([]);
  });

  it("gives up what an outage still holds at its end, and names it", async () => {
    const settler = createTestSettler(away);
    const first = watch(settler.settle("a"));
    await vi.advanceTimersByTimeAsync(1);
    const second = watch(settler.settle("b"));
    const stopped = watch(settler.stop(1_000));
    await vi.advanceTimersByTimeAsync(999);
    expect([first.isOver, second.isOver, stopped.isOver]).toEqual([false, false, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([first.isOver, second.isOver, stopped.isOver]).toEqual([true, true, true]);
    expect(logged).toEqual([
      {
        settler: "test",
        count: 2,
        results: [{ execution_id: "id of a" }, { execution_id: "id of b" }],
      },
    ]);
    // Nothing goes on trying.
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gives up a commit whose answer does not come, and one by one what it refused", async () => {
    const settler = createTestSettler((batch) =>
      batch.length > 1 ? Promise.reject(new Error("refused")) : new Promise(() => undefined),
    );
    const all = ["a", "b"].map((settlement) => watch(settler.settle(settlement)));
    const stopped = watch(settler.stop(50));
    await vi.advanceTimersByTimeAsync(50);
    expect([...all, stopped].every(({ isOver }) => isOver)).toBe(true);
    expect(logged.at(-1)).toMatchObject({
      results: [{ execution_id: "id of a" }, { execution_id: "id of b" }],
    });
  });

  it("gives up at once what comes after its end", async () => {
    const settler = createTestSettler(away);
    await settler.stop(10);
    await vi.advanceTimersByTimeAsync(10);
    expect(logged).toEqual([]);
    await settler.settle("late");
    expect(logged).toEqual([
      { settler: "test", count: 1, results: [{ execution_id: "id of late" }] },
    ]);
  });
});
