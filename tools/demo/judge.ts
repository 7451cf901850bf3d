// Compares what happened with what the script asks for. Pure. What is missing may still come; what
// is wrong stays wrong.
import type { Ledger } from "./ledger.ts";
import type { Delivery, Execution } from "./news.ts";
import type { Run, Telling } from "./script.ts";

/** What the API says at one moment. */
export interface Snapshot {
  readonly executions: readonly Execution[];
  readonly deliveries: readonly Delivery[];
}

const isEnded = ({ status }: Execution) => !["queued", "running"].includes(status);

/** What has yet to happen until this run is over and told, a sentence each. */
export function findMissing(run: Run, { executions, deliveries }: Snapshot): string[] {
  const execution = executions.find(({ trigger }) => trigger === run.trigger);
  if (execution === undefined) return [`no execution has the trigger \`${run.trigger}\` yet`];
  if (!isEnded(execution)) {
    const reason = execution.reason === null ? "" : `: ${execution.reason}`;
    return [`execution ${execution.id} is ${execution.status}${reason}`];
  }
  return run.tells.flatMap(({ channel, event }) => {
    const found = deliveries.filter(
      (delivery) =>
        delivery.execution_id === execution.id &&
        delivery.channel_name === channel &&
        delivery.event === event,
    );
    if (found.some(({ status }) => status === "sent")) return [];
    const stands = found.map((delivery) => `it ${explain(delivery)}`).join("; ");
    return [`${channel} has not been told about ${event}${stands === "" ? "" : `: ${stands}`}`];
  });
}

/** What can never become right again, a sentence each, with the API's own explanation. */
export function findWrong(runs: readonly Run[], snapshot: Snapshot): string[] {
  return [
    ...snapshot.executions.flatMap((execution) => {
      const run = runs.find(({ trigger }) => trigger === execution.trigger);
      if (run === undefined)
        return [`execution ${execution.id} (${execution.trigger}) is too much`];
      return findWrongEnd(run, execution);
    }),
    ...snapshot.deliveries.flatMap((delivery, index) => {
      const { executions } = snapshot;
      const execution = executions.find(({ id }) => id === delivery.execution_id);
      const run = runs.find(({ trigger }) => trigger === execution?.trigger);
      const isRepeated = snapshot.deliveries
        .slice(0, index)
        .some((other) => isSame(other, delivery));
      return findWrongDelivery(
        run?.tells.find((telling) => isAbout(delivery, telling)),
        delivery,
        isRepeated,
      );
    }),
  ];
}

function findWrongEnd({ status, answers }: Run, execution: Execution): string[] {
  const got = execution.attempts.map(({ status_code }) => status_code);
  const isLikely = got.every((code, index) => code === answers[index]);
  const isRight =
    !isEnded(execution) || (execution.status === status && got.length === answers.length);
  if (isLikely && isRight) return [];
  return [
    `execution ${execution.id} is ${execution.status} after [${got.join(", ")}], ` +
      `expected ${status} after [${answers.join(", ")}]: ${execution.reason}`,
  ];
}

function findWrongDelivery(
  telling: Telling | undefined,
  delivery: Delivery,
  isRepeated: boolean,
): string[] {
  const name = `delivery ${delivery.id} (${delivery.event} to ${delivery.channel_name})`;
  if (telling === undefined) return [`${name} belongs to no rule`];
  if (isRepeated) return [`${name} is there twice`];
  if (delivery.status === "failed") return [`${name} ${explain(delivery)}`];
  const tries = delivery.attempts.length;
  const isSent = delivery.status === "sent";
  if (isSent ? tries === telling.tries : tries < telling.tries) return [];
  return [`${name} needs more or fewer tries than ${telling.tries}: it ${explain(delivery)}`];
}

function isAbout(delivery: Delivery, { channel, event }: Telling): boolean {
  return delivery.channel_name === channel && delivery.event === event;
}

function isSame(a: Delivery, b: Delivery): boolean {
  return (
    a.execution_id === b.execution_id && a.channel_name === b.channel_name && a.event === b.event
  );
}

/** In the API's words: where it stands, why, and how each try went. */
function explain({ status, reason, attempts }: Delivery): string {
  const count = attempts.length === 1 ? "1 try" : `${attempts.length} tries`;
  const earlier = attempts
    .slice(0, -1)
    .map(({ number, reason: words }) => ` Try ${number}: ${words}`);
  return `is ${status} after ${count}${reason === null ? "" : `: ${reason}`}${earlier.join("")}`;
}

/** Whether the receivers got, and could believe, what the API says was sent. */
export function findMiscounts(runs: readonly Run[], ledgers: readonly Ledger[]): string[] {
  return ledgers.flatMap(({ channel, accepted }) => {
    const expected = runs
      .flatMap(({ tells }) => tells.filter((telling) => telling.channel === channel))
      .map(({ event }) => event);
    const [got, wanted] = [accepted, expected].map((events) => [...events].sort().join(", "));
    return got === wanted ? [] : [`${channel} took [${got}], expected [${wanted}]`];
  });
}
