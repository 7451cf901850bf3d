// Old history that no month takes along: rows of workspaces that keep less than others, and those
// that lie outside of the months. Deleted in batches by index; what is still open stays.
import { raw, type Sql, sql, type Tx } from "./db.ts";

// Rows of one transaction, so that no lock is held for long.
export const deletedAtOnce = 500;

// A month of 31 days and the hours around it: so long after its time a row of the workspace that
// keeps the most has usually gone with its month.
const monthDays = 32;

export interface Retention {
  readonly now: Date;
  /** Of the installation, for workspaces that say nothing else. */
  readonly days: number;
}

/** The most that any workspace keeps. */
export async function readLongestDays(tx: Tx, days: number): Promise<number> {
  const [row] = await tx.rows<{ days: number }>(
    sql`select max(coalesce(history_days, ${days}::integer)) as days from workspaces`,
  );
  return row?.days ?? days;
}

/**
 * Deletes a batch of each kind. Answers the larger count: fewer than `deletedAtOnce` means that
 * nothing is left.
 */
export async function deleteOld(tx: Tx, retention: Retention): Promise<number> {
  const longestDays = await readLongestDays(tx, retention.days);
  const executions = await deleteExecutions(tx, { ...retention, longestDays });
  return Math.max(executions, await deleteDeliveries(tx, { ...retention, longestDays }));
}

type Bounds = Retention & { readonly longestDays: number };

async function deleteExecutions(tx: Tx, bounds: Bounds): Promise<number> {
  const old = await tx.rows<{ id: string }>(sql`
    select o.id from workspaces w cross join lateral (
      select e.id from executions e
      where e.workspace_id = w.id and e.id < ${bound("exec", bounds)} and e.due_at is null
        and not exists (select from deliveries d
          where d.execution_id = e.id and d.status in ('pending', 'processing'))
      order by e.id limit ${deletedAtOnce}
    ) o limit ${deletedAtOnce}`);
  const ids = old.map(({ id }) => id);
  if (ids.length === 0) return 0;
  await tx.run(sql`delete from attempts where execution_id = any(${ids})`);
  return await tx.run(sql`delete from executions where id = any(${ids}) and due_at is null`);
}

async function deleteDeliveries(tx: Tx, bounds: Bounds): Promise<number> {
  const old = await tx.rows<{ id: string }>(sql`
    select o.id from workspaces w cross join lateral (
      select d.id from deliveries d
      where d.workspace_id = w.id and d.id < ${bound("dlv", bounds)}
        and d.status in ('sent', 'failed')
      order by d.id limit ${deletedAtOnce}
    ) o limit ${deletedAtOnce}`);
  const ids = old.map(({ id }) => id);
  if (ids.length === 0) return 0;
  // One that is sent again by hand at this moment: this waits, and finds it open.
  const gone = await tx.rows<{ id: string }>(sql`
    delete from deliveries where id = any(${ids}) and status in ('sent', 'failed') returning id`);
  const goneIds = gone.map(({ id }) => id);
  await tx.run(sql`delete from delivery_attempts where delivery_id = any(${goneIds})`);
  return gone.length;
}

function bound(prefix: "exec" | "dlv", { now, days, longestDays }: Bounds): Sql {
  const own = sql`coalesce(w.history_days, ${days}::integer)`;
  return sql`id_at(${raw(`'${prefix}'`)}, ${now}::timestamptz - make_interval(hours => 24 *
    case when ${own} < ${longestDays} then ${own} else ${longestDays + monthDays} end))`;
}
