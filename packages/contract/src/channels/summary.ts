// The shape of what every message for people says, the same on every medium. All foreign text in it
// is safe to show, but it is not escaped: that is the medium's business.
import type { EndStatus } from "../events/index.ts";

export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** What decides colour and loudness. */
export type Tone = EndStatus | "warning";

/** True for what somebody has to look at, and may be rung for. */
export function isAlarming(tone: Tone): boolean {
  return tone === "failed" || tone === "warning";
}

export interface Summary {
  readonly tone: Tone;
  /** A sign for the outcome, for lists where the first glance counts. */
  readonly symbol: string;
  /** "Failed: nightly-backup". A test says so first. */
  readonly title: string;
  /** The whole story on one line; it stands by itself. */
  readonly lead: string;
  /** Numbers, times and words of ours: no foreign text, so that no medium has to escape it. */
  readonly facts: readonly Fact[];
  /** Where it can be looked at; null when the event holds no web address. */
  readonly link: string | null;
  /** The words of that link. */
  readonly linkText: string;
  /** Null when there is none, or the channel does not want it. */
  readonly output: string | null;
  /** What a digest stands for; null for everything else. */
  readonly list: Listing | null;
}

export interface Listing {
  /** What matters most comes first. */
  readonly lines: readonly Line[];
  /** How many notifications there are in all; the lines may not stand for all of them. */
  readonly total: number;
}

export interface Line {
  readonly tone: Tone;
  /** Without a sign for the tone: a medium may have its own. */
  readonly text: string;
  /** How many notifications it stands for. */
  readonly standsFor: number;
}
