// What a delivery tells: the facts in its row, which never change, made into what channels render.
import {
  type ChannelDisabledFacts,
  type DeliveryPayload,
  type DigestFacts,
  type Event,
  type ExecutionFacts,
  type Notice,
  toChannelDisabledEvent,
  toDigestEvent,
  toExecutionEvent,
} from "@trigrun/contract";

/** The event that a row names, with the facts that go with it. */
export type Told =
  | { readonly event: Event; readonly facts: ExecutionFacts }
  | { readonly event: "digest"; readonly facts: DigestFacts }
  | { readonly event: "channel_disabled"; readonly facts: ChannelDisabledFacts };

export function toPayload(told: Told): DeliveryPayload {
  switch (told.event) {
    case "digest":
      return toDigestEvent(told.facts);
    case "channel_disabled":
      return toChannelDisabledEvent(told.facts);
    default:
      return toExecutionEvent(told.event, told.facts);
  }
}

export function toNotice(told: Told, output: string | null): Notice {
  switch (told.event) {
    case "digest":
      return { kind: "digest", event: toDigestEvent(told.facts), isTest: false };
    case "channel_disabled":
      return { kind: "warning", event: toChannelDisabledEvent(told.facts), isTest: false };
    default: {
      const event = toExecutionEvent(told.event, told.facts);
      return { kind: "execution", event, output, isTest: false };
    }
  }
}
