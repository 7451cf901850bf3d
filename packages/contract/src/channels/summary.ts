// What every message for people says about an execution, in the same words on every medium.
// All foreign text in it is safe to show, but it is not escaped: that is the medium's business.
import type { EndStatus, ExecutionEvent } from "../events/index.ts";
import type { Notice } from "./channel.ts";
import { cut, toBlock, toLine } from "./text.ts";

export interface Fact {
  readonly label: string;
  readonly value: string;
}

export interface Summary {
  readonly status: EndStatus;
  /** A sign for the outcome, for lists where the first glance counts. */
  readonly symbol: string;
  /** "Failed: nightly-backup". A test says so first. */
  readonly title: string;
  /** The whole story on one line; it stands by itself. */
  readonly lead: string;
  readonly facts: readonly Fact[];
  /** Where the execution can be looked at; null when the event holds no web address. */
  readonly link: string | null;
  /** Null when the channel does not want it. */
  readonly output: string | null;
}

const outcomes = {
  succeeded: { symbol: "✅", title: "Succeeded", verb: "succeeded" },
  failed: { symbol: "❌", title: "Failed", verb: "failed" },
  cancelled: { symbol: "🚫", title: "Cancelled", verb: "was cancelled" },
} as const satisfies Record<EndStatus, { symbol: string; title: string; verb: string }>;

/** The words of a link to the execution. */
export const linkText = "Open the execution";

// An error must stay a line that can be read at a glance; the execution holds all of it.
const failureCharsMax = 300;
// `name` in api/fields.ts allows 200; this only bounds what comes from elsewhere.
const nameCharsMax = 200;
// Text from elsewhere is cut before it is cleaned, so that a megabyte costs nothing.
const rawCharsMax = 4000;
// No medium shows half as much.
const rawOutputCharsMax = 65_536;
// Ours have about 100. A longer one would eat the room that Discord and Slack give to text.
const linkCharsMax = 1000;

export function summarize({ event, output, isTest }: Notice): Summary {
  const { job, execution, url } = event.data;
  const outcome = outcomes[execution.status];
  const name = toShortLine(job.name, nameCharsMax);
  return {
    status: execution.status,
    symbol: outcome.symbol,
    title: `${isTest ? "[Test] " : ""}${outcome.title}: ${name}`,
    lead: `${isTest ? "This is a test of the channel, not an alarm. " : ""}${leadOf(name, event)}`,
    facts: factsOf(event),
    link: linkOf(url),
    output: output === null ? null : toShownOutput(output),
  };
}

function leadOf(name: string, event: ExecutionEvent): string {
  const { status, attempts } = event.data.execution;
  const count = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  const when = attempts === 0 ? "before the first attempt" : `after ${count}`;
  const story = `${name} ${outcomes[status].verb} ${when}`;
  return status === "failed" ? `${story}${failureOf(event)}` : `${story}.`;
}

/** What went wrong, in one line, as the end of a sentence. An `error_message` is a sentence. */
function failureOf(event: ExecutionEvent): string {
  const attempt = event.data.last_attempt;
  if (attempt === null) return ".";
  const message = toShortLine(attempt.error_message ?? "", failureCharsMax);
  const details = message || toShortLine(attempt.error_class ?? "", failureCharsMax);
  const end = details ? `: ${details}` : ".";
  switch (attempt.status) {
    case "TIMEOUT":
      return ` by timeout${end}`;
    case "CONNECTION_ERROR":
      return message ? end : ` without a connection${end}`;
    case "HTTP_ERROR":
    case "SUCCESS":
      return ` with ${responseOf(attempt.status_code)}${message ? end : "."}`;
  }
}

function factsOf({ data, timestamp }: ExecutionEvent): Fact[] {
  const { execution } = data;
  return [
    { label: "Status", value: execution.status },
    { label: "Event", value: data.event },
    { label: "Trigger", value: execution.trigger },
    { label: "Scheduled for", value: formatInstant(execution.scheduled_for) },
    { label: "Finished", value: formatInstant(timestamp) },
    {
      label: "Duration",
      value: execution.duration_ms === null ? "not started" : formatDuration(execution.duration_ms),
    },
    { label: "Attempts", value: String(execution.attempts) },
    { label: "Last response", value: lastResponseOf(data.last_attempt) },
    {
      label: "Next run",
      value: data.next_run_at === null ? "none planned" : formatInstant(data.next_run_at),
    },
  ];
}

function lastResponseOf(attempt: ExecutionEvent["data"]["last_attempt"]): string {
  if (attempt === null) return "none";
  const latency = attempt.latency_ms === null ? "" : ` after ${formatDuration(attempt.latency_ms)}`;
  const isAnswered = attempt.status === "SUCCESS" || attempt.status === "HTTP_ERROR";
  return isAnswered ? `${responseOf(attempt.status_code)}${latency}` : `none${latency}`;
}

function responseOf(statusCode: number | null): string {
  return statusCode === null ? "no status" : `HTTP ${statusCode}`;
}

function toShortLine(value: string, max: number): string {
  return cut(toLine(value.slice(0, rawCharsMax)), max);
}

function toShownOutput(output: string): string {
  const shown = toBlock(output.slice(0, rawOutputCharsMax)) || "(empty)";
  return output.length > rawOutputCharsMax ? `${shown}…` : shown;
}

function linkOf(url: string): string | null {
  if (!/^https?:\/\//i.test(url)) return null;
  try {
    // Escapes blanks, quotes and angle brackets, which would end the link in every medium.
    const { href } = new URL(url);
    return href.length <= linkCharsMax ? href : null;
  } catch {
    return null;
  }
}

/** `2026-11-23T10:00:00.000Z` as `2026-11-23 10:00:00 UTC`. */
function formatInstant(instant: string): string {
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
