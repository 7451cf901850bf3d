// The database of a simulation: the real schema with real months, on which `now()` is the simulated
// time, with one workspace, two channels and, for each schedule, a few jobs.
import { newId } from "../../src/id.ts";
import { connect, type Database, raw, sql, type Tx } from "../../src/store/db.ts";
import { readMonth, startOfMonth } from "../../src/store/history-months.ts";
import { createHistoryPruner } from "../../src/store/history-pruner.ts";
import type { SeededRandom } from "../fault/seeded-random.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { listPartitions } from "../support/history.ts";

type Query = Parameters<Tx["rows"]>[0];

export interface World {
  readonly db: Database;
  /** Where one month of history ends and the next one begins. */
  readonly borderMs: number;
  /** The database's `now()` from here on. */
  setTime(ms: number): Promise<void>;
  /** Takes away what a schedule left, and makes jobs. Answers their ids by their names. */
  prepare(random: SeededRandom, startMs: number): Promise<Map<string, string>>;
  /** How much has not ended, and when the next of it can go on, but for what the node has. */
  look(nodeId: string): Promise<{ readonly open: number; readonly nextMs: number }>;
  close(): Promise<void>;
}

// The statements of the product say now() and new_id(), and a schema that comes before the others
// is asked first. A sequence: its value is neither rolled back nor does it leave dead rows.
const timeSchema = `
  create schema simulated;
  create sequence simulated.clock;
  create function simulated.now() returns timestamptz language sql stable as $$
    select to_timestamp(last_value / 1000.0) from simulated.clock $$;
  create function simulated.new_id(prefix text) returns text language sql as $$
    select id_at(prefix, simulated.now())
      || substr(replace(gen_random_uuid()::text, '-', ''), 1, 20) $$;`;

const ground = `
  insert into workspaces (id, name) values ('ws_1', 'simulation');
  insert into destinations (id, workspace_id, key) values
    ('dest_1', 'ws_1', 'one'), ('dest_2', 'ws_1', 'two');
  insert into channels (id, workspace_id, name, type, config, secrets, destination_id) values
    ('chan_1', 'ws_1', 'one', 'webhook', '{}', '', 'dest_1'),
    ('chan_2', 'ws_1', 'two', 'webhook', '{}', '', 'dest_2');`;

const clean = `
  delete from delivery_attempts; delete from deliveries; delete from attempts;
  delete from executions; delete from rules; delete from jobs; delete from nodes;
  update channels set failures_in_row = 0, failing_since = null where failures_in_row > 0`;

// Dead rows of so many schedules: more of them would slow each further one down.
const vacuumEvery = 100;

const lookText = `
  select
    (select count(*) from executions where due_at is not null)
      + (select count(*) from deliveries where due_at is not null)
      + (select count(*) from jobs where kind = 'scheduled' and next_run_at is not null
        or next_run_at <= now()) as open,
    (select extract(epoch from min(at)) * 1000 from (
      select due_at as at from executions where due_at is not null and node_id is null
      union all select due_at from deliveries where due_at is not null and node_id is null
      union all select next_run_at - interval '2 seconds' from jobs where kind = 'scheduled'
      union all select expires_at from nodes n where n.id <> $1 and exists (
        select from executions where node_id = n.id
        union all select from deliveries where node_id = n.id)
    ) moments where at > now())::float8 as next_ms`;

export async function openWorld(): Promise<World> {
  const database = await createTestDatabase();
  const name = database.connection.database;
  const borderMs = await makeMonths(database.db);
  await database.db.run(raw(timeSchema + ground));
  const path = "simulated, public, pg_catalog";
  await database.db.run(raw(`alter database ${name} set search_path = ${path}`));
  // Of a handful of rows, planning each statement anew would take longer than all else.
  await database.db.run(raw(`alter database ${name} set plan_cache_mode = force_generic_plan`));
  // Two: of what stands in a transaction there is one, and the time may be set beside it.
  const db = nameAll(
    connect({ ...database.connection, poolMax: 2, applicationName: "simulation" }),
  );
  let schedules = 0;
  return {
    ...{ db, borderMs },
    async setTime(ms) {
      await db.rows({
        name: "set_time",
        text: "select setval('simulated.clock', $1)",
        values: [Math.round(ms)],
      });
    },
    async prepare(random, startMs) {
      schedules += 1;
      await db.run(raw(clean));
      if (schedules % vacuumEvery === 0) await db.run(raw("vacuum analyze"));
      return await insertJobs(db, random, startMs);
    },
    async look(nodeId) {
      const [row] = await db.rows<{ open: number; next_ms: number | null }>({
        ...{ name: "look", text: lookText, values: [nodeId] },
      });
      return { open: row?.open ?? 0, nextMs: row?.next_ms ?? Number.POSITIVE_INFINITY };
    },
    close: () => closeAll(db, database),
  };
}

/**
 * Has every statement planned once and not each time, as the product has those that it sends often:
 * of thousands of schedules that takes half of the time.
 */
function nameAll(real: Database): Database {
  const names = new Map<string, string>();
  const nameOf = (text: string) => {
    const name = names.get(text) ?? `text_${names.size + 1}`;
    names.set(text, name);
    return name;
  };
  const named = (query: Query): Query => {
    const { text, values } = query;
    if ("name" in query && query.name !== undefined) return query;
    // Several commands at once, which have no values, cannot be prepared.
    return values.length === 0 ? query : { text, values, name: nameOf(text) };
  };
  const pass = (tx: Tx): Tx => ({
    rows: (query) => tx.rows(named(query)),
    run: (query) => tx.run(named(query)),
  });
  return {
    ...{ ...real, ...pass(real) },
    transaction: (work, limit) => real.transaction((tx) => work(pass(tx)), limit),
  };
}

/** The first month of the schema ends, and one more after it; answers where. */
async function makeMonths(db: Database): Promise<number> {
  const [first = ""] = (await listPartitions(db, "executions")).filter(
    (part) => part !== "default",
  );
  const month = readMonth(`_${first}`);
  if (month === undefined) throw new Error("the schema has no month of executions");
  const ignore = () => undefined;
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  await createHistoryPruner({ db, clock: { now: () => month }, log, days: 30 }).runOnce();
  return startOfMonth(month, 1).getTime();
}

async function closeAll(db: Database, database: TestDatabase): Promise<void> {
  await db.close();
  await database.drop();
}

const request = {
  ...{ url: "https://target.example.com/", method: "GET", headers: {}, body: null },
  ...{ timeout_seconds: 5, success_statuses: [200], follow_redirects: false },
};
const retryPolicy = { max_attempts: 3, retry_on_statuses: [503] };

// Near enough that a schedule comes to it.
const slotMsMax = 6_000;
const ruleShare = 0.4;

interface JobRow {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly every_n_minutes: number | null;
  readonly anchor_at: Date | null;
  readonly run_at: Date | null;
  readonly next_run_at: Date | null;
}

/** One to three that run once at a moment, up to one that runs now, and perhaps a repeating one. */
async function insertJobs(
  db: Database,
  random: SeededRandom,
  startMs: number,
): Promise<Map<string, string>> {
  const jobs: JobRow[] = [];
  const at = (ms: number) => new Date(startMs + ms);
  const add = (kind: string, fields: { runAt?: Date; anchorAt?: Date; nextAt?: Date }) => {
    const { runAt = null, anchorAt = null, nextAt = runAt } = fields;
    jobs.push({
      ...{ id: `job_${jobs.length + 1}`, name: `job ${jobs.length + 1}`, kind },
      ...{ every_n_minutes: anchorAt === null ? null : 1, anchor_at: anchorAt },
      ...{ run_at: runAt, next_run_at: nextAt },
    });
  };
  const slots = 1 + Math.floor(random.next() * 3);
  for (let made = 0; made < slots; made += 1) {
    add("scheduled", { runAt: at(Math.round(random.between(100, slotMsMax))) });
  }
  if (random.next() < 0.5) add("one_time", {});
  if (random.next() < 0.3) {
    const anchorAt = at(Math.round(random.between(-60_000, -55_000)));
    add("recurring", { anchorAt, nextAt: new Date(anchorAt.getTime() + 60_000) });
  }
  await insertAll(db, jobs, { executionId: newId("execution", at(0)), at: at(0) });
  await insertRules(db, random, jobs);
  return new Map(jobs.map(({ id, name }) => [name, id]));
}

/** In one statement: thousands of schedules begin with it. */
async function insertAll(
  db: Database,
  jobs: readonly JobRow[],
  creation: { readonly executionId: string; readonly at: Date },
): Promise<void> {
  await db.run(sql`
    with made as (
      insert into jobs (id, workspace_id, name, kind, state, every_n_minutes, anchor_at, run_at,
        request, retry_policy, next_run_at)
      select id, 'ws_1', name, kind, 'active', every_n_minutes, anchor_at, run_at,
        ${JSON.stringify(request)}::json, ${JSON.stringify(retryPolicy)}::jsonb, next_run_at
      from jsonb_populate_recordset(null::jobs, ${JSON.stringify(jobs)}::jsonb)
      returning id, kind
    )
    insert into executions (id, workspace_id, job_id, trigger, scheduled_for, status, due_at)
    select ${creation.executionId}, 'ws_1', id, 'creation', ${creation.at}::timestamptz, 'queued',
      ${creation.at}::timestamptz
    from made where kind = 'one_time'`);
}

async function insertRules(
  db: Database,
  random: SeededRandom,
  jobs: readonly JobRow[],
): Promise<void> {
  const rules = jobs.flatMap(({ id }) =>
    ["chan_1", "chan_2"].flatMap((channel_id) =>
      ["on_success", "on_failure", "on_completion"].map((event) => ({
        ...{ id: `${id}${channel_id}${event}`, workspace_id: "ws_1", job_id: id },
        ...{ channel_id, event },
      })),
    ),
  );
  const chosen = rules.filter(() => random.next() < ruleShare);
  await db.run(sql`
    insert into rules (id, workspace_id, job_id, channel_id, event)
    select id, workspace_id, job_id, channel_id, event
    from jsonb_populate_recordset(null::rules, ${JSON.stringify(chosen)}::jsonb)`);
}
