// The first answer of each POST that creates, kept for 24 hours under the client's key. A key is
// claimed in the transaction that does the work, so that neither can be there without the other.
import assert from "node:assert/strict";
import { sql, type Tx } from "./db.ts";

// The specification: the same key answers the first result again within 24 hours.
const lifeMs = 24 * 3_600_000;

export interface KeyClaim {
  readonly workspaceId: string;
  readonly key: string;
  readonly fingerprint: Buffer;
  readonly now: Date;
}

export interface KeptAnswer {
  readonly fingerprint: Buffer;
  readonly status: number;
  readonly response: unknown;
}

/** Undefined when the key is now ours to use; else what the first request was answered. */
export async function claimKey(tx: Tx, claim: KeyClaim): Promise<KeptAnswer | undefined> {
  const oldest = new Date(claim.now.getTime() - lifeMs);
  // Two requests with one key at once: the second waits on the primary key until the first has
  // committed, and then finds its answer; or takes over when the first was rolled back.
  const claimed = await tx.run(sql`
    insert into idempotency_keys as k (workspace_id, key, fingerprint, created_at)
    values (${claim.workspaceId}, ${claim.key}, ${claim.fingerprint}, ${claim.now})
    on conflict (workspace_id, key) do update set
      fingerprint = excluded.fingerprint, created_at = excluded.created_at,
      status = null, response = null
    where k.created_at <= ${oldest}`);
  if (claimed > 0) return undefined;
  const [row] = await tx.rows<{ fingerprint: Buffer; status: number | null; response: unknown }>(
    sql`
      select fingerprint, status, response from idempotency_keys
      where workspace_id = ${claim.workspaceId} and key = ${claim.key}`,
  );
  assert(row && row.status !== null, "an idempotency key was committed without its answer");
  return { fingerprint: row.fingerprint, status: row.status, response: row.response };
}

/** Keeps the answer of the request that claimed the key. */
export async function keepAnswer(
  tx: Tx,
  claim: KeyClaim,
  answer: { readonly status: number; readonly response: unknown },
): Promise<void> {
  await tx.run(sql`
    update idempotency_keys
    set status = ${answer.status}, response = ${JSON.stringify(answer.response ?? null)}
    where workspace_id = ${claim.workspaceId} and key = ${claim.key}`);
}
