// Proves by SQL and by what the far ends received that nothing was lost: each rule below is a
// sentence that must hold of every row. It only reads, and it asks none of the product's own code.
import { raw, type Tx } from "../../src/store/db.ts";

/** What clients and far ends know, each of its own knowledge. */
export interface Witnesses {
  readonly targetCalls: readonly { readonly executionId: string; readonly attempt: number }[];
  readonly webhookCalls: readonly {
    readonly id: string;
    readonly receiver: string;
    readonly body: string;
  }[];
  /** Ids of the jobs whose creation was answered, by their names. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Names of the jobs that were refused. */
  readonly refused: ReadonlySet<string>;
}

/** A rule and the rows that break it, each told in words. */
interface Rule {
  readonly rule: string;
  /** Selects one column, `what`: a sentence for each row that breaks the rule. */
  readonly query: string;
}

// A slot that is due is planned ahead of its moment; a planner that was just started needs a pass.
const plannedBy = "now() - interval '10 seconds'";

const slotRules: readonly Rule[] = [
  {
    rule: "no job stands before a slot that has passed",
    query: `select id || ' was to run at ' || next_run_at as what from jobs
      where next_run_at < ${plannedBy}`,
  },
  {
    rule: "the slot of a scheduled job has exactly one execution",
    query: `select j.id || ' at ' || j.run_at || ' has ' || count(e.id) as what
      from jobs j left join executions e on e.job_id = j.id and e.trigger = 'schedule'
      where j.kind = 'scheduled' and j.state <> 'draft' and j.next_run_at is null
      group by j.id
      having count(e.id) <> 1 or min(e.scheduled_for) <> j.run_at`,
  },
  {
    rule: "a one_time job has exactly one execution",
    query: `select j.id || ' has ' || count(e.id) as what
      from jobs j left join executions e on e.job_id = j.id
      where j.kind = 'one_time' and j.state <> 'draft'
      group by j.id having count(e.id) <> 1 or min(e.trigger) <> 'creation'`,
  },
  {
    rule: "no slot has two executions",
    query: `select job_id || ' at ' || scheduled_for || ' has ' || count(*) as what
      from executions where trigger = 'schedule'
      group by job_id, scheduled_for having count(*) > 1`,
  },
  {
    // Each minute since its creation. One that is paused keeps what was due before, and what was
    // claimed already, up to two seconds ahead.
    rule: "each minute of a job that runs every minute has exactly one execution",
    query: `with minutely as (
        select id, coalesce(next_run_at, updated_at) as until,
          coalesce(next_run_at, updated_at + interval '2 seconds') as latest,
          case kind when 'recurring' then anchor_at else date_trunc('minute', created_at) end
            as anchor
        from jobs where every_n_minutes = 1 or cron = '* * * * *'
      ), slots as (
        select m.id as job_id, until, slot_at from minutely m
        cross join generate_series(anchor + interval '1 minute', latest, interval '1 minute')
          as slot_at
        where slot_at < latest
      ), planned as (
        select e.job_id, e.scheduled_for from executions e join minutely m on m.id = e.job_id
        where e.trigger = 'schedule'
      )
      select coalesce(s.job_id, p.job_id) || ' at ' || coalesce(s.slot_at, p.scheduled_for)
        || case when p.job_id is null then ' has none' else ' has one unasked' end as what
      from slots s full join planned p
        on p.job_id = s.job_id and p.scheduled_for = s.slot_at
      where (p.job_id is null and s.slot_at < s.until) or s.job_id is null`,
  },
];

const deliveryRules: readonly Rule[] = [
  {
    rule: "an ended execution has exactly the deliveries that its rules ask for",
    query: `with asked as (
        select e.id as execution_id, r.channel_id, r.event
        from executions e join rules r on r.job_id = e.job_id
        where (e.status = 'succeeded' and r.event in ('on_success', 'on_completion'))
          or (e.status = 'failed' and r.event in ('on_failure', 'on_completion'))
          or (e.status = 'cancelled' and r.event = 'on_completion')
      )
      select coalesce(a.execution_id, d.execution_id) || ' ' || coalesce(a.event, d.event)
        || case when d.id is null then ' is not told' else ' is told unasked' end as what
      from asked a full join deliveries d on d.execution_id = a.execution_id
        and d.channel_id = a.channel_id and d.event = a.event
      where d.id is null or a.execution_id is null`,
  },
  {
    rule: "no event is told twice to a channel",
    query: `select execution_id || ' ' || event || ' to ' || channel_id as what
      from deliveries group by execution_id, channel_id, event having count(*) > 1`,
  },
  {
    rule: "a delivery tells how its execution ended",
    query: `select d.id || ' tells ' || (d.facts->>'execution') as what
      from deliveries d join executions e on e.id = d.execution_id
      where d.facts->'execution'->>'id' <> e.id
        or d.facts->'execution'->>'status' <> e.status
        or (d.facts->'execution'->>'attempts')::integer <> e.attempt_count
        or d.job_id <> e.job_id`,
  },
];

const endRules: readonly Rule[] = [
  {
    rule: "every execution has ended",
    query: `select id || ' is ' || status || ', due ' || coalesce(due_at::text, 'never') as what
      from executions where status not in ('succeeded', 'failed', 'cancelled')`,
  },
  {
    rule: "every delivery is sent or failed",
    query: `select id || ' is ' || status || ', due ' || coalesce(due_at::text, 'never') as what
      from deliveries where status not in ('sent', 'failed')`,
  },
  {
    rule: "a job that runs once is completed",
    query: `select id || ' is ' || state as what from jobs
      where kind in ('scheduled', 'one_time') and state not in ('completed', 'draft')`,
  },
];

const attemptRules: readonly Rule[] = [
  {
    // The clock of a node may be put right by some milliseconds while it works.
    rule: "no slot is run before its moment",
    query: `select e.id || ' at ' || e.scheduled_for || ', begun ' || a.started_at as what
      from executions e join attempts a on a.execution_id = e.id
      where e.trigger = 'schedule' and a.error_class is distinct from 'interrupted'
        and a.started_at < e.scheduled_for - interval '10 milliseconds'`,
  },
  {
    rule: "attempts of an execution are numbered from 1 without a gap, and counted",
    query: `select e.id || ' counts ' || e.attempt_count || ' and has ' || count(a.number) as what
      from executions e left join attempts a on a.execution_id = e.id
      group by e.id, e.attempt_count, e.interruptions
      having count(a.number) <> e.attempt_count or coalesce(max(a.number), 0) <> e.attempt_count
        or e.interruptions <> count(*) filter (where a.error_class = 'interrupted')`,
  },
  {
    rule: "tries of a delivery are numbered from 1 without a gap, and counted",
    query: `select d.id || ' counts ' || d.attempt_count || ' and has ' || count(a.number) as what
      from deliveries d left join delivery_attempts a on a.delivery_id = d.id
      group by d.id, d.attempt_count, d.interruptions
      having count(a.number) <> d.attempt_count or coalesce(max(a.number), 0) <> d.attempt_count
        or d.interruptions <> count(*) filter (where a.error_class = 'interrupted')`,
  },
  {
    rule: "an attempt belongs to an execution, a try to a delivery",
    query: `select execution_id as what from attempts a
        where not exists (select from executions e where e.id = a.execution_id)
      union all select delivery_id from delivery_attempts a
        where not exists (select from deliveries d where d.id = a.delivery_id)`,
  },
  {
    rule: "the last attempt, and no other, decides how an execution ended",
    query: `select e.id || ' is ' || e.status || ', its attempt ' || a.number || ' ' || a.status
        as what
      from executions e join attempts a on a.execution_id = e.id
      where e.status in ('succeeded', 'failed')
        and (a.status = 'SUCCESS') <> (e.status = 'succeeded' and a.number = e.attempt_count)`,
  },
  {
    rule: "the last try, and no other, decides how a delivery ended",
    query: `select d.id || ' is ' || d.status || ', its try ' || a.number || ' ' || a.verdict
        as what
      from deliveries d join delivery_attempts a on a.delivery_id = d.id
      where d.status in ('sent', 'failed')
        and (a.verdict = 'sent') <> (d.status = 'sent' and a.number = d.attempt_count)`,
  },
  {
    rule: "what a dying node cut is recorded as interrupted, without an answer",
    query: `select execution_id || ' attempt ' || number as what from attempts
        where error_class = 'interrupted'
          and (status <> 'CONNECTION_ERROR' or status_code is not null or error_message is null)
      union all select delivery_id || ' try ' || number from delivery_attempts
        where error_class = 'interrupted' and (verdict <> 'retry' or response is not null)`,
  },
];

const stateRules: readonly Rule[] = [
  {
    rule: "every lease is held by a node that is known",
    query: `select id || ' is held by ' || node_id as what from executions
        where node_id is not null and node_id not in (select id from nodes)
      union all select id || ' is held by ' || node_id from deliveries
        where node_id is not null and node_id not in (select id from nodes)`,
  },
  {
    rule: "an execution is due until it has ended, and finished once it has",
    query: `select id || ' is ' || status as what from executions
      where (status in ('queued', 'running')) <> (due_at is not null)
        or (due_at is null) <> (finished_at is not null)
        or (node_id is not null and status <> 'running')
        or (status = 'queued' and (attempt_count > 0 or started_at is not null))
        or (status in ('succeeded', 'failed') and (attempt_count = 0 or started_at is null))
        or (status in ('failed', 'cancelled') and reason is null)`,
  },
  {
    rule: "a delivery is due until it has ended, and finished once it has",
    query: `select id || ' is ' || status as what from deliveries
      where (status in ('pending', 'processing')) <> (due_at is not null)
        or (due_at is null) <> (finished_at is not null)
        or (node_id is not null) <> (status = 'processing')
        or (status = 'sent' and attempt_count = 0)
        or (status in ('sent', 'failed') and reason is null)`,
  },
  {
    rule: "a job is due only while it is active",
    query: `select id || ' is ' || state || ', due ' || next_run_at as what from jobs
      where next_run_at is not null and (state <> 'active' or deleted_at is not null)`,
  },
  {
    rule: "a key that was used has the answer that was given",
    query: "select key as what from idempotency_keys where status is null or sealed is null",
  },
  {
    rule: "the database itself refuses impossible rows",
    query: `select name as what from (values
        ('executions_slot_idx'), ('deliveries_event_idx'), ('attempts_pkey'),
        ('delivery_attempts_pkey')) as expected(name)
      where not exists (select from pg_index i join pg_class c on c.oid = i.indexrelid
        where c.relname = name and i.indisunique and i.indisvalid)
      union all select name from (values
        ('executions_transition'), ('deliveries_transition')) as expected(name)
      where not exists (select from pg_trigger where tgname = name and tgenabled = 'O')
      union all select conrelid::regclass || ' ' || conname from pg_constraint
      where connamespace = 'public'::regnamespace and not convalidated
      union all select 'no CHECK on ' || name from (values
        ('executions'), ('deliveries'), ('jobs')) as expected(name)
      where not exists (select from pg_constraint
        where contype = 'c' and conrelid = name::regclass)`,
  },
];

/** Every sentence that does not hold, with the first rows that break it. Empty: nothing is lost. */
export async function findLosses(tx: Tx, witnesses: Witnesses): Promise<string[]> {
  const rules = [...slotRules, ...deliveryRules, ...endRules, ...attemptRules, ...stateRules];
  const losses: string[] = [];
  for (const { rule, query } of rules) {
    const rows = await tx.rows<{ what: string }>(raw(query));
    losses.push(...tellBroken(rule, new Set(rows.map(({ what }) => what))));
  }
  return [
    ...losses,
    ...(await compareJobs(tx, witnesses)),
    ...(await compareTargetCalls(tx, witnesses)),
    ...(await compareWebhookCalls(tx, witnesses)),
  ];
}

// Enough to look closer at; a thousand rows that break one rule have one reason.
const examplesMax = 5;

function tellBroken(rule: string, broken: ReadonlySet<string>): string[] {
  if (broken.size === 0) return [];
  const examples = [...broken].slice(0, examplesMax).join("; ");
  return [`Not true: ${rule} (${broken.size} times: ${examples})`];
}

async function compareJobs(tx: Tx, { acknowledged, refused }: Witnesses): Promise<string[]> {
  const rows = await tx.rows<{ id: string; name: string }>(raw("select id, name from jobs"));
  const found = new Map(rows.map(({ id, name }) => [id, name]));
  const lost = [...acknowledged].filter(([name, id]) => found.get(id) !== name);
  const extra = rows.filter(({ id, name }) => acknowledged.get(name) !== id);
  const made = rows.filter(({ name }) => refused.has(name));
  return [
    ...tellBroken("every creation that was answered is there", new Set(lost.map(String))),
    ...tellBroken(
      "every job was created once, by a creation that was answered",
      new Set(extra.map(({ id, name }) => `${name}, ${id}`)),
    ),
    ...tellBroken("no creation that was refused is there", new Set(made.map(({ id }) => id))),
  ];
}

async function compareTargetCalls(tx: Tx, { targetCalls }: Witnesses): Promise<string[]> {
  const rows = await tx.rows<{ attempt: string; is_answered: boolean }>(
    raw(`select execution_id || ' attempt ' || number as attempt,
        status_code is not null as is_answered from attempts`),
  );
  const recorded = new Set(rows.map(({ attempt }) => attempt));
  const received = targetCalls.map((call) => `${call.executionId} attempt ${call.attempt}`);
  const answered = rows.filter((row) => row.is_answered).map(({ attempt }) => attempt);
  return [
    ...tellBroken("every attempt with an answer was received", missing(answered, received)),
    ...tellBroken("every call that was received is an attempt", missing(received, recorded)),
    ...tellBroken("no attempt was received twice", findRepeated(received)),
  ];
}

interface DeliveryRow {
  id: string;
  status: string;
  event: string;
  execution_id: string;
  attempt_count: number;
  answered: number;
}

async function compareWebhookCalls(tx: Tx, { webhookCalls }: Witnesses): Promise<string[]> {
  const rows = await tx.rows<DeliveryRow>(
    raw(`select d.id, d.status, d.event, d.execution_id, d.attempt_count,
        count(a.response->'status_code') filter (where a.response->>'status_code' is not null)
          as answered
      from deliveries d left join delivery_attempts a on a.delivery_id = d.id
      group by d.id, d.status, d.event, d.execution_id, d.attempt_count`),
  );
  const known = new Map(rows.map((row) => [row.id, row]));
  const counts = countEach(webhookCalls.map(({ id }) => id));
  const strangers = webhookCalls.filter(({ id }) => !known.has(id));
  const unheard = rows.filter(({ id, answered }) => (counts.get(id) ?? 0) < Number(answered));
  const unrecorded = rows.filter(({ id, attempt_count }) => (counts.get(id) ?? 0) > attempt_count);
  const unsent = rows.filter(({ id, status }) => status === "sent" && !counts.has(id));
  const different = webhookCalls.filter(({ id, body }) => {
    const { data } = JSON.parse(body);
    const row = known.get(id);
    return row && (data.execution.id !== row.execution_id || data.event !== row.event);
  });
  const ids = (list: readonly { id: string }[]) => new Set(list.map(({ id }) => id));
  return [
    ...tellBroken("every sent delivery was received", ids(unsent)),
    ...tellBroken("every webhook id that was received is a delivery", ids(strangers)),
    ...tellBroken("every try with an answer was received", ids(unheard)),
    ...tellBroken("every webhook that was received is a try", ids(unrecorded)),
    ...tellBroken("a webhook tells what its delivery says", ids(different)),
    ...tellBroken("repeats carry the same body", findDifferingBodies(webhookCalls)),
    ...tellBroken("repeats carry the same webhook id", findDifferingIds(webhookCalls)),
  ];
}

function findDifferingBodies(calls: Witnesses["webhookCalls"]): Set<string> {
  const bodies = new Map<string, string>();
  const differing = calls.filter(({ id, body }) => {
    const first = bodies.get(id) ?? body;
    bodies.set(id, first);
    return first !== body;
  });
  return new Set(differing.map(({ id }) => id));
}

/** One event of one execution at one receiver is one delivery, whatever was killed between. */
function findDifferingIds(calls: Witnesses["webhookCalls"]): Set<string> {
  const ids = new Map<string, string>();
  const differing = calls.filter(({ id, receiver, body }) => {
    const { data } = JSON.parse(body);
    const key = `${receiver} ${data.execution.id} ${data.event}`;
    const first = ids.get(key) ?? id;
    ids.set(key, first);
    return first !== id;
  });
  return new Set(differing.map(({ id }) => id));
}

/** What a test has been through, in numbers. */
export interface Figures {
  readonly executions: number;
  readonly deliveries: number;
  /** Attempts and tries that a kill cut. */
  readonly interrupted: number;
  /** Calls of targets whose answer was lost with the program, so that they were made again. */
  readonly repeatedCalls: number;
  /** Webhooks that arrived and whose answer was lost with the program: they were sent again. */
  readonly repeatedWebhooks: number;
  /** Ended as failed because a kill hit them ten times. */
  readonly givenUp: number;
}

export async function readFigures(tx: Tx, witnesses: Witnesses): Promise<Figures> {
  const [row] = await tx.rows<Record<string, number>>(
    raw(`select (select count(*) from executions) as executions,
      (select count(*) from deliveries) as deliveries,
      (select sum(interruptions) from executions) as attempts,
      (select sum(interruptions) from deliveries) as tries,
      (select count(*) from executions where interruptions >= 10)
        + (select count(*) from deliveries where interruptions >= 10) as given_up`),
  );
  const cut = await tx.rows<{ attempt: string }>(
    raw(`select execution_id || ' ' || number as attempt from attempts
      where error_class = 'interrupted'`),
  );
  const cutAttempts = new Set(cut.map(({ attempt }) => attempt));
  const calls = witnesses.targetCalls.filter((call) =>
    cutAttempts.has(`${call.executionId} ${call.attempt}`),
  );
  return {
    executions: Number(row?.executions),
    deliveries: Number(row?.deliveries),
    interrupted: Number(row?.attempts ?? 0) + Number(row?.tries ?? 0),
    repeatedCalls: calls.length,
    repeatedWebhooks: await countRepeatedWebhooks(tx, witnesses),
    givenUp: Number(row?.given_up),
  };
}

async function countRepeatedWebhooks(tx: Tx, { webhookCalls }: Witnesses): Promise<number> {
  const rows = await tx.rows<{ id: string; kept: number }>(
    raw(`select d.id, count(a.number) as kept from deliveries d
      left join delivery_attempts a on a.delivery_id = d.id
        and a.error_class is distinct from 'interrupted'
      where d.interruptions > 0
        group by d.id, d.interruptions`),
  );
  const counts = countEach(webhookCalls.map(({ id }) => id));
  return rows.reduce((sum, { id, kept }) => sum + Math.max(0, (counts.get(id) ?? 0) - kept), 0);
}

/** "50 kills: 1,840 executions, 2,611 deliveries, …": one line for whoever watches the tests. */
export function tellFigures(what: string, figures: Figures, losses: readonly string[]): string {
  const number = (value: number) => value.toLocaleString("en-US");
  return (
    `${what}: ${number(figures.executions)} executions, ` +
    `${number(figures.deliveries)} deliveries, ${number(figures.interrupted)} interrupted, ` +
    `${number(figures.repeatedCalls)} calls made again, ` +
    `${number(figures.repeatedWebhooks)} webhooks repeated, ` +
    `${number(figures.givenUp)} given up, ${losses.length} losses`
  );
}

function missing(wanted: Iterable<string>, there: Iterable<string>): Set<string> {
  const found = new Set(there);
  return new Set([...wanted].filter((each) => !found.has(each)));
}

function findRepeated(list: readonly string[]): Set<string> {
  const counts = countEach(list);
  return new Set(list.filter((each) => (counts.get(each) ?? 0) > 1));
}

function countEach(list: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const each of list) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}
