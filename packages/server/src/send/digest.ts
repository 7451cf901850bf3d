// What a digest tells: the deliveries that came faster than their destination takes them, summed
// up. Pure.
import {
  type DigestDelivery,
  type DigestFacts,
  digestDeliveriesMax,
  type EndStatus,
  type Event,
  type ExecutionFacts,
} from "@trigrun/contract";

/** A delivery that a digest stands for. */
export interface Member {
  readonly id: string;
  readonly event: Event;
  readonly facts: ExecutionFacts;
}

/** `members` in the order in which they were made, at least one. */
export function toDigestFacts(members: readonly Member[], url: string): DigestFacts {
  const ends = members.map(({ facts }) => facts.execution.finished_at).sort();
  const [firstAt] = ends;
  const lastAt = ends.at(-1);
  if (firstAt === undefined || lastAt === undefined) throw new Error("a digest of nothing");
  const count = (status: EndStatus) =>
    members.filter(({ facts }) => facts.execution.status === status).length;
  return {
    total: members.length,
    succeeded: count("succeeded"),
    failed: count("failed"),
    cancelled: count("cancelled"),
    first_at: firstAt,
    last_at: lastAt,
    deliveries: members.slice(-digestDeliveriesMax).reverse().map(toEntry),
    url,
  };
}

/** The same digest when it tells `members` as well, which are newer than what it tells already. */
export function addToDigest(facts: DigestFacts, members: readonly Member[]): DigestFacts {
  const added = toDigestFacts(members, facts.url);
  return {
    ...added,
    total: facts.total + added.total,
    succeeded: facts.succeeded + added.succeeded,
    failed: facts.failed + added.failed,
    cancelled: facts.cancelled + added.cancelled,
    // As text: instants of one form sort as they follow.
    first_at: added.first_at < facts.first_at ? added.first_at : facts.first_at,
    last_at: added.last_at > facts.last_at ? added.last_at : facts.last_at,
    deliveries: [...added.deliveries, ...facts.deliveries].slice(0, digestDeliveriesMax),
  };
}

function toEntry({ id, event, facts }: Member): DigestDelivery {
  const { id: executionId, status, finished_at } = facts.execution;
  return {
    id,
    event,
    job: facts.job,
    execution: { id: executionId, status, finished_at },
    error_message: status === "failed" ? (facts.last_attempt?.error_message ?? null) : null,
  };
}
