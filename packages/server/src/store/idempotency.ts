// The first answer of each POST that came with a key, kept for 24 hours under that key. It comes
// here sealed, and nothing here opens it.
import { sql, type Tx } from "./db.ts";

// The specification: the same key answers the first result again within 24 hours.
const lifeMs = 24 * 3_600_000;
// A claim that was committed before its answer belongs to a test message, which waits 15 s for its
// receiver, or to a process that died meanwhile. Two minutes are longer than any answer takes.
const abandonedMs = 120_000;

export interface KeyClaim {
  readonly workspaceId: string;
  readonly key: string;
  readonly fingerprint: Buffer;
  readonly now: Date;
}

export interface SealedAnswer {
  readonly status: number;
  readonly sealed: Buffer;
}

export interface KeptAnswer {
  readonly fingerprint: Buffer;
  /** Undefined while the first request is being answered. */
  readonly answer: SealedAnswer | undefined;
}

/** What an answer is sealed to. Keys are unique in a workspace, whose ids hold no blank. */
export function toSealedId({ workspaceId, key }: Pick<KeyClaim, "workspaceId" | "key">): string {
  return `idempotency key ${workspaceId} ${key}`;
}

/** Undefined when the key is now ours to use; else what the first request was answered. */
export async function claimKey(tx: Tx, claim: KeyClaim): Promise<KeptAnswer | undefined> {
  const oldest = new Date(claim.now.getTime() - lifeMs);
  const abandoned = new Date(claim.now.getTime() - abandonedMs);
  // Two requests with one key at once: the second waits on the primary key until the first has
  // committed, and then finds its answer; or takes over when the first was rolled back.
  const claimed = await tx.run(sql`
    insert into idempotency_keys as k (workspace_id, key, fingerprint, created_at)
    values (${claim.workspaceId}, ${claim.key}, ${claim.fingerprint}, ${claim.now})
    on conflict (workspace_id, key) do update set
      fingerprint = excluded.fingerprint, created_at = excluded.created_at,
      status = null, sealed = null
    where k.created_at <= ${oldest} or (k.status is null and k.created_at <= ${abandoned})`);
  if (claimed > 0) return undefined;
  const [row] = await tx.rows<{
    fingerprint: Buffer;
    status: number | null;
    sealed: Buffer | null;
  }>(sql`
    select fingerprint, status, sealed from idempotency_keys
    where workspace_id = ${claim.workspaceId} and key = ${claim.key}`);
  // Freed in this very moment by a request that failed: the repeat may still come first.
  if (row === undefined) return claimKey(tx, claim);
  const { fingerprint, status, sealed } = row;
  const answer = status === null || sealed === null ? undefined : { status, sealed };
  return { fingerprint, answer };
}

/** Keeps the answer of the request that claimed the key. */
export async function keepAnswer(
  tx: Tx,
  claim: KeyClaim,
  { status, sealed }: SealedAnswer,
): Promise<void> {
  await tx.run(sql`
    update idempotency_keys set status = ${status}, sealed = ${sealed}
    where workspace_id = ${claim.workspaceId} and key = ${claim.key} and status is null`);
}

/** Gives a key back whose request failed, where no transaction does. */
export async function freeKey(tx: Tx, claim: KeyClaim): Promise<void> {
  await tx.run(sql`
    delete from idempotency_keys
    where workspace_id = ${claim.workspaceId} and key = ${claim.key} and status is null
      and fingerprint = ${claim.fingerprint}`);
}
