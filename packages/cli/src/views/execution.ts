// Executions and their attempts as people read them.
import type { Answer, Attempt, Execution, Phases, TrigRunApi } from "@trigrun/contract";
import { neutralise } from "../display.ts";
import { toLength } from "../moments.ts";
import {
  type Column,
  type Detail,
  exact,
  relative,
  renderBlock,
  renderDetails,
  renderTable,
  toneOf,
  type View,
} from "../render.ts";

export type ExecutionWithAttempts = Answer<TrigRunApi["getExecution"]>;

// Enough to see an error page's message without losing the attempts around it.
const previewLines = 10;

export function renderExecutions(executions: readonly Execution[], view: View): string {
  const columns: Column<Execution>[] = [
    { title: "JOB", text: (execution) => execution.job_name },
    {
      title: "STATUS",
      text: (execution) => execution.status,
      tone: (execution) => toneOf(execution.status),
      isRigid: true,
    },
    {
      title: "SCHEDULED",
      text: ({ scheduled_for }) => relative(scheduled_for, view),
      isRigid: true,
    },
    { title: "ID", text: (execution) => execution.id, isRigid: true, isWrappable: true },
    {
      title: "TOOK",
      text: ({ duration_ms }) => (duration_ms === null ? "-" : toLength(duration_ms)),
      isRigid: true,
      isOptional: true,
    },
    { title: "ATTEMPTS", text: (execution) => String(execution.attempt_count), isOptional: true },
    { title: "TRIGGER", text: (execution) => execution.trigger, isOptional: true },
    { title: "WHY", text: (execution) => execution.reason ?? "", isOptional: true },
  ];
  return renderTable(columns, executions, view);
}

export function renderExecution(
  execution: ExecutionWithAttempts,
  view: View,
  isFull: boolean,
): string {
  const attempts = execution.attempts.map((attempt) => renderAttempt(attempt, view, isFull));
  return [renderExecutionFacts(execution, view), ...attempts].join("\n\n");
}

export function renderExecutionFacts(execution: Execution, view: View): string {
  const at = (name: string, instant: string | null): Detail | undefined =>
    instant === null ? undefined : [name, exact(instant, view)];
  const { duration_ms: durationMs, replay_of: original, reason, warnings } = execution;
  return renderDetails(
    [
      ["Execution", execution.id, "strong"],
      ["Job", `${execution.job_name} (${execution.job_id})`],
      ["Status", execution.status, toneOf(execution.status)],
      reason === null ? undefined : ["Why", reason],
      warnings.length === 0 ? undefined : ["Warning", warnings, "waiting"],
      ["Trigger", execution.trigger],
      original === null ? undefined : ["Replay of", original],
      at("Scheduled", execution.scheduled_for),
      at("Started", execution.started_at),
      at("Finished", execution.finished_at),
      durationMs === null ? undefined : ["Took", toLength(durationMs)],
      ["Attempts", String(execution.attempt_count)],
      at("Next attempt", execution.next_attempt_at),
    ],
    view,
  );
}

function renderAttempt(attempt: Attempt, view: View, isFull: boolean): string {
  const limit = isFull ? Number.POSITIVE_INFINITY : previewLines;
  const headers = Object.entries(attempt.response_headers ?? {});
  const lines = [
    `${view.paint("strong", `Attempt ${attempt.number}`)}  ${attemptLine(attempt, view)}`,
    `  started ${exact(attempt.started_at, view)}`,
  ];
  const error = errorText(attempt);
  if (error !== "") lines.push(`  ${neutralise(error)}`);
  const phases = phasesText(attempt.phases);
  if (phases !== "") lines.push(`  ${phases}`);
  if (isFull) lines.push(...headers.map(([key, value]) => `  ${neutralise(`${key}: ${value}`)}`));
  if (attempt.body_preview !== null && attempt.body_preview !== "") {
    lines.push(renderBlock(attempt.body_preview, "  │ ", limit));
    if (attempt.body_truncated) lines.push("  (the answer went on; only its beginning is kept)");
  }
  return lines.join("\n");
}

/** "HTTP_ERROR 503 after 120 ms". */
export function attemptLine(attempt: Attempt, view: View): string {
  const tone = toneOf(attempt.status);
  const status = tone === undefined ? attempt.status : view.paint(tone, attempt.status);
  const code = attempt.status_code === null ? "" : ` ${attempt.status_code}`;
  const took = attempt.latency_ms === null ? "" : ` after ${toLength(attempt.latency_ms)}`;
  return `${status}${code}${took}`;
}

export function errorText(failure: {
  readonly error_class: string | null;
  readonly error_message: string | null;
}): string {
  return [failure.error_class, failure.error_message].filter((part) => part !== null).join(": ");
}

const phaseNames = [
  ["dns_ms", "name lookup"],
  ["connect_ms", "connect"],
  ["tls_ms", "TLS"],
  ["first_byte_ms", "first byte"],
  ["body_ms", "body"],
] as const satisfies readonly (readonly [keyof Phases, string])[];

/** "name lookup 2 ms, connect 11 ms, first byte 80 ms". Phases that are not known are left out. */
export function phasesText(phases: Phases): string {
  return phaseNames
    .flatMap(([key, name]) => {
      const ms = phases[key];
      return typeof ms === "number" ? [`${name} ${toLength(ms)}`] : [];
    })
    .join(", ");
}
