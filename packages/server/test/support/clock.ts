// A clock that stands still until a test moves it.
import type { Clock } from "../../src/clock.ts";

export interface TestClock extends Clock {
  /** Moves to an instant: "2026-03-01T10:00:00Z". */
  at(instant: string | Date): void;
  advance(milliseconds: number): void;
}

export function createTestClock(start: string): TestClock {
  let now = new Date(start);
  return {
    now: () => new Date(now),
    at(instant) {
      now = new Date(instant);
    },
    advance(milliseconds) {
      now = new Date(now.getTime() + milliseconds);
    },
  };
}
