// Golden messages: what each channel type sends for each case, kept in files so that a change of
// a message is seen in review. `npm run generate` writes them, the conformance suite compares.
import type { AnyChannelType, Notice } from "../src/channels/channel.ts";
import { cases } from "./notices.ts";

/** The message of the type's example config, with a JSON body spread out. */
export function toReviewable(type: AnyChannelType, notice: Notice): unknown {
  const message = type.render(notice, type.config.parse(type.example));
  return message.kind === "http" ? { ...message, body: JSON.parse(message.body) } : message;
}

/** All golden messages of a type, by the name of the case. */
export function toGolden(type: AnyChannelType): Record<string, unknown> {
  return Object.fromEntries(cases.map(({ name, notice }) => [name, toReviewable(type, notice)]));
}
