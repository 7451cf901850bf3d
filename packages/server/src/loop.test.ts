// A loop sleeps, wakes, outlives failures, and never runs two passes at once.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLoop } from "./loop.ts";

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("createLoop", () => {
  it("sleeps as long as the pass says", async () => {
    const pass = vi.fn(async () => 500);
    const loop = createLoop({ name: "test", pass, log: quiet });
    loop.start();
    await vi.advanceTimersByTimeAsync(1_600);
    expect(pass).toHaveBeenCalledTimes(4);
    await loop.stop();
  });

  it("starts the next pass at once when it is woken, also in the middle of a pass", async () => {
    let wakeInside = true;
    const pass = vi.fn(async () => {
      if (wakeInside) loop.wake();
      wakeInside = false;
      return 60_000;
    });
    const loop = createLoop({ name: "test", pass, log: quiet });
    loop.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(pass).toHaveBeenCalledTimes(2);
    loop.wake();
    await vi.advanceTimersByTimeAsync(0);
    expect(pass).toHaveBeenCalledTimes(3);
    await loop.stop();
  });

  it("repeats a pass that failed after a pause, and says so", async () => {
    const warn = vi.fn();
    const pass = vi.fn(async (): Promise<number> => {
      throw new Error("the database is away");
    });
    const loop = createLoop({ name: "test", pass, log: { ...quiet, warn } });
    loop.start();
    await vi.advanceTimersByTimeAsync(2_500);
    expect(pass).toHaveBeenCalledTimes(3);
    expect(warn).toHaveBeenCalledTimes(3);
    await loop.stop();
  });

  it("ends the pass that runs before stop resolves, and starts none afterwards", async () => {
    let isRunning = false;
    const pass = vi.fn(async () => {
      isRunning = true;
      await new Promise((resolve) => setTimeout(resolve, 100));
      isRunning = false;
      return 0;
    });
    const loop = createLoop({ name: "test", pass, log: quiet });
    loop.start();
    const stopped = loop.stop();
    await vi.advanceTimersByTimeAsync(100);
    await stopped;
    expect(isRunning).toBe(false);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(pass).toHaveBeenCalledTimes(1);
  });
});
