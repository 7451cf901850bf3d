// The name under which an alert service keeps a job's problem: a failure opens it, the next success
// closes it. A test has one of its own, so that it can never close a real one.
import type { Notice } from "./channel.ts";

export function toIncidentKey({ event, isTest }: Notice): string {
  return `trigrun-${isTest ? "test-" : ""}${event.data.job.id}`;
}
