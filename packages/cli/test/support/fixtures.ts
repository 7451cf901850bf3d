// Answers of the API for tests: whole, valid, and each its own with what a test changes.
import type {
  Answer,
  Channel,
  Delivery,
  Execution,
  Job,
  RequestTest,
  Rule,
  Secret,
  TrigRunApi,
} from "@trigrun/contract";
import type { ExecutionWithAttempts } from "../../src/views/execution.ts";

/** The instant at which every test takes place. */
export const now = new Date("2026-11-24T10:00:00.000Z");

export function idOf(prefix: string, number: number): string {
  return `${prefix}_${number.toString(16).padStart(32, "0")}`;
}

export function before(seconds: number): string {
  return new Date(now.getTime() - seconds * 1000).toISOString();
}

export function aJob(changes: Partial<Job> = {}): Job {
  return {
    id: idOf("job", 1),
    name: "nightly-backup",
    kind: "cron",
    state: "active",
    schedule: { cron: "0 2 * * *", timezone: "America/New_York" },
    request: {
      url: "https://api.example.com/backup",
      method: "POST",
      headers: { "x-team": "ops" },
      body: { full: true },
      timeout_seconds: 30,
      success_statuses: [200],
      follow_redirects: false,
    },
    retry_policy: { max_attempts: 3, retry_on_statuses: [429, 503] },
    next_run_at: before(-7200),
    last_execution: null,
    warnings: [],
    created_at: before(86_400),
    updated_at: before(86_400),
    ...changes,
  };
}

export function aChannel(changes: Partial<Channel> = {}): Channel {
  return {
    id: idOf("chan", 1),
    name: "ops",
    type: "webhook",
    config: { url: "https://example.com/hook", secret: "••••" },
    pace: null,
    retry: { schedule_seconds: [5, 30, 120] },
    disabled_at: null,
    disabled_reason: null,
    created_at: before(3600),
    updated_at: before(3600),
    ...changes,
  };
}

export function aSecret(changes: Partial<Secret> = {}): Secret {
  return {
    id: idOf("sec", 1),
    name: "stripe-key",
    environment: "workspace",
    key_version: "v1",
    created_at: before(3600),
    updated_at: before(3600),
    ...changes,
  };
}

export function aRule(changes: Partial<Rule> = {}): Rule {
  return {
    id: idOf("rule", 1),
    job_id: idOf("job", 1),
    channel_id: idOf("chan", 1),
    channel_name: "ops",
    channel_type: "webhook",
    event: "on_failure",
    ...changes,
  };
}

export function anExecution(changes: Partial<Execution> = {}): Execution {
  return {
    id: idOf("exec", 1),
    job_id: idOf("job", 1),
    job_name: "nightly-backup",
    status: "failed",
    trigger: "schedule",
    scheduled_for: before(180),
    started_at: before(180),
    finished_at: before(176),
    duration_ms: 4210,
    attempt_count: 1,
    next_attempt_at: null,
    reason: "The target answered 503 on the last attempt.",
    warnings: [],
    replay_of: null,
    ...changes,
  };
}

export function anEndedExecution(changes: Partial<ExecutionWithAttempts> = {}) {
  const attempts: ExecutionWithAttempts["attempts"] = [
    {
      number: 1,
      status: "HTTP_ERROR",
      status_code: 503,
      latency_ms: 120,
      body_preview: "upstream is away",
      body_truncated: false,
      response_headers: { "content-type": "text/plain" },
      error_class: "http_status",
      error_message: "The target answered 503.",
      started_at: before(180),
      phases: { dns_ms: 2, connect_ms: 11, tls_ms: 30, first_byte_ms: 70, body_ms: 7 },
    },
  ];
  return { ...anExecution(), attempts, ...changes };
}

export function aDelivery(changes: Partial<Delivery> = {}): Delivery {
  return {
    id: idOf("dlv", 1),
    status: "failed",
    event: "on_failure",
    channel_id: idOf("chan", 1),
    channel_name: "ops",
    channel_type: "webhook",
    job_id: idOf("job", 1),
    job_name: "nightly-backup",
    execution_id: idOf("exec", 1),
    digest_id: null,
    attempt_count: 1,
    max_attempts: 10,
    next_attempt_at: null,
    reason: "All 10 tries are used up.",
    created_at: before(120),
    finished_at: before(60),
    ...changes,
  };
}

type DeliveryWithAttempts = Answer<TrigRunApi["getDelivery"]>;

export function aTriedDelivery(): DeliveryWithAttempts {
  return {
    ...aDelivery(),
    payload: {
      type: "execution.failed",
      timestamp: before(176),
      data: {
        event: "on_failure",
        job: { id: idOf("job", 1), name: "nightly-backup", kind: "cron" },
        execution: {
          id: idOf("exec", 1),
          status: "failed",
          trigger: "schedule",
          scheduled_for: before(180),
          started_at: before(180),
          finished_at: before(176),
          duration_ms: 4210,
          max_attempts: 3,
          usual_duration_ms: 1100,
          reason: "All 3 attempts failed.",
          attempts: 1,
        },
        last_attempt: null,
        next_run_at: null,
        url: "http://127.0.0.1:7400/executions/exec",
      },
    },
    attempts: [
      {
        number: 1,
        ...anExchange(),
        next_attempt_at: before(-5),
        next_attempt_reason: "5 s after the first attempt.",
      },
    ],
  };
}

export function aDigest(): DeliveryWithAttempts {
  return {
    ...aDelivery({
      ...{ id: idOf("dlv", 9), status: "sent", event: "digest", reason: null },
      ...{ job_id: null, job_name: null, execution_id: null },
    }),
    payload: {
      type: "notifications.digest",
      timestamp: before(10),
      data: {
        event: "digest",
        ...{ total: 3, succeeded: 2, failed: 1, cancelled: 0 },
        ...{ first_at: before(30), last_at: before(10), url: "http://127.0.0.1:7400/channels/x" },
        deliveries: [
          {
            id: idOf("dlv", 3),
            event: "on_failure",
            job: { id: idOf("job", 1), name: "nightly-backup", kind: "cron" },
            execution: { id: idOf("exec", 3), status: "failed", finished_at: before(10) },
            error_message: "The target answered 503.",
          },
        ],
      },
    },
    attempts: [],
  };
}

export function aWarning(): DeliveryWithAttempts {
  return {
    ...aDelivery({
      ...{ id: idOf("dlv", 8), status: "sent", event: "channel_disabled", reason: null },
      ...{ job_id: null, job_name: null, execution_id: null },
    }),
    payload: {
      type: "channel.disabled",
      timestamp: before(10),
      data: {
        event: "channel_disabled",
        channel: { id: idOf("chan", 2), name: "pager", type: "webhook" },
        reason: "The receiver answered 410: it is gone.",
        disabled_at: before(10),
        waiting: 4,
        url: "http://127.0.0.1:7400/channels/x",
      },
    },
    attempts: [],
  };
}

type Health = Answer<TrigRunApi["listChannelStatistics"]>["items"][number];

export function aHealth(changes: Partial<Health> = {}): Health {
  return {
    channel_id: idOf("chan", 1),
    channel_name: "ops",
    ...{ sent: 120, failed: 7, waiting: 2, latency_p50_ms: 80, latency_p95_ms: 2100 },
    ...{ last_sent_at: before(180), failures_in_row: 3, failing_since: before(120) },
    ...changes,
  };
}

export function aWeekOf(...items: Health[]) {
  return { from: before(7 * 86_400), items };
}

type Exchange = Answer<TrigRunApi["testChannel"]>;

export function anExchange(changes: Partial<Exchange> = {}): Exchange {
  return {
    started_at: before(120),
    latency_ms: 80,
    verdict: "retry",
    reason: "The receiver answered 503.",
    request: {
      method: "POST",
      url: "https://example.com/hook",
      headers: { "content-type": "application/json", "webhook-id": idOf("dlv", 1) },
      body: '{"type":"execution.failed"}',
    },
    response: {
      status_code: 503,
      headers: { "content-type": "text/plain" },
      body: "try later",
      body_truncated: false,
    },
    phases: { dns_ms: null, connect_ms: 1, tls_ms: null, first_byte_ms: 79, body_ms: 0 },
    error_class: null,
    error_message: null,
    ...changes,
  };
}

export function aRequestTest(changes: Partial<RequestTest> = {}): RequestTest {
  const { request, response, started_at, latency_ms, phases } = anExchange();
  if (request === null || response === null) throw new Error("an exchange has both sides");
  return {
    ...{ started_at, latency_ms, phases, status: "HTTP_ERROR", warnings: [] },
    request: { ...request, url: "https://example.com/backup" },
    response: { ...response, status_code: 503 },
    error_class: "status_not_successful",
    error_message: "The target answered 503; success is 200.",
    ...changes,
  };
}

export function onePage<T>(...items: T[]): { items: T[]; next_cursor: null } {
  return { items, next_cursor: null };
}
