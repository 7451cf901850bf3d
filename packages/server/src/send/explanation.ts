// Says in sentences why a notification did or did not go out. Pure: it reads what is recorded.
import { type Answer, type EndStatus, eventsOf, type TrigRunApi } from "@trigrun/contract";
import { formatLength } from "../retry.ts";

type Execution = Answer<TrigRunApi["getExecution"]>;
type Rule = Answer<TrigRunApi["listRules"]>["items"][number];
type Delivery = Answer<TrigRunApi["listDeliveries"]>["items"][number];
type DeliveryWithAttempts = Answer<TrigRunApi["getDelivery"]>;

const triggers: Record<Execution["trigger"], string> = {
  schedule: "by its schedule",
  manual: "because somebody ran the job by hand",
  replay: "because somebody replayed an earlier execution",
  creation: "because its job was created to run once, at once",
};

/** `rules` are those of the job now; they may have been others when the execution ended. */
export function explainExecution(
  execution: Execution,
  rules: readonly Rule[],
  deliveries: readonly Delivery[],
): string[] {
  const { job_name: name, scheduled_for: due, trigger } = execution;
  return [
    `This execution of "${name}" was due at ${due}, ${triggers[trigger]}.`,
    ...execution.attempts.map(explainAttempt),
    ...execution.warnings,
    ...explainStanding(execution),
    ...explainTelling(execution, rules, deliveries),
  ];
}

function explainAttempt(attempt: Execution["attempts"][number]): string {
  const after = attempt.latency_ms === null ? "" : ` after ${formatLength(attempt.latency_ms)}`;
  const what = attempt.error_message ?? `The target answered ${attempt.status_code}.`;
  return `Attempt ${attempt.number} began at ${attempt.started_at} and ended${after}: ${what}`;
}

function explainStanding(execution: Execution): string[] {
  const { status, reason, next_attempt_at: next, finished_at: finished } = execution;
  if (status === "queued") return [`It waits for its first attempt, due at ${next}.`];
  if (status === "running") {
    return next === null
      ? ["An attempt is being made right now."]
      : [`It waits for its next attempt, due at ${next}.`, ...(reason === null ? [] : [reason])];
  }
  const why = reason === null ? "" : ` ${reason}`;
  return [`It ended at ${finished} as ${status}.${why}`];
}

function explainTelling(
  execution: Execution,
  rules: readonly Rule[],
  deliveries: readonly Delivery[],
): string[] {
  const { status } = execution;
  if (status === "queued" || status === "running") {
    return [
      "Nobody is told before it ends: rules fire on the end of an execution, never per attempt.",
    ];
  }
  if (deliveries.length > 0) return deliveries.map(explainStateOf);
  return [explainSilence(status, rules)];
}

/** Why the end of an execution told nobody. */
function explainSilence(status: EndStatus, rules: readonly Rule[]): string {
  const fired = eventsOf(status).join(" and ");
  const told = "No notification was made:";
  if (rules.length === 0) return `${told} the job has no rules.`;
  const names = [...new Set(rules.map(({ event }) => event))].sort().join(" and ");
  const isFired = rules.some(({ event }) => eventsOf(status).includes(event));
  if (isFired) {
    return `${told} the rules for ${names} that the job has now were added after it ended.`;
  }
  return `${told} no rule matched. It fired ${fired}; the job has rules for ${names} only.`;
}

function explainStateOf(delivery: Delivery): string {
  const { channel_name: name, channel_type: type, event, status, reason, id } = delivery;
  const next =
    delivery.next_attempt_at === null ? "" : ` It is due at ${delivery.next_attempt_at}.`;
  const why = reason === null ? "" : ` ${reason}`;
  const told = `${event} was told to "${name}" (${type}) by delivery ${id}, which is ${status}.`;
  return `${told}${why}${next}`;
}

export function explainDelivery(delivery: DeliveryWithAttempts): string[] {
  return [
    `This delivery tells "${delivery.channel_name}" (${delivery.channel_type}) ` +
      `${explainSubject(delivery)}`,
    ...delivery.attempts.flatMap(explainTry),
    explainNext(delivery),
  ];
}

function explainSubject(delivery: DeliveryWithAttempts): string {
  const { event, job_name: job, execution_id: execution, payload, created_at: at } = delivery;
  switch (payload.type) {
    case "notifications.digest":
      return (
        `about ${payload.data.total} notifications at once, which came faster than the channel ` +
        `takes messages. It was made at ${at}.`
      );
    case "channel.disabled":
      return `that the channel "${payload.data.channel.name}" was disabled at ${at}.`;
    default:
      return (
        `about ${event} of "${job}", execution ${execution}. ` +
        `It was made at ${at}, when the execution ended.`
      );
  }
}

function explainTry(attempt: DeliveryWithAttempts["attempts"][number]): string[] {
  const after = attempt.latency_ms === null ? "" : ` after ${formatLength(attempt.latency_ms)}`;
  const sentences = [
    `Try ${attempt.number} at ${attempt.started_at} ended${after}: ${attempt.reason}`,
  ];
  if (attempt.next_attempt_at !== null) {
    const why = attempt.next_attempt_reason === null ? "" : ` ${attempt.next_attempt_reason}`;
    sentences.push(`The try after it was set for ${attempt.next_attempt_at}.${why}`);
  }
  return sentences;
}

function explainNext(delivery: DeliveryWithAttempts): string {
  const { status, reason, finished_at: finished, next_attempt_at: next } = delivery;
  switch (status) {
    case "pending":
      if (next === null) return `It is pending.${reason === null ? "" : ` ${reason}`}`;
      return `It is pending, and due at ${next}.${reason === null ? "" : ` ${reason}`}`;
    case "processing":
      return "It is being sent right now.";
    case "sent":
      if (delivery.digest_id !== null) return `${reason} That was at ${finished}.`;
      return `It was sent at ${finished}; nothing more will happen.`;
    case "failed":
      return (
        `It failed at ${finished}.${reason === null ? "" : ` ${reason}`} ` +
        "Nothing more will happen unless somebody retries it."
      );
  }
}
