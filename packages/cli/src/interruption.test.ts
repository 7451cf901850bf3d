// The first signal interrupts, its echoes do nothing, and a later one ends at once.
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { listenForInterruption } from "./interruption.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("takes signals within two seconds for one, and a later one for impatience", () => {
  const source = new EventEmitter();
  let ends = 0;
  const signal = listenForInterruption(source, () => {
    ends += 1;
  });
  expect(signal.aborted).toBe(false);
  source.emit("SIGHUP");
  expect(signal.aborted).toBe(true);
  vi.advanceTimersByTime(2_000);
  source.emit("SIGINT");
  expect(ends).toBe(0);
  vi.advanceTimersByTime(1);
  source.emit("SIGTERM");
  expect(ends).toBe(1);
});
