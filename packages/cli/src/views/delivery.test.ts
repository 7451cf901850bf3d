// What the sentences about a delivery's attempts say.
import { describe, expect, it } from "vitest";
import { aTriedDelivery, now } from "../../test/support/fixtures.ts";
import type { View } from "../render.ts";
import {
  type DeliveryWithAttempts,
  explainAttempt,
  renderDeliveryWithAttempts,
} from "./delivery.ts";

type DeliveryAttempt = DeliveryWithAttempts["attempts"][number];

const view: View = { paint: (_, text) => text, width: undefined, now, timeZone: "UTC" };

const silent = { dns_ms: null, connect_ms: null, tls_ms: null, first_byte_ms: null, body_ms: null };

function explain(changes: Partial<DeliveryAttempt>): string[] {
  const [attempt] = aTriedDelivery().attempts;
  if (attempt === undefined) throw new Error("the fixture has an attempt");
  const ended = { next_attempt_at: null, next_attempt_reason: null, phases: silent };
  return explainAttempt({ ...attempt, ...ended, ...changes }, view);
}

describe("an attempt of a delivery", () => {
  it("that was answered tells with what and after how long", () => {
    expect(explain({ reason: "The receiver answered 503." })).toEqual([
      "POST https://example.com/hook was answered with 503 after 80 ms.",
      "The receiver answered 503.",
    ]);
  });

  it("that got no answer tells why", () => {
    const changes = {
      response: null,
      error_class: "connect_timeout",
      error_message: "no connection within 10 s.",
      reason: "It is tried again.",
    };
    expect(explain(changes)[0]).toBe(
      "POST https://example.com/hook failed after 80 ms: " +
        "connect_timeout: no connection within 10 s.",
    );
  });

  it("whose reason says it all does not say it twice", () => {
    const changes = { response: null, error_class: "x", error_message: "Gone.", reason: "Gone." };
    expect(explain(changes)).toEqual([
      "POST https://example.com/hook failed after 80 ms.",
      "Gone.",
    ]);
  });

  it("that was followed by another tells when that was due", () => {
    const changes = { next_attempt_at: "2026-11-24T09:59:00.000Z" };
    expect(explain(changes).at(-1)).toBe(
      "The next attempt was due at 2026-11-24 09:59:00 UTC (1 min ago).",
    );
  });

  it("that never left tells why", () => {
    const changes = {
      request: null,
      response: null,
      latency_ms: null,
      error_class: "not_configured",
      error_message: "TRIGRUN_SMTP_URL is not set",
    };
    expect(explain(changes)[0]).toBe(
      "Nothing was sent: not_configured: TRIGRUN_SMTP_URL is not set.",
    );
  });

  it("that was a mail has no status code to tell", () => {
    const request = { method: "MAIL", url: "a@example.com", headers: {}, body: "" };
    const response = { status_code: null, headers: {}, body: "250 OK", body_truncated: false };
    expect(explain({ request, response })[0]).toBe("MAIL a@example.com was answered after 80 ms.");
  });

  it("that is followed by another tells when and why then", () => {
    const changes = {
      next_attempt_at: "2026-11-24T10:00:05.000Z",
      next_attempt_reason: "The receiver asked for 5 s.",
    };
    expect(explain(changes).slice(-2)).toEqual([
      "The next attempt is due at 2026-11-24 10:00:05 UTC (in 5 s).",
      "The receiver asked for 5 s.",
    ]);
  });
});

describe("a delivery without attempts", () => {
  it("says so", () => {
    const text = renderDeliveryWithAttempts({ ...aTriedDelivery(), attempts: [] }, view, false);
    expect(text).toMatch(/No attempt has been made yet\.$/);
  });
});
