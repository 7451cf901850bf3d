// Windows open with the first count, end for all alike, and never take more memory than they may.
import { describe, expect, it } from "vitest";
import { createRateCounter } from "./rate-counter.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 24) + seconds * 1_000);

describe("a rate counter", () => {
  it("counts down, says when it opens again, and who is the first one too many", () => {
    const counter = createRateCounter(2);
    const seen = [0, 10, 20, 59.5].map((seconds) => counter.take("a", at(seconds)));
    expect(seen).toEqual([
      { max: 2, remaining: 1, resetSeconds: 60, isOver: false, isFirstOver: false },
      { max: 2, remaining: 0, resetSeconds: 50, isOver: false, isFirstOver: false },
      { max: 2, remaining: 0, resetSeconds: 40, isOver: true, isFirstOver: true },
      { max: 2, remaining: 0, resetSeconds: 1, isOver: true, isFirstOver: false },
    ]);
    expect(counter.take("b", at(20)).remaining).toBe(1);
    expect(counter.take("a", at(60))).toMatchObject({ remaining: 1, resetSeconds: 60 });
  });

  it("gives back what was not to be counted", () => {
    const counter = createRateCounter(1);
    counter.take("a", at(0));
    counter.giveBack("a");
    counter.giveBack("a");
    counter.giveBack("never counted");
    expect(counter.take("a", at(1)).isOver).toBe(false);
    expect(counter.take("a", at(1)).isOver).toBe(true);
  });

  it("is not held shut by a clock that was set back", () => {
    const counter = createRateCounter(1);
    counter.take("a", at(3_600));
    expect(counter.take("a", at(0))).toMatchObject({ isOver: false, resetSeconds: 60 });
  });

  it("forgets the oldest windows beyond 20,000, and ended ones before those", () => {
    const counter = createRateCounter(1);
    counter.take("ended", at(0));
    counter.take("oldest", at(60));
    for (let index = 0; index < 19_999; index += 1) counter.take(`key ${index}`, at(61));
    expect(counter.take("oldest", at(61)).isOver).toBe(true);
    counter.take("one more", at(61));
    expect(counter.take("key 0", at(61)).isOver).toBe(true);
    expect(counter.take("oldest", at(61)).isOver).toBe(false);
  });
});
