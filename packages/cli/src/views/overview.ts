// The overview as people read it: what is wrong first, then what comes, then how it went.
import type { Overview } from "@trigrun/contract";
import { toLength } from "../moments.ts";
import { type Column, relative, renderTable, type View } from "../render.ts";

export function renderOverview(overview: Overview, span: string, view: View): string {
  const sections = [
    renderFailing(overview, view),
    renderDisabled(overview, view),
    renderLate(overview, view),
    renderCounts(overview, span, view),
    renderNext(overview, view),
    renderSlowest(overview, view),
  ];
  return sections.filter((section) => section !== "").join("\n\n");
}

const heading = (text: string, view: View) => view.paint("strong", text);

/** "1 job", "2 jobs". */
function amount(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}

function renderFailing({ failing }: Overview, view: View): string {
  if (failing.count === 0) return view.paint("good", "No job fails.");
  const columns: Column<Overview["failing"]["items"][number]>[] = [
    { title: "JOB", text: (item) => item.job_name },
    { title: "IN A ROW", text: (item) => String(item.failures_in_row), isRigid: true },
    { title: "SINCE", text: (item) => relative(item.failing_since, view), isRigid: true },
    { title: "WHY", text: (item) => item.reason ?? "", isOptional: true },
    { title: "EXECUTION", text: (item) => item.execution_id, isRigid: true, isWrappable: true },
  ];
  const more = failing.count - failing.items.length;
  return [
    view.paint("bad", `Failing now: ${amount(failing.count, "job")}`),
    renderTable(columns, failing.items, view),
    ...(more > 0 ? [`… and ${amount(more, "job")} more`] : []),
  ].join("\n");
}

function renderDisabled({ disabled_channels: channels }: Overview, view: View): string {
  if (channels.length === 0) return "";
  const columns: Column<Overview["disabled_channels"][number]>[] = [
    { title: "CHANNEL", text: (channel) => channel.channel_name },
    { title: "SINCE", text: (channel) => relative(channel.disabled_at, view), isRigid: true },
    { title: "WAITING", text: (channel) => String(channel.waiting), isRigid: true },
    { title: "WHY", text: (channel) => channel.disabled_reason },
  ];
  return [view.paint("bad", "Disabled channels"), renderTable(columns, channels, view)].join("\n");
}

function renderLate({ late }: Overview, view: View): string {
  if (late.count === 0 && late.unplanned_jobs === 0) return view.paint("good", "Nothing is late.");
  const parts = [
    `${amount(late.count, "execution")} due and not started`,
    ...(late.oldest_due_at === null ? [] : [`the oldest ${relative(late.oldest_due_at, view)}`]),
    ...(late.unplanned_jobs === 0
      ? []
      : [`${amount(late.unplanned_jobs, "job")} whose next run has passed`]),
  ];
  return view.paint("waiting", `Late: ${parts.join(", ")}`);
}

function renderCounts({ executions, deliveries }: Overview, span: string, view: View): string {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const ran = {
    succeeded: sum(executions.map((bucket) => bucket.succeeded)),
    failed: sum(executions.map((bucket) => bucket.failed)),
    cancelled: sum(executions.map((bucket) => bucket.cancelled)),
  };
  const told = {
    sent: sum(deliveries.map((bucket) => bucket.sent)),
    failed: sum(deliveries.map((bucket) => bucket.failed)),
    pending: sum(deliveries.map((bucket) => bucket.pending)),
  };
  const total = (bucket: Overview["executions"][number]) =>
    bucket.succeeded + bucket.failed + bucket.cancelled + bucket.waiting;
  const sending = (bucket: Overview["deliveries"][number]) =>
    bucket.sent + bucket.failed + bucket.pending;
  return [
    heading(`Last ${span}`, view),
    `Executions  ${toBars(executions.map(total))}  ${toWords(ran)}`,
    `Deliveries  ${toBars(deliveries.map(sending))}  ${toWords(told)}`,
  ].join("\n");
}

function toWords(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([word, count]) => `${count} ${word}`)
    .join(", ");
}

const bars = "▁▂▃▄▅▆▇█";

/** One character a bucket, the highest of all full. */
function toBars(counts: readonly number[]): string {
  const highest = Math.max(1, ...counts);
  return counts.map((count) => bars[Math.ceil((count / highest) * (bars.length - 1))]).join("");
}

function renderNext({ next }: Overview, view: View): string {
  if (next.length === 0) return "";
  const columns: Column<Overview["next"][number]>[] = [
    { title: "JOB", text: (run) => run.job_name },
    { title: "WHEN", text: (run) => relative(run.run_at, view), isRigid: true },
  ];
  return [heading("Next runs", view), renderTable(columns, next, view)].join("\n");
}

function renderSlowest({ slowest }: Overview, view: View): string {
  if (slowest.length === 0) return "";
  const columns: Column<Overview["slowest"][number]>[] = [
    { title: "JOB", text: (job) => job.job_name },
    { title: "P50", text: (job) => toLength(job.duration_p50_ms), isRigid: true },
    { title: "P95", text: (job) => toLength(job.duration_p95_ms), isRigid: true },
  ];
  return [heading("Slowest jobs", view), renderTable(columns, slowest, view)].join("\n");
}
