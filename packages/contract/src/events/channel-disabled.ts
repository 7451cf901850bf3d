// What is told over another channel of the workspace when one was disabled. A wire format of
// webhooks; a field may be added, never changed or removed. It must never hold a credential.
import { z } from "zod";
import { id, instant } from "../api/fields.ts";

const channelDisabledFacts = z.object({
  channel: z.object({ id: id("channel"), name: z.string(), type: z.string() }),
  reason: z.string().meta({ description: "Why, in a sentence." }),
  disabled_at: instant,
  waiting: z.number().int().meta({ description: "How many deliveries wait for the channel." }),
  url: z.string(),
});
export type ChannelDisabledFacts = z.output<typeof channelDisabledFacts>;

export const channelDisabledEvent = z
  .object({
    type: z.literal("channel.disabled"),
    timestamp: instant,
    data: z.object({ event: z.literal("channel_disabled"), ...channelDisabledFacts.shape }),
  })
  .meta({ id: "ChannelDisabledEvent" });
export type ChannelDisabledEvent = z.output<typeof channelDisabledEvent>;

/** The event of a disabled channel. `timestamp` is when it was disabled, on every try. */
export function toChannelDisabledEvent(facts: ChannelDisabledFacts): ChannelDisabledEvent {
  return {
    type: "channel.disabled",
    timestamp: facts.disabled_at,
    data: { event: "channel_disabled", ...facts },
  };
}
