// The bodies of what a delivery tells: one envelope, and rows of older versions still told.
import { describe, expect, it } from "vitest";
import { makeDigest, makeNotice, makeWarning } from "../../test/notices.ts";
import {
  deliveryEvents,
  deliveryPayload,
  digestDeliveriesMax,
  digestEvent,
  events,
  toExecutionEvent,
} from "./index.ts";

const notices = [makeNotice("failed"), makeDigest(), makeWarning()];

describe("the payload of a delivery", () => {
  it.each(notices.map(({ event }) => event))("is what its schema says: $type", (event) => {
    expect(deliveryPayload.parse(event)).toEqual(event);
    expect(Object.keys(event)).toEqual(["type", "timestamp", "data"]);
    expect(deliveryEvents).toContain(event.data.event);
  });

  it("has the time of what happened, and not that of a try", () => {
    const { last_at } = makeDigest().event.data;
    const { disabled_at } = makeWarning().event.data;
    expect(makeDigest().event.timestamp).toBe(last_at);
    expect(makeWarning().event.timestamp).toBe(disabled_at);
  });

  it("names at most a hundred deliveries of a digest", () => {
    const { event } = makeDigest();
    const [one] = event.data.deliveries;
    const many = (length: number) =>
      digestEvent.safeParse({
        ...event,
        data: { ...event.data, deliveries: Array.from({ length }, () => one) },
      }).success;
    expect(many(digestDeliveriesMax)).toBe(true);
    expect(many(digestDeliveriesMax + 1)).toBe(false);
  });
});

describe("the events of rules", () => {
  it("are no others than before: nobody can ask for a digest", () => {
    expect(events).toEqual(["on_success", "on_failure", "on_completion"]);
  });
});

describe("toExecutionEvent", () => {
  it("tells what older rows lack as unknown", () => {
    const { event: _, ...facts } = makeNotice("failed").event.data;
    const { max_attempts: __, usual_duration_ms: ___, ...execution } = facts.execution;
    const told = toExecutionEvent("on_failure", { ...facts, execution });
    expect(told.data.execution).toEqual({
      ...execution,
      max_attempts: null,
      usual_duration_ms: null,
    });
    expect(deliveryPayload.parse(told)).toEqual(told);
  });
});
