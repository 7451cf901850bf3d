// `Idempotency-Key`: a POST that is repeated with the same key answers the first result again
// instead of acting twice. A key with another request under it is a conflict. What is kept is
// sealed: an answer may hold a credential that is shown this once.
import { ApiError, type ErrorDetail, obeysKey, type Route } from "@trigrun/contract";
import type { Database, Tx } from "../store/db.ts";
import {
  claimKey,
  freeKey,
  type KeptAnswer,
  type KeyClaim,
  keepAnswer,
  toSealedId,
} from "../store/idempotency.ts";
import type { Vault } from "../store/vault.ts";

export interface Repeatable {
  readonly workspaceId: string;
  readonly key: string;
  readonly method: string;
  /** The path as it was sent, with its ids filled in. */
  readonly path: string;
  /** The body as it was sent, before any default. */
  readonly body: unknown;
  readonly now: Date;
  /**
   * The token or sign-in whose own affair it is, or whose credential the answer holds: nobody else
   * is answered it again, and of nobody else is it done. Null for what belongs to the workspace.
   */
  readonly caller: string | null;
}

/** What an answer of the work or of its first run is made of. */
export interface Outcome {
  readonly status: number;
  readonly body: unknown;
  readonly isReplay: boolean;
}

/** Undefined when there is no key; the fault when it is none, or no key is obeyed here. */
export function readKey(
  definition: Route,
  header: string | string[] | undefined,
): ErrorDetail | string | undefined {
  // Other methods come to the same when they are repeated, with a key and without.
  if (header === undefined || definition.method !== "POST") return undefined;
  const path = "Idempotency-Key";
  if (!obeysKey(definition)) return { path, message: "must be left out: it is not obeyed here" };
  // 255: what comparable services take, and enough for two UUIDs and a word.
  if (typeof header === "string" && /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  return { path, message: "must be 1 to 255 visible ASCII characters" };
}

/**
 * Does the work once for each key. Runs inside the transaction of the work: both are kept or
 * neither is, so a request that failed leaves its key free for the next try.
 */
export async function answerOnce(
  tx: Tx,
  vault: Vault,
  request: Repeatable,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const claim = toClaim(vault, request);
  const kept = await claimKey(tx, claim);
  if (kept !== undefined) return replay(vault, kept, request);
  const outcome = await work();
  await keepAnswer(tx, claim, seal(vault, request, outcome));
  return outcome;
}

/**
 * The same for work that must not hold a transaction open. The claim is committed before it: a
 * repeat meanwhile is a conflict, and one after a crash acts again once the claim is abandoned.
 */
export async function answerOnceOutside(
  db: Database,
  vault: Vault,
  request: Repeatable,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const claim = toClaim(vault, request);
  const kept = await db.transaction((tx) => claimKey(tx, claim));
  if (kept !== undefined) return replay(vault, kept, request);
  let outcome: Outcome;
  try {
    outcome = await work();
  } catch (error) {
    // If this fails as well, the claim is abandoned in two minutes.
    await freeKey(db, claim).catch(() => undefined);
    throw error;
  }
  await keepAnswer(db, claim, seal(vault, request, outcome));
  return outcome;
}

function toClaim(vault: Vault, { workspaceId, key, now, ...request }: Repeatable): KeyClaim {
  return { workspaceId, key, fingerprint: toFingerprint(vault, request), now };
}

function toFingerprint(
  vault: Vault,
  { method, path, body, caller }: Omit<Repeatable, "workspaceId" | "key" | "now">,
): Buffer {
  const parts = [method, path, toCanonical(body), ...(caller === null ? [] : [caller])];
  return vault.fingerprint(JSON.stringify(parts));
}

function seal(vault: Vault, request: Repeatable, { status, body }: Outcome) {
  return { status, sealed: vault.seal(toSealedId(request), body ?? null) };
}

function replay(vault: Vault, kept: KeptAnswer, request: Repeatable): Outcome {
  const name = JSON.stringify(request.key);
  if (!toFingerprint(vault, request).equals(kept.fingerprint)) {
    throw new ApiError(
      "conflict",
      `The Idempotency-Key ${name} was used within the last 24 hours for another request ` +
        "(another path, body or sign-in). Use a new key for a new request.",
    );
  }
  if (kept.answer === undefined) {
    throw new ApiError(
      "conflict",
      `The first request with the Idempotency-Key ${name} is still being answered. ` +
        "Repeat it in a few seconds.",
    );
  }
  const { status, sealed } = kept.answer;
  return { status, body: vault.open(toSealedId(request), sealed), isReplay: true };
}

/** The same for bodies that say the same: fields sorted, blanks gone. Depth is bounded before. */
function toCanonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toCanonical);
  if (typeof value !== "object" || value === null) return value ?? null;
  const entries = Object.entries(value).map(([key, child]) => [key, toCanonical(child)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
