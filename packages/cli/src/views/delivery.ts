// Deliveries as people read them: in a list by their state, alone with every attempt in sentences.
import type { Answer, Delivery, TrigRunApi } from "@trigrun/contract";
import { neutralise } from "../display.ts";
import { toLength } from "../moments.ts";
import {
  type Column,
  exact,
  relative,
  renderBlock,
  renderDetails,
  renderTable,
  toneOf,
  type View,
} from "../render.ts";
import { renderExchange } from "./exchange.ts";
import { errorText, phasesText } from "./execution.ts";

export type DeliveryWithAttempts = Answer<TrigRunApi["getDelivery"]>;
type DeliveryAttempt = DeliveryWithAttempts["attempts"][number];

// Enough to see what a receiver complains about.
const previewLines = 5;

export function renderDeliveries(deliveries: readonly Delivery[], view: View): string {
  const columns: Column<Delivery>[] = [
    { title: "JOB", text: (delivery) => delivery.job_name ?? "–" },
    { title: "CHANNEL", text: (delivery) => delivery.channel_name },
    { title: "EVENT", text: (delivery) => delivery.event, isRigid: true },
    {
      title: "STATUS",
      text: (delivery) => delivery.status,
      tone: (delivery) => toneOf(delivery.status),
      isRigid: true,
    },
    { title: "ID", text: (delivery) => delivery.id, isRigid: true, isWrappable: true },
    {
      title: "CREATED",
      text: (delivery) => relative(delivery.created_at, view),
      isRigid: true,
      isOptional: true,
    },
    { title: "ATTEMPTS", text: attemptsText, isRigid: true, isOptional: true },
    {
      title: "NEXT",
      text: (delivery) => relative(delivery.next_attempt_at, view),
      isRigid: true,
      isOptional: true,
    },
    { title: "WHY", text: (delivery) => delivery.reason ?? "", isOptional: true },
  ];
  return renderTable(columns, deliveries, view);
}

function attemptsText({ attempt_count: made, max_attempts: most }: Delivery): string {
  return `${made}/${most}`;
}

function subjectText({ event, job_name: job, job_id: id }: Delivery): string {
  return job === null ? event : `${event} of ${job} (${id})`;
}

export function renderDelivery(delivery: Delivery, view: View): string {
  const { reason, next_attempt_at: nextAt, finished_at: finishedAt } = delivery;
  return renderDetails(
    [
      ["Delivery", delivery.id, "strong"],
      ["Status", delivery.status, toneOf(delivery.status)],
      reason === null ? undefined : ["Why", reason],
      ["Tells", subjectText(delivery)],
      ["Channel", `${delivery.channel_name}, ${delivery.channel_type} (${delivery.channel_id})`],
      delivery.execution_id === null ? undefined : ["Execution", delivery.execution_id],
      delivery.digest_id === null ? undefined : ["Told in", `the digest ${delivery.digest_id}`],
      ["Created", exact(delivery.created_at, view)],
      finishedAt === null ? undefined : ["Finished", exact(finishedAt, view)],
      ["Attempts", `${attemptsText(delivery)} in this round`],
      nextAt === null ? undefined : ["Next attempt", exact(nextAt, view)],
    ],
    view,
  );
}

export function renderDeliveryWithAttempts(
  delivery: DeliveryWithAttempts,
  view: View,
  isFull: boolean,
): string {
  const attempts = delivery.attempts.map((attempt) => renderAttempt(attempt, view, isFull));
  if (attempts.length === 0) attempts.push("No attempt has been made yet.");
  return [renderDelivery(delivery, view), ...renderTold(delivery, view), ...attempts].join("\n\n");
}

/** What a digest lists, or what a warning warns of; other deliveries tell of one execution. */
function renderTold({ id, payload }: DeliveryWithAttempts, view: View): string[] {
  if (payload.type === "notifications.digest") return [renderDigest(id, payload.data, view)];
  if (payload.type !== "channel.disabled") return [];
  const { channel, reason, disabled_at: at, waiting } = payload.data;
  return [
    renderDetails(
      [
        ["Disabled", `${channel.name}, ${channel.type} (${channel.id})`],
        ["Since", exact(at, view)],
        ["Why", reason],
        ["Waiting", `${waiting} then`],
      ],
      view,
    ),
  ];
}

type Digest = Extract<DeliveryWithAttempts["payload"], { type: "notifications.digest" }>["data"];

function renderDigest(id: string, digest: Digest, view: View): string {
  const { total, succeeded, failed, cancelled, deliveries } = digest;
  const columns: Column<Digest["deliveries"][number]>[] = [
    { title: "JOB", text: ({ job }) => job.name },
    { title: "EVENT", text: ({ event }) => event, isRigid: true },
    {
      title: "STATUS",
      text: ({ execution }) => execution.status,
      tone: ({ execution }) => toneOf(execution.status),
      isRigid: true,
    },
    { title: "DELIVERY", text: (told) => told.id, isRigid: true, isWrappable: true },
    {
      title: "FINISHED",
      text: ({ execution }) => relative(execution.finished_at, view),
      isRigid: true,
      isOptional: true,
    },
    { title: "ERROR", text: (told) => told.error_message ?? "", isOptional: true },
  ];
  const counts = `${succeeded} succeeded, ${failed} failed, ${cancelled} cancelled`;
  const rest = total - deliveries.length;
  return [
    `It tells ${total} ${total === 1 ? "notification" : "notifications"} (${counts}):`,
    renderTable(columns, deliveries, view),
    ...(rest > 0
      ? [`… ${rest} more: cronctl deliveries list --digest ${neutralise(id)} --all`]
      : []),
  ].join("\n");
}

function renderAttempt(attempt: DeliveryAttempt, view: View, isFull: boolean): string {
  const tone = toneOf(attempt.verdict) ?? "strong";
  const lines = [
    `${view.paint(tone, `Attempt ${attempt.number}`)}  ${exact(attempt.started_at, view)}`,
    ...explainAttempt(attempt, view).map((sentence) => `  ${neutralise(sentence)}`),
  ];
  const body = attempt.response?.body ?? "";
  if (isFull) lines.push("", renderExchange(attempt));
  else if (attempt.verdict !== "sent" && body !== "") {
    lines.push(renderBlock(body, "  │ ", previewLines));
  }
  return lines.join("\n");
}

/** What happened in one attempt, how it was judged, and what follows, a sentence each. */
export function explainAttempt(attempt: DeliveryAttempt, view: View): string[] {
  const next = attempt.next_attempt_at;
  const phases = phasesText(attempt.phases);
  return [
    happenedText(attempt),
    ...(phases === "" ? [] : [`Time: ${phases}.`]),
    attempt.reason,
    ...(next === null ? [] : [nextText(next, view)]),
    ...(attempt.next_attempt_reason === null ? [] : [attempt.next_attempt_reason]),
  ];
}

function nextText(next: string, view: View): string {
  const isPast = new Date(next).getTime() < view.now.getTime();
  return isPast
    ? `The next attempt was due at ${exact(next, view)}.`
    : `The next attempt is due at ${exact(next, view)}.`;
}

function happenedText(attempt: DeliveryAttempt): string {
  const { request, response, latency_ms: latencyMs } = attempt;
  const after = latencyMs === null ? "" : ` after ${toLength(latencyMs)}`;
  const what = request === null ? "Nothing was sent" : `${request.method} ${request.url}`;
  // Often the reason, which follows as a sentence of its own, says the same.
  const isSaid = attempt.error_message === attempt.reason;
  const error = isSaid ? "" : errorText(attempt).replace(/\.$/, "");
  const cause = error === "" ? "" : `: ${error}`;
  if (response !== null) {
    const code = response.status_code === null ? "" : ` with ${response.status_code}`;
    return `${what} was answered${code}${after}.`;
  }
  if (request === null) return `${what}${cause}.`;
  return `${what} failed${after}${cause}.`;
}
