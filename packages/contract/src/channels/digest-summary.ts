// What is said about many notifications at once: how many ended how, and a line for each job and
// outcome, failures first. A flood of one job must not hide another's only failure.
import type { DigestDelivery, DigestEvent } from "../events/index.ts";
import type { DigestNotice } from "./channel.ts";
import { count, formatInstant, outcomes, symbols, toLink, toShortLine } from "./phrase.ts";
import type { Line, Summary, Tone } from "./summary.ts";

// Ours: a line of the list must stay one on most screens.
const nameCharsMax = 80;
const errorCharsMax = 120;

export function summarizeDigest({ event }: DigestNotice): Summary {
  const { total, first_at, last_at, deliveries, url } = event.data;
  const tone = toneOf(event);
  const counts = countsOf(event);
  return {
    tone,
    symbol: symbols[tone],
    title: `${count(total, "notification")}: ${counts}`,
    lead:
      `${count(total, "notification")} came faster than this channel takes them, so this message ` +
      `stands for all of them: ${counts}.`,
    facts: [
      { label: "First ended", value: formatInstant(first_at) },
      { label: "Last ended", value: formatInstant(last_at) },
    ],
    link: toLink(url),
    linkText: "Open the notifications",
    output: null,
    list: { lines: toGroups(deliveries).map(toLine), total },
  };
}

function toneOf({ data }: DigestEvent): Tone {
  if (data.failed > 0) return "failed";
  return data.succeeded > 0 ? "succeeded" : "cancelled";
}

/** "20 failed, 3 succeeded"; what there is none of is not said. */
function countsOf({ data }: DigestEvent): string {
  const parts = (["failed", "succeeded", "cancelled"] as const)
    .filter((status) => data[status] > 0)
    .map((status) => `${data[status]} ${status}`);
  return parts.join(", ") || "none";
}

interface Group {
  readonly newest: DigestDelivery;
  readonly deliveries: readonly DigestDelivery[];
}

/** By job and outcome: failures first, else the newest first, as they came. */
function toGroups(deliveries: readonly DigestDelivery[]): Group[] {
  const groups = new Map<string, Group>();
  for (const delivery of deliveries) {
    const key = `${delivery.job.id} ${delivery.execution.status}`;
    const group = groups.get(key) ?? { newest: delivery, deliveries: [] };
    groups.set(key, { ...group, deliveries: [...group.deliveries, delivery] });
  }
  const isFailed = ({ newest }: Group) => newest.execution.status === "failed";
  const all = [...groups.values()];
  return [...all.filter(isFailed), ...all.filter((group) => !isFailed(group))];
}

/** `nightly-backup failed 14 times, last at 10:00:58 UTC: The target answered 503.` */
function toLine({ newest, deliveries }: Group): Line {
  const { job, execution, error_message } = newest;
  const name = toShortLine(job.name, nameCharsMax);
  const error = toShortLine(error_message ?? "", errorCharsMax);
  // An execution may be told twice, as `on_failure` and as `on_completion`.
  const executions = new Set(deliveries.map((delivery) => delivery.execution.id)).size;
  const time = `at ${execution.finished_at.slice(11, 19)} UTC`;
  const when = executions === 1 ? time : `${executions} times, last ${time}`;
  const story = `${name} ${outcomes[execution.status].verb} ${when}`;
  return {
    tone: execution.status,
    text: execution.status === "failed" && error !== "" ? `${story}: ${error}` : story,
    standsFor: deliveries.length,
  };
}
