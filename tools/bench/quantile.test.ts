// Rules of the quantiles that benchmarks print.
import { describe, expect, it } from "vitest";
import { median, quantile } from "./quantile.ts";

describe("a quantile", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

  it("is the value that so many are not above", () => {
    expect(quantile(hundred, 0.5)).toBe(50);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile(hundred, 1)).toBe(100);
    expect(quantile([7], 0.5)).toBe(7);
  });

  it("of nothing is a mistake", () => {
    expect(() => quantile([], 0.5)).toThrow("a quantile of nothing");
  });

  it("in the middle is the mean of two, where two are in the middle", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});
