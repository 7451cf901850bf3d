// The name under which an alert service keeps a problem. A failure opens its job's, the next
// success closes it. A test has one of its own, so that it can never close a real one; so have a
// digest and a disabled channel.
import type { Notice } from "./channel.ts";

export function toIncidentKey({ kind, event, isTest }: Notice): string {
  switch (kind) {
    case "execution":
      return `trigrun-${isTest ? "test-" : ""}${event.data.job.id}`;
    case "digest":
      // The same on every try, since what it stands for is.
      return `trigrun-digest-${event.data.deliveries[0]?.id ?? event.timestamp}`;
    case "warning":
      return `trigrun-${event.data.channel.id}`;
  }
}
