// How an answer becomes an attempt.
import { describe, expect, it } from "vitest";
import type { HttpOutcome } from "../wire/http-call.ts";
import { toAttempt } from "./attempt.ts";

const course = {
  startedAt: new Date("2026-03-01T10:00:00.000Z"),
  latencyMs: 12,
  phases: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 10, bodyMs: 2 },
  redirects: [],
};

function answered(statusCode: number, body: string | Buffer, headers = {}): HttpOutcome {
  const answer = { statusCode, headers, body: Buffer.from(body), bodyTruncated: false };
  return { kind: "answered", ...course, ...answer };
}

describe("toAttempt", () => {
  it("judges by the job's own success statuses", () => {
    expect(toAttempt(answered(302, ""), 1, [302]).status).toBe("SUCCESS");
    const attempt = toAttempt(answered(200, ""), 1, [201, 202]);
    expect(attempt.status).toBe("HTTP_ERROR");
    expect(attempt.errorMessage).toBe("The target answered 200; success is 201 or 202.");
  });

  it("keeps the body as text that PostgreSQL can store", () => {
    const body = Buffer.from([0x61, 0x00, 0xff, 0x62]);
    expect(toAttempt(answered(200, body), 1, [200]).bodyPreview).toBe("a\ufffd\ufffdb");
  });

  it("keeps only headers that explain, never cookies", () => {
    const headers = {
      "content-type": "text/plain",
      "set-cookie": "session=1",
      "x-ratelimit-limit": "5",
    };
    expect(toAttempt(answered(200, "", headers), 1, [200]).responseHeaders).toEqual({
      "content-type": "text/plain",
      "x-ratelimit-limit": "5",
    });
  });

  it.each([
    ["timeout", "timeout_response", "TIMEOUT"],
    ["connection_error", "connection_refused", "CONNECTION_ERROR"],
    ["refused", "target_not_allowed", "CONNECTION_ERROR"],
  ])("records a %s with its class", (kind, errorClass, status) => {
    // The three kinds have the same shape; the table pairs them with their classes.
    const outcome = { kind, errorClass, message: "Why.", ...course, statusCode: null };
    expect(toAttempt(outcome as HttpOutcome, 2, [200])).toMatchObject({
      number: 2,
      status,
      errorClass,
      errorMessage: "Why.",
    });
  });
});
