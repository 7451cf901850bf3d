// Stopping reaches every part, says which ones failed, and fails when one did.
import { describe, expect, it } from "vitest";
import { StopFailed, type StopStep, stopInOrder, stopTogether } from "./stop-in-order.ts";

function site() {
  const stopped: string[] = [];
  const logged: unknown[] = [];
  const log = {
    ...{ debug() {}, info() {}, warn() {} },
    error: (fields: Readonly<Record<string, unknown>>) => void logged.push(fields.part),
  };
  const good = (name: string): StopStep => ({
    name,
    stop: async () => void stopped.push(name),
  });
  const bad = (name: string): StopStep => ({
    name,
    stop: async () => {
      throw new Error(`${name} hangs`);
    },
  });
  return { stopped, logged, log, good, bad };
}

describe("stopInOrder", () => {
  it("stops one after the other", async () => {
    const { stopped, log, good } = site();
    await stopInOrder([good("a"), good("b")], log);
    expect(stopped).toEqual(["a", "b"]);
  });

  it("reaches the steps after one that fails, logs it, and fails at the end", async () => {
    const { stopped, logged, log, good, bad } = site();
    const stopping = stopInOrder([good("a"), bad("b"), bad("c"), good("d")], log);
    await expect(stopping).rejects.toThrow(StopFailed);
    await expect(stopping).rejects.toThrow("not in order: b, c.");
    expect(stopped).toEqual(["a", "d"]);
    expect(logged).toEqual(["b", "c"]);
  });
});

describe("stopTogether", () => {
  it("waits for all of them though one fails first", async () => {
    const { stopped, log, good, bad } = site();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: StopStep = {
      name: "slow",
      stop: async () => {
        await held;
        stopped.push("slow");
      },
    };
    const stopping = stopInOrder([stopTogether([bad("api"), slow], log), good("database")], log);
    stopping.catch(() => undefined);
    await new Promise(setImmediate);
    expect(stopped).toEqual([]);
    release();
    await expect(stopping).rejects.toThrow("not in order: api and slow.");
    expect(stopped).toEqual(["slow", "database"]);
  });
});
