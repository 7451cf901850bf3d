// The shared tables of verdicts, every 4xx included, and the forms of `Retry-After`.
import { describe, expect, it } from "vitest";
import {
  judgeByStatus,
  judgeStrictly,
  quote,
  readJsonObject,
  readRetryAfter,
  withPause,
} from "./verdict.ts";

const reply = (statusCode: number, headers: Record<string, string> = {}, body = "") => ({
  statusCode,
  headers,
  body,
});

const clientErrors = Array.from({ length: 100 }, (_, index) => 400 + index);

describe("judgeByStatus", () => {
  it("takes every 2xx for sent", () => {
    for (const statusCode of [200, 201, 202, 204, 299]) {
      expect(judgeByStatus(reply(statusCode)).verdict).toBe("sent");
    }
  });

  it("takes 410 alone for the end of the receiver", () => {
    for (const statusCode of clientErrors) {
      const { verdict, isGone } = judgeByStatus(reply(statusCode));
      expect(verdict).toBe(statusCode === 410 ? "permanent" : "retry");
      expect(isGone === true).toBe(statusCode === 410);
    }
  });

  it("takes a redirect for a failure, and says why", () => {
    const { verdict, reason } = judgeByStatus(reply(302, { location: "https://a.example" }));
    expect(verdict).toBe("retry");
    expect(reason).toContain("redirects are not followed");
  });

  it("tries again after a fault of the receiver, as late as it asks", () => {
    expect(judgeByStatus(reply(503, { "retry-after": "120" }))).toEqual({
      verdict: "retry",
      reason: "The receiver answered 503.",
      retryAfterSeconds: 120,
    });
    expect(judgeByStatus(reply(500)).retryAfterSeconds).toBeNull();
  });
});

describe("the stop signal", () => {
  const stop = { "x-cron-service-retry": " No " };

  it("ends any failure at once, and the reason says so", () => {
    for (const statusCode of [302, 400, 404, 429, 500, 503]) {
      const verdict = judgeByStatus(reply(statusCode, { ...stop, "retry-after": "5" }));
      expect(verdict).toEqual({
        verdict: "permanent",
        reason: expect.stringMatching(/^The receiver answered .* `x-cron-service-retry: no`\.$/),
      });
    }
  });

  it("says nothing about what was taken, or about a receiver that is gone", () => {
    expect(judgeByStatus(reply(200, stop)).verdict).toBe("sent");
    expect(judgeByStatus(reply(410, stop))).toEqual(judgeByStatus(reply(410)));
  });

  it("is `no` and nothing else", () => {
    for (const value of ["yes", "", "none", "0"]) {
      const headers = { "x-cron-service-retry": value };
      expect(judgeByStatus(reply(500, headers)).verdict).toBe("retry");
    }
  });

  it("is no word of services with documented codes", () => {
    expect(judgeStrictly(reply(500, stop)).verdict).toBe("retry");
  });
});

describe("withPause", () => {
  const pauseOf = (answer: ReturnType<typeof reply>) =>
    withPause(judgeByStatus(answer), answer).pauseSeconds;

  it("lets 429 speak for the whole destination", () => {
    expect(pauseOf(reply(429, { "retry-after": "30" }))).toBe(30);
  });

  it("takes nothing else for a pause", () => {
    expect(pauseOf(reply(429))).toBeUndefined();
    expect(pauseOf(reply(503, { "retry-after": "30" }))).toBeUndefined();
    const stopped = { "retry-after": "30", "x-cron-service-retry": "no" };
    expect(pauseOf(reply(429, stopped))).toBeUndefined();
  });

  it("leaves a pause that the service named itself", () => {
    const answer = reply(429, { "retry-after": "30" });
    expect(withPause({ ...judgeByStatus(answer), pauseSeconds: 5 }, answer).pauseSeconds).toBe(5);
  });
});

describe("judgeStrictly", () => {
  it("takes a 4xx for permanent, but for those that ask for a repeat", () => {
    for (const statusCode of clientErrors) {
      const isRepeatable = [408, 425, 429].includes(statusCode);
      expect(judgeStrictly(reply(statusCode)).verdict).toBe(isRepeatable ? "retry" : "permanent");
    }
  });

  it("agrees with the shared table on everything else", () => {
    for (const statusCode of [200, 204, 301, 302, 410, 429, 500, 503]) {
      const answer = reply(statusCode, { "retry-after": "3" });
      expect(judgeStrictly(answer)).toEqual(judgeByStatus(answer));
    }
  });
});

describe("readRetryAfter", () => {
  const date = "Mon, 23 Nov 2026 10:00:00 GMT";

  it.each([
    ["seconds", { "retry-after": "65" }, 65],
    ["zero", { "retry-after": "0" }, 0],
    ["fractions, which some send", { "retry-after": "0.5" }, 0.5],
    ["a date, from the reply's own", { "retry-after": "Mon, 23 Nov 2026 10:02:00 GMT", date }, 120],
    ["a date in the old form", { "retry-after": "Monday, 23-Nov-26 10:00:30 GMT", date }, 30],
    ["a date that is past as now", { "retry-after": "Mon, 23 Nov 2026 09:00:00 GMT", date }, 0],
  ])("reads %s", (_form, headers, seconds) => {
    expect(readRetryAfter(reply(429, headers))).toBe(seconds);
  });

  it.each([
    ["nothing", {}],
    ["a date without one to count from", { "retry-after": "Mon, 23 Nov 2026 10:02:00 GMT" }],
    ["less than nothing", { "retry-after": "-5", date }],
    ["words", { "retry-after": "Soon, very soon", date }],
    ["an absurd number", { "retry-after": "1".repeat(400), date }],
    ["another notation", { "retry-after": "1e3", date }],
  ])("makes nothing of %s", (_form, headers) => {
    expect(readRetryAfter(reply(429, headers))).toBeNull();
  });
});

describe("quote", () => {
  it("keeps a receiver's words to one short safe line", () => {
    expect(quote("no_service\n")).toBe("no_service");
    expect(quote(`<html>\r\n\u001b[31m${"x".repeat(1e6)}`)).toMatch(/^<html> x+…$/);
    expect(quote("x".repeat(1e6))).toHaveLength(200);
  });
});

describe("readJsonObject", () => {
  it("takes objects and nothing else", () => {
    expect(readJsonObject('{"a":1}')).toEqual({ a: 1 });
    for (const body of ["", "ok", "[1]", "null", '"x"', "1", "{"]) {
      expect(readJsonObject(body)).toBeNull();
    }
  });
});
