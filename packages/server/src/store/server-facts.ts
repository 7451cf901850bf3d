// What `trigrun doctor` asks a database: facts about the server, its nodes and what is kept in it.
// It reads only, and each question is a bounded one.
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { type Database, sql, type Tx } from "./db.ts";
import type { Vault } from "./vault.ts";
import { VaultRefused } from "./vault.ts";
import { sealedColumns } from "./vault-rotation.ts";

interface ServerFacts {
  readonly version: string;
  readonly sizeBytes: number;
  readonly isReadOnly: boolean;
}

export async function readServer(tx: Tx): Promise<ServerFacts> {
  const [row] = await tx.rows<{ version: string; size: number; is_read_only: boolean }>(sql`
    select current_setting('server_version') as version,
      pg_database_size(current_database()) as size,
      pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on'
        as is_read_only`);
  if (row === undefined) throw new Error("the database tells nothing of itself");
  return { version: row.version, sizeBytes: row.size, isReadOnly: row.is_read_only };
}

/** Of the server, of the database and of the role, whichever leaves least. */
export async function readConnectionsLeft(tx: Tx): Promise<{ left: number; max: number }> {
  // pg_stat_database counts for everybody; of other roles' sessions not everybody sees the kind.
  const rows = await tx.rows<{ max: number; used: number }>(sql`
    select current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0) as max,
      (select sum(numbackends)::int from pg_stat_database) as used
    union all
    select datconnlimit, s.numbackends from pg_database d
      join pg_stat_database s on s.datid = d.oid
      where d.datname = current_database() and datconnlimit >= 0
    union all
    select rolconnlimit, (select count(*)::int from pg_stat_activity a where a.usesysid = r.oid)
      from pg_roles r where rolname = current_user and rolconnlimit >= 0`);
  const all = rows.map(({ max, used }) => ({ left: Math.max(0, max - used), max }));
  return all.reduce((least, each) => (each.left < least.left ? each : least));
}

export async function readNodes(tx: Tx): Promise<{ living: number; dead: string[] }> {
  const rows = await tx.rows<{ id: string; is_alive: boolean }>(sql`
    select id, expires_at > now() as is_alive from nodes
    where expires_at > now() - interval '1 hour' order by id`);
  return {
    living: rows.filter((row) => row.is_alive).length,
    dead: rows.filter((row) => !row.is_alive).map(({ id }) => id),
  };
}

/** Addresses of jobs that are due some time, those that most jobs have before the others. */
export async function readJobUrls(tx: Tx, limit: number): Promise<string[]> {
  const rows = await tx.rows<{ url: string }>(sql`
    select request ->> 'url' as url from jobs where next_run_at is not null
    group by 1 order by count(*) desc, 1 limit ${limit}`);
  return rows.map(({ url }) => url);
}

export async function countMailChannels(tx: Tx): Promise<number> {
  const [row] = await tx.rows<{ count: number }>(
    sql`select count(*) as count from channels where type = 'email' and disabled_at is null`,
  );
  return row?.count ?? 0;
}

/** Opens the newest values of each kind, and names those that do not open. */
export async function trySealed(
  tx: Tx,
  vault: Vault,
  limit: number,
): Promise<{ opened: number; unreadable: string[] }> {
  let opened = 0;
  const unreadable: string[] = [];
  for (const { table, column, key, toSealedId } of sealedColumns) {
    const rows = await tx.rows<{ workspace_id: string; key: string; sealed: Buffer }>({
      text: `select workspace_id, ${key} as key, ${column} as sealed from ${table}
             where ${column} is not null order by ${key} desc limit $1`,
      values: [limit],
    });
    for (const row of rows) {
      if (isReadable(vault, toSealedId(row.workspace_id, row.key), row.sealed)) opened += 1;
      else unreadable.push(`${table} ${row.key}`);
    }
  }
  return { opened, unreadable };
}

function isReadable(vault: Vault, id: string, sealed: Buffer): boolean {
  try {
    vault.open(id, sealed);
    return true;
  } catch (error) {
    if (error instanceof VaultRefused) return false;
    throw error;
  }
}

/** How long a notice takes from the pool to a listener; undefined when it does not arrive. */
export async function tryNotice(db: Database, limitMs: number): Promise<number | undefined> {
  // A channel of its own: no node hears of it, and a second doctor does not either.
  const channel = `trigrun_doctor_${randomBytes(6).toString("hex")}`;
  const waiting = new AbortController();
  let hear: (arrivedMs: number) => void = () => undefined;
  const arrived = new Promise<number>((resolve) => {
    hear = resolve;
  });
  const listening = await db.listen(channel, (payload) => {
    if (payload === channel) hear(performance.now());
  });
  try {
    const sentMs = performance.now();
    await db.run(sql`select pg_notify(${channel}, ${channel})`);
    const patience = delay(limitMs, undefined, { signal: waiting.signal }).catch(() => undefined);
    const arrivedMs = await Promise.race([arrived, patience]);
    return arrivedMs === undefined ? undefined : arrivedMs - sentMs;
  } finally {
    waiting.abort();
    await listening.stop();
  }
}
