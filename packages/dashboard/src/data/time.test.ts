// Durations and distances in words, at the edges of their units.
import { describe, expect, it } from "vitest";
import { toDuration, toRelative } from "./time.ts";

describe("a duration", () => {
  it.each([
    [0, "0 ms"],
    [999.4, "999 ms"],
    [999.6, "1.0 s"],
    [1_250, "1.3 s"],
    [9_949, "9.9 s"],
    [9_950, "10 s"],
    [59_499, "59 s"],
    [59_500, "1 min"],
    [119_499, "1 min 59 s"],
    [119_500, "2 min"],
    [185_000, "3 min 5 s"],
  ])("of %s ms is %s", (milliseconds, words) => {
    expect(toDuration(milliseconds)).toBe(words);
  });
});

describe("a distance", () => {
  const now = new Date("2026-11-24T18:00:00Z");
  const at = (seconds: number) => toRelative(new Date(now.getTime() + seconds * 1_000), now);

  it("is told in the unit that people would take", () => {
    expect([at(0), at(-10), at(44), at(45), at(-90)]).toEqual([
      ...["now", "10 seconds ago", "in 44 seconds", "in 1 minute", "1 minute ago"],
    ]);
    expect([at(3_599), at(-7_200), at(86_400), at(40 * 86_400)]).toEqual([
      ...["in 1 hour", "2 hours ago", "in 1 day", "in 1 month"],
    ]);
  });
});
