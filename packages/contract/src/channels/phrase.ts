// The small words that summaries are made of: signs, times, durations, counts, links. Foreign text
// comes out of it clean and on one line, but not escaped.
import type { EndStatus } from "../events/index.ts";
import { cut, toLine } from "./text.ts";

export const symbols = {
  succeeded: "✅",
  failed: "❌",
  cancelled: "🚫",
  warning: "⚠️",
} as const satisfies Record<EndStatus | "warning", string>;

export const outcomes = {
  succeeded: { title: "Succeeded", verb: "succeeded" },
  failed: { title: "Failed", verb: "failed" },
  cancelled: { title: "Cancelled", verb: "was cancelled" },
} as const satisfies Record<EndStatus, { title: string; verb: string }>;

// `name` in api/fields.ts allows 200; this only bounds what comes from elsewhere.
export const nameCharsMax = 200;
// An error must stay a line that can be read at a glance; the execution holds all of it.
export const failureCharsMax = 300;
// Text from elsewhere is cut before it is cleaned, so that a megabyte costs nothing.
const rawCharsMax = 4000;
// Ours have about 100. A longer one would eat the room that Discord and Slack give to text.
const linkCharsMax = 1000;

export function toShortLine(value: string, max: number): string {
  return cut(toLine(value.slice(0, rawCharsMax)), max);
}

/** The address as the media take it; null when it is none. */
export function toLink(url: string): string | null {
  if (!/^https?:\/\//i.test(url)) return null;
  try {
    // Escapes blanks, quotes and angle brackets, which would end the link in every medium.
    const { href } = new URL(url);
    return href.length <= linkCharsMax ? href : null;
  } catch {
    return null;
  }
}

/** `1 attempt`, `3 attempts`. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** `2026-11-23T10:00:00.000Z` as `2026-11-23 10:00:00 UTC`. */
export function formatInstant(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;
}

/** As a person would say it: `850 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${Math.floor(ms / 100) / 10} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
