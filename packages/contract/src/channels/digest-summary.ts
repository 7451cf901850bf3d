// What is said about many notifications at once: how many ended how, and a line for each of them,
// failures first.
import { type DigestDelivery, type DigestEvent, endStatuses } from "../events/index.ts";
import type { DigestNotice } from "./channel.ts";
import { count, formatInstant, outcomes, symbols, toLink, toShortLine } from "./phrase.ts";
import type { Summary, Tone } from "./summary.ts";

// Ours: a line of the list must stay one on most screens.
const nameCharsMax = 80;
const errorCharsMax = 120;

export function summarizeDigest({ event }: DigestNotice): Summary {
  const { total, first_at, last_at, deliveries, url } = event.data;
  const tone = toneOf(event);
  const [counts, between] = [countsOf(event), [first_at, last_at].map(formatInstant)];
  return {
    tone,
    symbol: symbols[tone],
    title: `${count(total, "notification")}: ${counts}`,
    lead:
      `${count(total, "notification")} came faster than this channel takes them, so this message ` +
      `stands for all of them: ${counts}.`,
    facts: [
      ...endStatuses.map((status) => ({
        label: outcomes[status].title,
        value: String(event.data[status]),
      })),
      { label: "First", value: between[0] ?? "" },
      { label: "Last", value: between[1] ?? "" },
    ],
    link: toLink(url),
    linkText: "Open the notifications",
    output: null,
    list: { lines: inOrder(deliveries).map(lineOf), total },
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

/** Failures first; else as they came, the newest first. */
function inOrder(deliveries: readonly DigestDelivery[]): DigestDelivery[] {
  const isFailed = ({ execution }: DigestDelivery) => execution.status === "failed";
  return [...deliveries.filter(isFailed), ...deliveries.filter((delivery) => !isFailed(delivery))];
}

/** The seconds are what tells runs of the same minute apart. */
function lineOf({ job, execution, error_message }: DigestDelivery): string {
  const name = toShortLine(job.name, nameCharsMax);
  const error = toShortLine(error_message ?? "", errorCharsMax);
  const time = `${execution.finished_at.slice(11, 19)} UTC`;
  const story = `${symbols[execution.status]} ${time} ${name} ${outcomes[execution.status].verb}`;
  return execution.status === "failed" && error !== "" ? `${story}: ${error}` : story;
}
