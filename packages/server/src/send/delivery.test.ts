// What follows each try of a delivery.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { attemptsMaxOf, type Delivery, decide, decideInterrupted } from "./delivery.ts";

const now = new Date("2026-03-01T10:00:00.000Z");
// Only its counters matter here.
const delivery = {
  ...{ attemptCount: 0, roundStart: 0, roundBeganAt: null, interruptions: 0 },
} as Partial<Delivery> as Delivery;
const retry = { verdict: "retry", reason: "The receiver answered 503." } as const;
const chance = { now, random: () => 0.5, retrySchedule: null };

function waitAfter(tries: number, change: Partial<Delivery> = {}): number | undefined {
  const next = decide(
    { ...delivery, attemptCount: tries - 1, ...change } as Delivery,
    retry,
    chance,
  );
  return next.status === "pending" ? (next.dueAt.getTime() - now.getTime()) / 1_000 : undefined;
}

describe("decide", () => {
  it("follows the documented schedule and fails after the tenth try", () => {
    const waits = Array.from({ length: attemptsMaxOf(null) }, (_, index) => waitAfter(index + 1));
    expect(waits).toEqual([5, 30, 120, 600, 1800, 3600, 10800, 21600, 43200, undefined]);
  });

  it("starts the schedule anew in a fresh round", () => {
    expect(waitAfter(11, { roundStart: 10 })).toBe(5);
  });

  it("does not count interrupted tries", () => {
    expect(waitAfter(3, { interruptions: 2 })).toBe(5);
  });

  it("waits as long as the receiver asks, up to 12 hours", () => {
    const asks = (seconds: number) =>
      decide(delivery, { ...retry, retryAfterSeconds: seconds }, chance);
    expect(asks(90)).toMatchObject({ dueAt: new Date(now.getTime() + 90_000) });
    expect(asks(1)).toMatchObject({ dueAt: new Date(now.getTime() + 5_000) });
    expect(asks(1e9)).toMatchObject({ dueAt: new Date(now.getTime() + 43_200_000) });
  });

  it("follows the schedule of the channel where it has one", () => {
    const own = { ...chance, retrySchedule: [7, 70] };
    const [first, second, third] = [0, 1, 2].map((attemptCount) =>
      decide({ ...delivery, attemptCount }, retry, own),
    );
    expect(first).toMatchObject({ dueAt: new Date(now.getTime() + 7_000) });
    expect(second).toMatchObject({ dueAt: new Date(now.getTime() + 70_000) });
    expect(third).toMatchObject({ status: "failed", reason: expect.stringContaining("All 3") });
  });

  it("gives up four days after the first try of the round", () => {
    const roundBeganAt = new Date(now.getTime() - 4 * 86_400_000);
    expect(decide({ ...delivery, roundBeganAt }, retry, chance)).toMatchObject({
      status: "failed",
      reason: expect.stringContaining("96 h ago"),
    });
  });

  it("ends a permanent refusal as failed, at the first try", () => {
    const verdict = { verdict: "permanent", reason: "Gone." } as const;
    expect(decide(delivery, verdict, chance)).toEqual({ status: "failed", reason: "Gone." });
  });

  it("stays within 20 % of each step, whatever chance says", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (value) => {
        const next = decide(delivery, retry, { ...chance, random: () => value });
        if (next.status !== "pending") return false;
        const waitMs = next.dueAt.getTime() - now.getTime();
        return waitMs >= 4_000 && waitMs <= 6_000;
      }),
    );
  });
});

describe("decideInterrupted", () => {
  const after = (interruptions: number) =>
    decideInterrupted({ ...delivery, interruptions }, "It died.", { now, random: () => 1 });

  it("repeats at once, then later and later, and gives up after ten deaths", () => {
    expect(after(0)).toMatchObject({ dueAt: now });
    expect(after(2)).toMatchObject({ dueAt: new Date(now.getTime() + 2_000) });
    expect(after(9).status).toBe("failed");
  });
});
