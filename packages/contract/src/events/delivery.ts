// What a delivery can tell: the events that rules name, and those that TrigRun tells by itself.
// Never what a rule may name: that is `events` alone.
import { z } from "zod";
import { channelDisabledEvent } from "./channel-disabled.ts";
import { digestEvent } from "./digest.ts";
import { events, executionEvent } from "./execution.ts";

export const deliveryEvents = [...events, "digest", "channel_disabled"] as const;
export type DeliveryEvent = (typeof deliveryEvents)[number];
export const deliveryEvent = z.enum(deliveryEvents);

/** The body of a webhook, by its `type`. */
export const deliveryPayload = z.discriminatedUnion("type", [
  executionEvent,
  digestEvent,
  channelDisabledEvent,
]);
export type DeliveryPayload = z.output<typeof deliveryPayload>;
