// `Idempotency-Key`: a POST that creates, repeated with the same key, answers the first result
// again instead of creating twice. A key with another request under it is a conflict.
import { ApiError, type ErrorDetail } from "@trigrun/contract";
import type { Tx } from "../store/db.ts";
import { claimKey, type KeptAnswer, type KeyClaim, keepAnswer } from "../store/idempotency.ts";
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
  /** Whose credential the answer holds: it is kept sealed, and for this one alone. */
  readonly secretOf: string | null;
}

/** What an answer of the work or of its first run is made of. */
export interface Outcome {
  readonly status: number;
  readonly body: unknown;
  readonly isReplay: boolean;
}

/** Undefined when there is no key; the fault when it is none. */
export function readKey(header: string | string[] | undefined): ErrorDetail | string | undefined {
  if (header === undefined) return undefined;
  // 255: what comparable services take, and enough for two UUIDs and a word.
  if (typeof header === "string" && /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  return {
    path: "Idempotency-Key",
    message: "must be 1 to 255 visible ASCII characters",
  };
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
  const { workspaceId, key, now } = request;
  const fingerprints = vault.fingerprints(
    JSON.stringify([
      request.method,
      request.path,
      toCanonical(request.body),
      ...(request.secretOf === null ? [] : [request.secretOf]),
    ]),
  );
  const [fingerprint] = fingerprints;
  if (fingerprint === undefined) throw new Error("a vault has at least one key");
  const claim: KeyClaim = { workspaceId, key, fingerprint, now };
  const kept = await claimKey(tx, claim);
  if (kept !== undefined) return replay(vault, kept, fingerprints, request);
  const outcome = await work();
  const response = request.secretOf === null ? outcome.body : seal(vault, request, outcome.body);
  await keepAnswer(tx, claim, { status: outcome.status, response });
  return outcome;
}

const toRowId = ({ workspaceId, key }: Repeatable) => `idempotency ${workspaceId} ${key}`;

/** As JSON, as the column is. */
function seal(vault: Vault, request: Repeatable, body: unknown): string {
  return vault.seal(toRowId(request), body).toString("base64");
}

function replay(
  vault: Vault,
  kept: KeptAnswer,
  fingerprints: readonly Buffer[],
  request: Repeatable,
): Outcome {
  const { key } = request;
  // Any of them: the encryption key may have been changed since the first request.
  if (fingerprints.some((fingerprint) => fingerprint.equals(kept.fingerprint))) {
    const body =
      request.secretOf === null
        ? kept.response
        : vault.open(toRowId(request), Buffer.from(String(kept.response), "base64"));
    return { status: kept.status, body, isReplay: true };
  }
  throw new ApiError(
    "conflict",
    `The Idempotency-Key ${JSON.stringify(key)} was used within the last 24 hours for another ` +
      "request (another path or another body). Use a new key for a new request.",
  );
}

/** The same for bodies that say the same: fields sorted, blanks gone. Depth is bounded before. */
function toCanonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toCanonical);
  if (typeof value !== "object" || value === null) return value ?? null;
  const entries = Object.entries(value).map(([key, child]) => [key, toCanonical(child)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
