// What is said about the end of one execution.
import type { ExecutionEvent } from "../events/index.ts";
import type { ExecutionNotice } from "./channel.ts";
import {
  count,
  failureCharsMax,
  formatDuration,
  formatInstant,
  nameCharsMax,
  outcomes,
  symbols,
  toLink,
  toShortLine,
} from "./phrase.ts";
import type { Fact, Summary } from "./summary.ts";
import { toBlock } from "./text.ts";

type Execution = ExecutionEvent["data"]["execution"];

// No medium shows half as much.
const rawOutputCharsMax = 65_536;

export function summarizeExecution({ event, output, isTest }: ExecutionNotice): Summary {
  const { job, execution, url } = event.data;
  const name = toShortLine(job.name, nameCharsMax);
  return {
    tone: execution.status,
    symbol: symbols[execution.status],
    title: `${isTest ? "[Test] " : ""}${outcomes[execution.status].title}: ${name}`,
    lead: `${isTest ? "This is a test of the channel, not an alarm. " : ""}${leadOf(name, event)}`,
    facts: factsOf(event),
    link: toLink(url),
    linkText: "Open the execution",
    output: output === null ? null : toShownOutput(output),
    list: null,
  };
}

function leadOf(name: string, event: ExecutionEvent): string {
  const { execution } = event.data;
  const story = `${name} ${outcomes[execution.status].verb} ${whenOf(execution)}`;
  switch (execution.status) {
    case "succeeded":
      return `${story}.`;
    case "failed":
      return `${story}${failureOf(event)}`;
    case "cancelled":
      return `${story}${reasonOf(execution)}`;
  }
}

/** Why it was cancelled, as the end of a sentence. A `reason` is a sentence. */
function reasonOf({ reason }: Execution): string {
  const said = toShortLine(reason ?? "", failureCharsMax);
  return said === "" ? "." : `: ${said}`;
}

/**
 * The last attempt a success took is one of several; a failure took all that there were.
 *
 *     succeeded  on attempt 2 of 3
 *     failed     after 3 of 3 attempts
 */
function whenOf({ status, attempts, max_attempts: max }: Execution): string {
  if (attempts === 0) return "before the first attempt";
  if (max === null || max < attempts) return `after ${count(attempts, "attempt")}`;
  if (status === "succeeded") return `on attempt ${attempts} of ${max}`;
  return `after ${attempts} of ${count(max, "attempt")}`;
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
    { label: "Duration", value: durationOf(execution) },
    { label: "Attempts", value: attemptsOf(execution) },
    { label: "Last response", value: lastResponseOf(data.last_attempt) },
    {
      label: "Next run",
      value: data.next_run_at === null ? "none planned" : formatInstant(data.next_run_at),
    },
  ];
}

function attemptsOf({ attempts, max_attempts: max }: Execution): string {
  return max === null || max < attempts ? String(attempts) : `${attempts} of ${max}`;
}

// Ours: half as long again, or two thirds; and a difference that a person would notice.
const unusualFactor = 1.5;
const unusualMs = 500;

/** With the usual duration where this one is far from it: `4.2 s, usually 1.1 s`. */
function durationOf({ duration_ms: ms, usual_duration_ms: usual }: Execution): string {
  if (ms === null) return "not started";
  const said = formatDuration(ms);
  if (usual === null || Math.abs(ms - usual) < unusualMs) return said;
  const isUnusual = ms > usual * unusualFactor || ms < usual / unusualFactor;
  return isUnusual ? `${said}, usually ${formatDuration(usual)}` : said;
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

function toShownOutput(output: string): string {
  const shown = toBlock(output.slice(0, rawOutputCharsMax)) || "(empty)";
  return output.length > rawOutputCharsMax ? `${shown}…` : shown;
}
