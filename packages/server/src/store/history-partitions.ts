// The partitions of history: a month is made before it begins and dropped when it has aged. Locks
// that everybody waits for are held for milliseconds, and asked for with a limit. Nothing that is
// still open is dropped.
//
// Each table has a partition for each month, the last of which has no end, and `_default` for what
// lies before the first one. The constraint `default_ends` there says so: without it, PostgreSQL
// would read all of it whenever a month is made.
import { type Reserved, raw, type Sql, sql, type Tx } from "./db.ts";
import {
  type HistoryTable,
  historyTables,
  readMonth,
  shift,
  startOfMonth,
  toPartition,
} from "./history-months.ts";
import { idFloor } from "./id-bound.ts";

// Whoever waits for a lock makes everybody after it wait as well. What holds it against us for
// longer (a backup, say) is waited for by the next pass instead.
const lockTimeoutMs = 500;
// Of all locks together: less than the second after which PostgreSQL looks for a deadlock, so that
// who waits crosswise with this (a claim, a settle) goes on, and this ends.
const locksTimeoutMs = 900;

// The current month, and a whole one more: a loop that stands still for weeks is noticed by then.
const monthsAhead = 2;

// Rows are made up to an hour away from what their id says; see id-bound.ts.
const marginMs = 3_600_000;

const dayMs = 86_400_000;

/** The months that there are partitions for, the oldest first. */
async function listMonths(tx: Tx): Promise<Date[]> {
  const rows = await tx.rows<{ name: string }>(sql`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'executions'::regclass order by c.relname`);
  return rows.flatMap(({ name }) => readMonth(name) ?? []);
}

/** Makes the months that come, and answers which. Only for who holds the lock of history. */
export async function addMonths(held: Reserved, now: Date): Promise<Date[]> {
  const added: Date[] = [];
  for (;;) {
    const last = (await listMonths(held)).at(-1);
    if (last === undefined) throw new Error("executions have no month: 0006_history.sql made one");
    if (last >= startOfMonth(now, monthsAhead)) return added;
    // Where nobody made months for long, the last one holds all of that time, and keeps it. Its end
    // lies a day ahead at least: rows that are made meanwhile must not reach beyond it.
    const ahead = startOfMonth(shift(now, dayMs), 1);
    const next = new Date(Math.max(startOfMonth(last, 1).getTime(), ahead.getTime()));
    await endLastMonth(held, last, next);
    added.push(next);
  }
}

/** The partition without an end gets one, and a new one follows it. */
async function endLastMonth(held: Reserved, last: Date, next: Date): Promise<void> {
  try {
    await splitLastMonth(held, last, next);
  } catch (error) {
    // An end that stays would refuse what is made after it. Should this fail too, the day of room
    // before that end is time for the next passes.
    await dropEnds(held, last).catch(() => undefined);
    throw error;
  }
}

async function dropEnds(held: Reserved, last: Date): Promise<void> {
  await held.transaction(async (tx) => {
    await limitWait(tx);
    for (const { name } of historyTables) {
      const partition = toPartition(name, last);
      await run(tx, `alter table ${partition} drop constraint if exists month_ends`);
    }
  });
}

async function splitLastMonth(held: Reserved, last: Date, next: Date): Promise<void> {
  // The rows are looked at first and without a lock, so that no lock waits for the look.
  await constrain(held, "month_ends", (table) => ({
    partition: toPartition(table.name, last),
    check: `${table.key} is not null and ${table.key} >= '${table.toBound(last)}'
      and ${table.key} < '${table.toBound(next)}'`,
  }));
  // A partition that comes or goes takes its foreign keys along, whose other ends PostgreSQL locks.
  await withTables(held, ["workspaces", "jobs"], async (tx) => {
    for (const table of historyTables) {
      const { name } = table;
      const ended = toPartition(name, last);
      const [from, to] = [table.toBound(last), table.toBound(next)];
      await run(tx, `alter table ${name} detach partition ${ended}`);
      await run(
        tx,
        `alter table ${name} attach partition ${ended} for values from ('${from}') to ('${to}')`,
      );
      await run(tx, `alter table ${ended} drop constraint month_ends`);
      await createLastMonth(tx, table, next);
    }
  });
}

async function createLastMonth(tx: Tx, table: HistoryTable, month: Date): Promise<void> {
  const name = toPartition(table.name, month);
  await run(
    tx,
    `create table ${name} partition of ${table.name}
       for values from ('${table.toBound(month)}') to (maxvalue)`,
  );
  if (!table.hasLocalKey) return;
  await run(tx, `alter table ${name} add primary key (id)`);
  // As before: room in each page for the updates that every row gets.
  await run(tx, `alter table ${name} set (fillfactor = 85)`);
}

/**
 * Drops the months that ended before `cutoff`, the oldest first, and answers which. It ends at the
 * first one of which something is still open. Only for who holds the lock of history.
 */
export async function dropMonths(held: Reserved, cutoff: Date): Promise<Date[]> {
  const months = await listMonths(held);
  const dropped: Date[] = [];
  for (const [index, month] of months.entries()) {
    const next = months[index + 1];
    // The last one has no end.
    if (next === undefined || next > cutoff) break;
    if (await isHeld(held, { month, next, cutoff })) break;
    if (!(await dropMonth(held, month, next))) break;
    dropped.push(month);
  }
  return dropped;
}

/** True as long as anything that was made before the month's end, or belongs to it, is open. */
async function isHeld(
  tx: Tx,
  { month, next, cutoff }: { month: Date; next: Date; cutoff: Date },
): Promise<boolean> {
  const execution = idFloor("execution", shift(next, marginMs));
  const delivery = idFloor("delivery", shift(next, marginMs));
  const young = idFloor("execution", cutoff);
  const [row] = await tx.rows<{ is_held: boolean }>(sql`
    select exists (select from executions
        where node_id is null and due_at is not null and id < ${execution})
      or exists (select from executions where node_id is not null and id < ${execution})
      or exists (${openDeliveries(
        raw("deliveries"),
        sql`and (d.execution_id < ${execution} or d.id < ${delivery})`,
      )})
      -- Slots that were missed long ago are rows of long ago that may have been made just now.
      or exists (select from ${raw(toPartition("executions", month))} where id >= ${young})
      or exists (${openDeliveriesOfLate(month, next)})
      as is_held`);
  return row?.is_held ?? true;
}

// Workspace by workspace, as the index is; the limit keeps the planner from reading the table.
function openDeliveries(table: Sql, condition: Sql): Sql {
  return sql`
    select from workspaces w
    cross join unnest(array['pending', 'processing']) as open (status)
    cross join lateral (
      select from ${table} d
      where d.workspace_id = w.id and d.status = open.status and d.status <> 'sent' ${condition}
      limit 1
    ) found`;
}

// Executions of the month that were made after it, for slots that were missed: their deliveries lie
// in a later month, as their ids do.
function openDeliveriesOfLate(month: Date, next: Date): Sql {
  return sql`
    select from ${raw(toPartition("executions", month))} e
    join deliveries d on d.execution_id = e.id
    where e.id >= ${idFloor("execution", shift(next, -marginMs))}
      and d.status in ('pending', 'processing')`;
}

/** False when a delivery of the month was sent again by hand in this very moment. */
async function dropMonth(held: Reserved, month: Date, next: Date): Promise<boolean> {
  // What is still made for that time, a slot that was missed then, is held by the default.
  await constrain(held, "default_ends_later", (table) => ({
    partition: `${table.name}_default`,
    check: `${table.key} is null or ${table.key} < '${table.toBound(next)}'`,
  }));
  return await withTables(held, [], async (tx) => {
    const [executions, deliveries] = ["executions", "deliveries"].map((table) =>
      raw(toPartition(table, month)),
    );
    const [row] = await tx.rows<{ is_open: boolean }>(sql`
      select exists (select from ${executions ?? sql``}
          where node_id is null and due_at is not null)
        or exists (select from ${executions ?? sql``} where node_id is not null)
        or exists (${openDeliveries(deliveries ?? sql``, sql``)})
        or exists (${openDeliveriesOfLate(month, next)}) as is_open`);
    if (row?.is_open !== false) return false;
    for (const { name } of historyTables) {
      await run(tx, `alter table ${name}_default drop constraint default_ends`);
      await run(
        tx,
        `alter table ${name}_default rename constraint default_ends_later to default_ends`,
      );
      await run(tx, `drop table ${toPartition(name, month)}`);
    }
    return true;
  });
}

/** Adds a constraint to a partition of each table, and reads its rows while others write on. */
async function constrain(
  held: Reserved,
  constraint: string,
  toCheck: (table: HistoryTable) => { readonly partition: string; readonly check: string },
): Promise<void> {
  const checks = historyTables.map(toCheck);
  await held.transaction(async (tx) => {
    await lock(
      tx,
      checks.map(({ partition }) => partition),
    );
    for (const { partition, check } of checks) {
      // One that a crash has left.
      await run(tx, `alter table ${partition} drop constraint if exists ${constraint}`);
      await run(
        tx,
        `alter table ${partition} add constraint ${constraint} check (${check}) not valid`,
      );
    }
  });
  for (const { partition } of checks) {
    await run(held, `alter table ${partition} validate constraint ${constraint}`);
  }
}

/** In a transaction that has all of history to itself, and `referredTo` as well. */
async function withTables<T>(
  held: Reserved,
  referredTo: readonly string[],
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return await held.transaction(async (tx) => {
    await lock(tx, [...referredTo, ...historyTables.map(({ name }) => name)]);
    return await work(tx);
  });
}

/**
 * All that the transaction will hold, at once and always in this order, before it changes anything.
 */
async function lock(tx: Tx, tables: readonly string[]): Promise<void> {
  await limitWait(tx);
  const [limit] = await tx.rows<{ before: string }>(
    sql`select current_setting('statement_timeout') as before`,
  );
  await run(tx, `set local statement_timeout = ${locksTimeoutMs}`);
  await run(tx, `lock table ${tables.join(", ")} in access exclusive mode`);
  await tx.run(sql`select set_config('statement_timeout', ${limit?.before ?? "0"}, true)`);
}

async function limitWait(tx: Tx): Promise<void> {
  await run(tx, `set local lock_timeout = ${lockTimeoutMs}`);
}

// DDL takes no parameters. Its words are names of this file's and bounds made of numbers.
async function run(tx: Tx, text: string): Promise<void> {
  await tx.run(raw(text));
}
