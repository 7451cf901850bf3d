// What every service's verdict says: its name, what to do, and its own words.
import { describe, expect, it } from "vitest";
import { judgeService, textOf } from "./service-verdict.ts";

const judge = (statusCode: number, body: string) =>
  judgeService(
    { statusCode, headers: {}, body },
    { name: "Pager", advice: { 401: "check the key" }, wordsOf: ({ error }) => textOf(error) },
  );

describe("judgeService", () => {
  it.each([
    [401, '{"error":"bad key"}', "Pager answered 401: check the key. It said: bad key"],
    [401, "{}", "Pager answered 401: check the key."],
    [400, '{"error":"bad"}', "Pager answered 400. It said: bad"],
    [400, "no route\n", "Pager answered 400. It said: no route"],
    [400, "<html>", "The receiver answered 400. It would do so again."],
    [503, '{"error":["busy"]}', "The receiver answered 503."],
  ])("explains %i %s", (statusCode, body, reason) => {
    const verdict = judge(statusCode, body);
    expect(verdict.reason).toBe(reason);
    expect(verdict.verdict).toBe(statusCode < 500 ? "permanent" : "retry");
    expect(verdict).not.toHaveProperty("isGone");
  });

  it("takes a web page for an address that is something else", () => {
    expect(judge(200, "\n<!doctype html>")).toEqual({
      verdict: "permanent",
      reason: "Pager answered 200 with a web page: this address is something else.",
    });
    expect(judge(200, "ok").verdict).toBe("sent");
  });
});
