// The database of a simulation: the real schema, on which `now()` is the simulated time, with one
// workspace, two channels and, for each schedule, a few jobs.
import { connect, type Database, raw, sql } from "../../src/store/db.ts";
import type { SeededRandom } from "../fault/seeded-random.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";

export interface World {
  readonly db: Database;
  /** The database's `now()` from here on. */
  setTime(ms: number): Promise<void>;
  /** Takes away what a schedule left, and makes jobs. Answers their ids by their names. */
  prepare(random: SeededRandom, startMs: number): Promise<Map<string, string>>;
  /** How much has not ended, and when the next of it can go on, but for what the node has. */
  look(nodeId: string): Promise<{ readonly open: number; readonly nextMs: number }>;
  close(): Promise<void>;
}

// The statements of the product say now(), and a schema that comes before PostgreSQL's own is asked
// first. A sequence: its value is neither rolled back nor does it leave dead rows.
const timeSchema = `
  create schema simulated;
  create sequence simulated.clock;
  create function simulated.now() returns timestamptz language sql stable as $$
    select to_timestamp(last_value / 1000.0) from simulated.clock $$;`;

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
const vacuumEvery = 250;

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
  await database.db.run(raw(timeSchema + ground));
  const path = "simulated, public, pg_catalog";
  await database.db.run(raw(`alter database ${name} set search_path = ${path}`));
  // Two: of what stands in a transaction there is one, and the time may be set beside it.
  const db = connect({ ...database.connection, poolMax: 2, applicationName: "simulation" });
  let schedules = 0;
  return {
    db,
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

/** One to three that run once at a moment, up to one that runs now, and perhaps a repeating one. */
async function insertJobs(
  db: Database,
  random: SeededRandom,
  startMs: number,
): Promise<Map<string, string>> {
  const jobs = new Map<string, string>();
  const at = (ms: number) => new Date(startMs + ms);
  const add = async (kind: string, fields: { runAt?: Date; anchorAt?: Date; nextAt?: Date }) => {
    const name = `job ${jobs.size + 1}`;
    const id = `job_${jobs.size + 1}`;
    jobs.set(name, id);
    const { runAt = null, anchorAt = null, nextAt = runAt } = fields;
    const minutes = anchorAt === null ? null : 1;
    await db.run(sql`
      insert into jobs (id, workspace_id, name, kind, state, every_n_minutes, anchor_at, run_at,
        request, retry_policy, next_run_at)
      values (${id}, 'ws_1', ${name}, ${kind}, 'active', ${minutes}, ${anchorAt}, ${runAt},
        ${JSON.stringify(request)}, ${JSON.stringify(retryPolicy)}, ${nextAt})`);
    return id;
  };
  const slots = 1 + Math.floor(random.next() * 3);
  for (let made = 0; made < slots; made += 1) {
    await add("scheduled", { runAt: at(Math.round(random.between(100, slotMsMax))) });
  }
  if (random.next() < 0.5) {
    const id = await add("one_time", {});
    await db.run(sql`
      insert into executions (id, workspace_id, job_id, trigger, scheduled_for, status, due_at)
      values ('exec_1', 'ws_1', ${id}, 'creation', ${at(0)}, 'queued', ${at(0)})`);
  }
  if (random.next() < 0.3) {
    const anchorAt = at(Math.round(random.between(-60_000, -55_000)));
    const nextAt = new Date(anchorAt.getTime() + 60_000);
    await add("recurring", { anchorAt, nextAt });
  }
  for (const id of jobs.values()) await insertRules(db, random, id);
  return jobs;
}

async function insertRules(db: Database, random: SeededRandom, jobId: string): Promise<void> {
  const pairs = ["chan_1", "chan_2"].flatMap((channel) =>
    ["on_success", "on_failure", "on_completion"].map((event) => [channel, event] as const),
  );
  const chosen = pairs.filter(() => random.next() < ruleShare);
  if (chosen.length === 0) return;
  await db.run(sql`
    insert into rules (id, workspace_id, job_id, channel_id, event)
    select ${jobId} || channel || event, 'ws_1', ${jobId}, channel, event
    from unnest(${chosen.map(([channel]) => channel)}::text[],
      ${chosen.map(([, event]) => event)}::text[]) as pairs(channel, event)`);
}
