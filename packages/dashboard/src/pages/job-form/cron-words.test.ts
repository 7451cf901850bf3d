// Words to cron and back, for every choice that the builder offers.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CronWords, toCron, toWords, withShape } from "./cron-words.ts";

const minute = fc.integer({ min: 0, max: 59 });
const hour = fc.integer({ min: 0, max: 23 });
const days = fc
  .subarray([0, 1, 2, 3, 4, 5, 6], { minLength: 1, maxLength: 6 })
  .map((each) => [...each].sort((a, b) => a - b));
const words: fc.Arbitrary<CronWords> = fc.oneof(
  fc.record({ shape: fc.constant("hourly" as const), minute }),
  fc.record({ shape: fc.constant("daily" as const), hour, minute }),
  fc.record({ shape: fc.constant("weekly" as const), days, hour, minute }),
  fc.record({
    ...{ shape: fc.constant("monthly" as const), day: fc.integer({ min: 1, max: 31 }) },
    ...{ hour, minute },
  }),
);

describe("words and cron", () => {
  it("come back as they were from each shape of the builder", () => {
    fc.assert(
      fc.property(words, (each) => {
        expect(toWords(toCron(each))).toEqual(each);
      }),
    );
  });

  it("never change what a text means: text that is no shape stays as it is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const read = toWords(text);
        if (read.shape === "custom") expect(toCron(read)).toBe(text);
      }),
    );
    const customs = ["*/5 * * * *", "0 2 * 1 *", "0 2 1 * 1", "@daily", "60 * * * *", "0 24 * * *"];
    for (const cron of [...customs, "0 2 * * 5-1", "0 2 * * 1/2", "0 2 L * *", "0 0 2 * * *", ""]) {
      expect(toWords(cron)).toEqual({ shape: "custom", cron });
    }
  });

  it("read days by name, by range and Sunday by both of its numbers", () => {
    const at = { shape: "weekly", hour: 8, minute: 5 };
    expect(toWords("5 8 * * MON-FRI")).toEqual({ ...at, days: [1, 2, 3, 4, 5] });
    expect(toWords(" 05  08 * * 7,sat ")).toEqual({ ...at, days: [0, 6] });
    expect(toWords("5 8 * * 0-6").shape).toBe("custom");
  });

  it("keep the time of day from shape to shape", () => {
    const daily = toWords("30 17 * * *");
    expect(toCron(withShape(daily, "weekly"))).toBe("30 17 * * 1-5");
    expect(toCron(withShape(daily, "monthly"))).toBe("30 17 1 * *");
    expect(toCron(withShape(daily, "custom"))).toBe("30 17 * * *");
    expect(toCron(withShape(toWords("@daily"), "daily"))).toBe("0 6 * * *");
  });
});
