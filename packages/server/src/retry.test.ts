// The one engine of retries over all inputs, reading Retry-After, and lengths in sentences.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  exponential,
  formatLength,
  fullJitter,
  type RetryRules,
  readRetryAfter,
  rulesAfterDeath,
  schedule,
  spread,
  toNextTry,
} from "./retry.ts";

const now = new Date("2026-03-01T10:00:00.000Z");

describe("readRetryAfter", () => {
  it.each([
    [undefined, undefined],
    ["", undefined],
    ["0", 0],
    [" 120 ", 120_000],
    ["-5", undefined],
    ["1.5", undefined],
    ["soon", undefined],
    ["2026", 2_026_000],
    ["Sun, 01 Mar 2026 10:01:00 GMT", 60_000],
    ["Sunday, 01-Mar-26 10:01:00 GMT", 60_000],
    ["Sun Mar  1 10:01:00 2026 GMT", 60_000],
    ["Sat, 28 Feb 2026 10:00:00 GMT", 0],
  ])("reads %j as %j", (value, expected) => {
    expect(readRetryAfter(value, now)).toBe(expected);
  });
});

const chances = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const lengths = fc.integer({ min: 1, max: 100_000_000 });
const rules: fc.Arbitrary<RetryRules> = fc.record({
  stepMs: fc.oneof(
    fc.array(lengths, { minLength: 1, maxLength: 20 }).map(schedule),
    fc
      .tuple(lengths, lengths, fc.integer({ min: 1, max: 20 }))
      .map(([baseMs, capMs, triesMax]) => exponential(baseMs, { capMs, triesMax })),
  ),
  jitter: fc.constantFrom(fullJitter, spread),
  askedMsMax: lengths,
  ageMsMax: lengths,
});
interface Case {
  readonly rules: RetryRules;
  readonly count: number;
  readonly agoMs: number;
  readonly askedMs: number | undefined;
  readonly chance: number;
}
const cases: fc.Arbitrary<Case> = fc.record({
  rules,
  count: fc.integer({ min: 1, max: 25 }),
  agoMs: fc.integer({ min: 0, max: 200_000_000 }),
  askedMs: fc.option(fc.integer({ min: 0, max: 1_000_000_000 }), { nil: undefined }),
  chance: chances,
});

describe("toNextTry", () => {
  const decide = ({ rules, count, agoMs, askedMs, chance }: Case) => {
    const beganAt = new Date(now.getTime() - agoMs);
    return toNextTry(rules, { count, beganAt }, { askedMs, now, random: () => chance });
  };

  it("is over by count exactly when the steps are used up", () => {
    fc.assert(
      fc.property(cases, (each) => {
        const next = decide(each);
        const isUsedUp = each.rules.stepMs(each.count) === undefined;
        return (next.kind === "over" && next.bound === "count") === isUsedUp;
      }),
    );
  });

  it("waits within the jitter of the step, unless the far end asks for longer", () => {
    fc.assert(
      fc.property(cases, (each) => {
        const next = decide(each);
        if (next.kind === "over") return true;
        const waitMs = next.at.getTime() - now.getTime();
        const askedMs = Math.min(each.askedMs ?? 0, each.rules.askedMsMax);
        if (next.by === "asked") return waitMs === askedMs;
        return waitMs >= 0 && waitMs <= Math.round(next.stepMs * 1.2);
      }),
    );
  });

  it("plans no try beyond the age, and gives up for age only when the next one would be", () => {
    fc.assert(
      fc.property(cases, (each) => {
        const next = decide(each);
        const endMs = now.getTime() - each.agoMs + each.rules.ageMsMax;
        if (next.kind === "retry") return next.at.getTime() <= endMs;
        if (next.bound === "count") return true;
        const patient = { ...each, rules: { ...each.rules, ageMsMax: Number.POSITIVE_INFINITY } };
        const late = decide(patient);
        return late.kind === "retry" && late.at.getTime() > endMs;
      }),
    );
  });

  it.each([
    [1, 0],
    [2, 1_000],
    [3, 2_000],
    [9, 128_000],
  ])("after %d deaths of the node waits at most %d ms", (count, stepMs) => {
    const tries = { count, beganAt: now };
    const next = toNextTry(rulesAfterDeath, tries, { now, random: () => 0.999_999_999 });
    expect(next).toMatchObject({ kind: "retry", stepMs });
    expect(rulesAfterDeath.stepMs(10)).toBeUndefined();
  });
});

describe("formatLength", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [5_000, "5 s"],
    [120_000, "2 min"],
    [7_200_000, "2 h"],
  ])("says %d as %s", (milliseconds, expected) => {
    expect(formatLength(milliseconds)).toBe(expected);
  });
});
