// What is said, over another channel, when a channel was disabled.
import type { WarningNotice } from "./channel.ts";
import {
  count,
  failureCharsMax,
  formatInstant,
  nameCharsMax,
  symbols,
  toLink,
  toShortLine,
} from "./phrase.ts";
import type { Summary } from "./summary.ts";

export function summarizeWarning({ event }: WarningNotice): Summary {
  const { channel, reason, disabled_at, waiting, url } = event.data;
  const name = toShortLine(channel.name, nameCharsMax);
  const why = toSentence(toShortLine(reason, failureCharsMax));
  return {
    tone: "warning",
    symbol: symbols.warning,
    title: `Channel disabled: ${name}`,
    lead: [`The channel ${name} was disabled: nothing is sent to it now.`, why, waitingOf(waiting)]
      .filter(Boolean)
      .join(" "),
    facts: [
      // Names of types are ours; anything else would be foreign text.
      { label: "Type", value: /^\w{1,50}$/.test(channel.type) ? channel.type : "unknown" },
      { label: "Disabled", value: formatInstant(disabled_at) },
      { label: "Waiting", value: count(waiting, "notification") },
    ],
    link: toLink(url),
    linkText: "Open the channel",
    output: null,
    list: null,
  };
}

function waitingOf(waiting: number): string {
  if (waiting === 0) return "What comes next waits until it is enabled again.";
  return waiting === 1
    ? "1 notification waits until it is enabled again."
    : `${waiting} notifications wait until it is enabled again.`;
}

function toSentence(words: string): string {
  return /[.!?…]$/.test(words) || words === "" ? words : `${words}.`;
}
