// Deletes what has outlived its purpose: idempotency keys after 24 hours, nodes long dead, ended
// sign-ins and links, accounts that nobody verified, the audit log past its days. History is
// history-pruner.ts.
import type { Log } from "../log.ts";
import { createLoop, type Loop } from "../loop.ts";
import { pruneAuditLog } from "./audit-log.ts";
import { type Database, sql, type Tx } from "./db.ts";
import { forgetDead } from "./nodes.ts";

// An hour late is early enough: the keys are checked for their age when they are used.
const pauseMs = 3_600_000;
// Rows of one statement, so that no lock is held for long.
const batchMax = 1_000;

export interface PrunerOptions {
  readonly db: Database;
  readonly log: Log;
  /** How long the audit log is kept, whatever is kept of history. */
  readonly auditDays: number;
}

export function createPruner({ db, log, auditDays }: PrunerOptions): Loop {
  return createLoop({
    name: "pruner",
    pass: async () => {
      await forgetDead(db);
      const counts = [
        await pruneIdempotencyKeys(db),
        await pruneRateWindows(db),
        await pruneSessions(db),
        await pruneLinks(db),
        await pruneMails(db),
        await pruneInvitations(db),
        await db.transaction(pruneUnverified),
        await pruneAuditLog(db, { days: auditDays, limit: batchMax }),
      ];
      return counts.includes(batchMax) ? 0 : pauseMs;
    },
    log,
  });
}

async function pruneIdempotencyKeys(tx: Tx): Promise<number> {
  return tx.run(sql`
    delete from idempotency_keys where (workspace_id, key) in (
      select workspace_id, key from idempotency_keys
      where created_at < now() - interval '24 hours' limit ${batchMax}
    )`);
}

async function pruneRateWindows(tx: Tx): Promise<number> {
  return tx.run(sql`
    delete from rate_windows where key in (
      select key from rate_windows where ends_at < now() limit ${batchMax})`);
}

async function pruneSessions(tx: Tx): Promise<number> {
  return tx.run(sql`
    delete from sessions where id in (
      select id from sessions where expires_at < now() limit ${batchMax})`);
}

async function pruneLinks(tx: Tx): Promise<number> {
  return tx.run(sql`
    delete from account_links where token_hash in (
      select token_hash from account_links where expires_at < now() limit ${batchMax})`);
}

/** A month: long enough to be asked why a mail did not come. */
async function pruneMails(tx: Tx): Promise<number> {
  return tx.run(sql`
    delete from account_mails where id in (
      select id from account_mails where finished_at < now() - interval '30 days'
      limit ${batchMax})`);
}

async function pruneInvitations(tx: Tx): Promise<number> {
  return tx.run(sql`
    delete from invitations where id in (
      select id from invitations where expires_at < now() - interval '30 days'
      limit ${batchMax})`);
}

/**
 * Accounts that were not verified for a week, with the workspace that each got. Such an account
 * could write nothing, so there is nothing to lose; one that belongs anywhere else, or whose
 * workspace anybody else uses, stays. Answers how many accounts went.
 */
async function pruneUnverified(tx: Tx): Promise<number> {
  const users = await tx.rows<{ id: string; workspace_id: string }>(sql`
    select u.id, m.workspace_id from users u join memberships m on m.user_id = u.id
    where u.verified_at is null and u.created_at < now() - interval '7 days'
      and not exists (select 1 from memberships o
        where (o.user_id = u.id or o.workspace_id = m.workspace_id) and o.id <> m.id)
      and not exists (select 1 from api_tokens t where t.workspace_id = m.workspace_id)
      and not exists (select 1 from jobs j where j.workspace_id = m.workspace_id)
      and not exists (select 1 from channels c where c.workspace_id = m.workspace_id)
      and not exists (select 1 from invitations i where i.workspace_id = m.workspace_id)
      and not exists (select 1 from idempotency_keys k where k.workspace_id = m.workspace_id)
    order by u.id limit ${batchMax} for update of u skip locked`);
  const userIds = users.map(({ id }) => id);
  const workspaceIds = users.map((row) => row.workspace_id);
  await tx.run(sql`delete from sessions where user_id = any(${userIds})`);
  await tx.run(sql`delete from memberships where user_id = any(${userIds})`);
  await tx.run(sql`delete from users where id = any(${userIds})`);
  await tx.run(sql`delete from workspaces where id = any(${workspaceIds})`);
  return users.length;
}
