// The retry rules of executions, case by case and over all inputs.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deathsMax } from "../retry.ts";
import type { Attempt } from "./attempt.ts";
import { decide, stopHeader } from "./retry.ts";

const now = new Date("2026-03-01T10:00:00.000Z");
const policy = { max_attempts: 3, retry_on_statuses: [429, 500, 502, 503, 504] };

function attempt(change: Partial<Attempt>): Attempt {
  return {
    number: 1,
    status: "HTTP_ERROR",
    statusCode: 503,
    startedAt: now,
    latencyMs: 1,
    phases: null,
    bodyPreview: null,
    bodyTruncated: false,
    responseHeaders: {},
    errorClass: "status_not_successful",
    errorMessage: "The target answered 503.",
    ...change,
  };
}

const base = { policy, interruptions: 0, beganAt: now, now, random: () => 1 };

describe("decide", () => {
  it("ends a success as succeeded", () => {
    const success = attempt({ status: "SUCCESS", statusCode: 200, errorClass: null });
    expect(decide({ ...base, attempt: success })).toEqual({ next: "succeeded", reason: null });
  });

  it.each([
    ["a listed status", {}],
    ["a timeout", { status: "TIMEOUT", statusCode: null } as const],
    ["a connection error", { status: "CONNECTION_ERROR", statusCode: null } as const],
  ])("retries %s", (_, change) => {
    expect(decide({ ...base, attempt: attempt(change) }).next).toBe("retry");
  });

  it("fails at once on a status that is not listed, and says so", () => {
    const decision = decide({ ...base, attempt: attempt({ statusCode: 404 }) });
    expect(decision).toMatchObject({ next: "failed" });
    expect(decision.reason).toContain("404 is not in retry_on_statuses");
  });

  it("does not retry what the address guard refuses", () => {
    const refused = attempt({ status: "CONNECTION_ERROR", errorClass: "target_not_allowed" });
    expect(decide({ ...base, attempt: refused }).next).toBe("failed");
  });

  it("does not retry what the target asks not to retry", () => {
    const stopped = attempt({ responseHeaders: { [stopHeader]: " No " } });
    const decision = decide({ ...base, attempt: stopped });
    expect(decision).toMatchObject({ next: "failed" });
    expect(decision.reason).toContain("asked for no retry");
    const other = attempt({ responseHeaders: { [stopHeader]: "yes" } });
    expect(decide({ ...base, attempt: other }).next).toBe("retry");
  });

  it("gives up a day after the first attempt", () => {
    const beganAt = new Date(now.getTime() - 86_400_001);
    const decision = decide({ ...base, beganAt, attempt: attempt({}) });
    expect(decision).toMatchObject({ next: "failed" });
    expect(decision.reason).toMatch(/more than 24 h ago/);
  });

  it("fails when the last of max_attempts failed", () => {
    const decision = decide({ ...base, attempt: attempt({ number: 3 }) });
    expect(decision.reason).toMatch(/^All 3 attempts failed; the last one: /);
    const once = { ...base, policy: { ...base.policy, max_attempts: 1 }, attempt: attempt({}) };
    expect(decide(once).reason).toMatch(/^The only attempt failed: The target answered /);
  });

  it("doubles the step of the backoff with each attempt", () => {
    const waits = [1, 2].map((number) => {
      const decision = decide({ ...base, attempt: attempt({ number }) });
      return decision.next === "retry" ? decision.dueAt.getTime() - now.getTime() : -1;
    });
    expect(waits).toEqual([250, 500]);
  });

  it.each([
    ["7", 7_000],
    ["Sun, 01 Mar 2026 10:00:30 GMT", 30_000],
    ["86400", 900_000],
  ])("obeys Retry-After: %s, up to 15 minutes", (value, waitMs) => {
    const decision = decide({
      ...base,
      attempt: attempt({ responseHeaders: { "retry-after": value } }),
    });
    expect(decision).toMatchObject({ next: "retry", dueAt: new Date(now.getTime() + waitMs) });
  });

  it("does not count interrupted attempts against max_attempts", () => {
    const interrupted = attempt({ number: 4, errorClass: "interrupted" });
    expect(decide({ ...base, interruptions: 3, attempt: interrupted }).next).toBe("retry");
    expect(decide({ ...base, interruptions: 2, attempt: attempt({ number: 4 }) }).next).toBe(
      "retry",
    );
    expect(decide({ ...base, interruptions: 2, attempt: attempt({ number: 5 }) }).next).toBe(
      "failed",
    );
  });

  it("repeats an interrupted attempt at once, and after more deaths later and later", () => {
    const waitsMs = [0, 1, 2, 8].map((interruptions) => {
      const number = interruptions + 1;
      const interrupted = attempt({ number, errorClass: "interrupted" });
      const decision = decide({ ...base, interruptions, attempt: interrupted });
      return decision.next === "retry" && decision.dueAt.getTime() - now.getTime();
    });
    expect(waitsMs).toEqual([0, 1_000, 2_000, 128_000]);
  });

  it("gives up on an execution that kills its node each time", () => {
    const interrupted = attempt({ number: deathsMax, errorClass: "interrupted" });
    const decision = decide({
      ...base,
      interruptions: deathsMax - 1,
      attempt: interrupted,
    });
    expect(decision.next).toBe("failed");
  });

  it("never waits less than nothing or more than 15 minutes, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        fc.option(fc.string(), { nil: undefined }),
        (number, chance, retryAfter) => {
          const decision = decide({
            policy: { ...policy, max_attempts: 20 },
            interruptions: 0,
            beganAt: now,
            now,
            random: () => chance,
            attempt: attempt({
              number,
              responseHeaders: retryAfter === undefined ? {} : { "retry-after": retryAfter },
            }),
          });
          if (decision.next !== "retry") return number === 20;
          const waitMs = decision.dueAt.getTime() - now.getTime();
          return waitMs >= 0 && waitMs <= 900_000;
        },
      ),
    );
  });
});
