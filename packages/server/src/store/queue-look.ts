// How much waits and for how long, in three questions that indexes answer: the oldest delivery by a
// look at the index entry of each that waits, as they are ordered by their destination. For whoever
// watches an installation; nothing decides by it.
import { raw, type Tx } from "./db.ts";

// More than this is the same news, and counting it would burden a database that is behind already.
const countMax = 100_000;

interface Look {
  due: number;
  oldest_ms: number;
}

const executions = `
  select count(*) as due,
    coalesce(extract(epoch from now() - min(due_at)) * 1000, 0)::float8 as oldest_ms
  from (select due_at from executions
    where node_id is null and due_at is not null and due_at <= now()
    order by due_at limit ${countMax}) as waiting`;

// Those that wait for their channel or for a digest are not late.
const deliveries = `
  select count(*) as due,
    coalesce(extract(epoch from now() - (select min(due_at) from deliveries
      where status = 'pending' and parked_for is null and due_at <= now())) * 1000, 0)::float8
      as oldest_ms
  from (select from deliveries
    where status = 'pending' and parked_for is null and due_at <= now()
    limit ${countMax}) as waiting`;

const planner = `
  select coalesce(greatest(extract(epoch from now() - min(next_run_at)) * 1000, 0), 0)::float8
    as lag_ms from jobs where next_run_at is not null`;

const nothing: Look = { due: 0, oldest_ms: 0 };

export async function lookAtQueues(tx: Tx) {
  const [execution = nothing] = await tx.rows<Look>(raw(executions));
  const [delivery = nothing] = await tx.rows<Look>(raw(deliveries));
  const [plan] = await tx.rows<{ lag_ms: number }>(raw(planner));
  return {
    queues: {
      executions: { due: execution.due, oldestMs: execution.oldest_ms },
      deliveries: { due: delivery.due, oldestMs: delivery.oldest_ms },
    },
    plannerLagMs: plan?.lag_ms ?? 0,
  };
}
