// Executions and deliveries as the API answers them, for the demo's own tests.
import type { Snapshot } from "./judge.ts";
import type { Delivery, Execution } from "./news.ts";
import type { Run } from "./script.ts";

const hex = (digit: string) => digit.repeat(32);
const second = (number: number) => `2026-11-23T10:00:0${number}.000Z`;
const phases = {
  ...{ dns_ms: null, connect_ms: null, tls_ms: null, first_byte_ms: 4, body_ms: 0 },
};

/** An attempt that took 100 ms and began at that second of a minute. */
export function makeAttempt(number: number, statusCode: number): Execution["attempts"][number] {
  const isGood = statusCode === 200;
  return {
    ...{ number, status: isGood ? "SUCCESS" : "HTTP_ERROR", status_code: statusCode, phases },
    ...{ latency_ms: 100, body_preview: "", body_truncated: false, response_headers: {} },
    ...{ error_class: null, error_message: null, started_at: second(number) },
  };
}

/** One that has ended as `run` says. */
export function makeExecution(run: Run, change: Partial<Execution> = {}): Execution {
  return {
    id: `exec_${hex(run.trigger === "schedule" ? "a" : "b")}`,
    ...{ job_id: `job_${hex("c")}`, job_name: "nightly-backup", status: run.status },
    ...{ trigger: run.trigger, scheduled_for: second(1), started_at: second(1) },
    ...{ finished_at: second(5), duration_ms: 4_000, attempt_count: run.answers.length },
    ...{ next_attempt_at: null, reason: null, warnings: [], replay_of: null },
    attempts: run.answers.map((code, index) => makeAttempt(index + 1, code)),
    ...change,
  };
}

/** One try; `sent` ends it, `retry` is followed by another five seconds later. */
export function makeTry(number: number, verdict: "sent" | "retry"): Delivery["attempts"][number] {
  const isSent = verdict === "sent";
  const response = { status_code: isSent ? 200 : 500, headers: {}, body: isSent ? "ok" : "" };
  return {
    ...{ number, verdict, reason: `The receiver answered ${response.status_code}.`, phases },
    ...{ started_at: second(1), latency_ms: 100, error_class: null, error_message: null },
    ...{ request: null, response: { ...response, body_truncated: false } },
    ...{ next_attempt_at: isSent ? null : second(6), next_attempt_reason: null },
  };
}

/** One that was sent at the first try. */
export function makeDelivery(change: Partial<Delivery> = {}): Delivery {
  return {
    ...{ id: `dlv_${hex("d")}`, status: "sent", event: "on_failure" },
    ...{ channel_id: `chan_${hex("e")}`, channel_name: "slack-alerts", channel_type: "slack" },
    ...{ job_id: `job_${hex("c")}`, job_name: "nightly-backup", execution_id: `exec_${hex("a")}` },
    ...{ attempt_count: 1, max_attempts: 10, next_attempt_at: null, reason: null },
    digest_id: null,
    ...{ created_at: second(1), finished_at: second(2), attempts: [makeTry(1, "sent")] },
    payload: {
      type: "execution.failed",
      timestamp: second(1),
      data: {
        event: "on_failure",
        job: { id: `job_${hex("c")}`, name: "nightly-backup", kind: "scheduled" },
        execution: {
          ...{ id: `exec_${hex("a")}`, status: "failed", trigger: "schedule", attempts: 3 },
          ...{ scheduled_for: second(1), started_at: second(1), finished_at: second(5) },
          duration_ms: 4_000,
          max_attempts: 3,
          usual_duration_ms: 1100,
          reason: "All 3 attempts failed.",
        },
        ...{ last_attempt: null, next_run_at: null, url: "http://127.0.0.1/" },
      },
    },
    ...change,
  };
}

/** Everything as these runs ask for it. */
export function makeSnapshot(runs: readonly Run[]): Snapshot {
  const executions = runs.map((run) => makeExecution(run));
  const deliveries = runs.flatMap((run, index) =>
    run.tells.map(({ channel, event, tries }, place) =>
      makeDelivery({
        id: `dlv_${index}_${place}`,
        ...{ event, channel_name: channel, execution_id: executions[index]?.id ?? "" },
        attempts: Array.from({ length: tries }, (_, at) =>
          makeTry(at + 1, at + 1 === tries ? "sent" : "retry"),
        ),
      }),
    ),
  );
  return { executions, deliveries };
}
