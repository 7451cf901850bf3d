// Who may come in: finds the token behind an `Authorization` header and checks its role.
// It remembers tokens for a few seconds, never longer, and never their text.
import { ApiError, type Role, roles } from "@trigrun/contract";
import type { Clock } from "../clock.ts";
import type { Database } from "../store/db.ts";
import { type FoundToken, findToken, noteTokenUse, type TokenRole } from "../store/tokens.ts";
import { hashToken } from "./token.ts";

export interface Identity {
  readonly tokenId: string;
  readonly workspaceId: string;
  readonly role: TokenRole;
}

export interface Gate {
  /** Throws `unauthorized` unless the header holds a token that is alive. */
  identify(authorization: string | undefined): Promise<Identity>;
}

// A revoked token opens doors for at most this long. Without the memory every request would pay
// for a second query; with 5 s, 10,000 requests cost one.
const memoryMs = 5_000;
// Some 300 bytes each. Beyond it the oldest is forgotten, which costs its owner one query.
const memoryMax = 1_000;
// Exact enough for "is this token still in use?", and seldom enough to cost nothing.
const useNotedEveryMs = 60_000;
// The setting of the bootstrap token takes up to 200 characters, of up to 4 bytes each in UTF-8.
const bytesMax = 800;

export function createGate(services: { readonly db: Database; readonly clock: Clock }): Gate {
  const { db, clock } = services;
  const remembered = new Map<string, { token: FoundToken; at: number }>();
  // One query for all requests that ask for the same token in the same moment.
  const lookups = new Map<string, Promise<FoundToken | undefined>>();

  async function lookUp(hash: Buffer, key: string, now: Date): Promise<FoundToken | undefined> {
    const token = await findToken(db, hash);
    if (token === undefined) return undefined;
    // Awaited rather than left to itself: a promise that nobody holds has no place in a request.
    const usedAt = token.lastUsedAt?.getTime() ?? Number.NEGATIVE_INFINITY;
    if (now.getTime() - usedAt >= useNotedEveryMs) await noteTokenUse(db, token.id, now);
    // Last in the map is youngest, as a map keeps the order of insertion.
    remembered.delete(key);
    remembered.set(key, { token, at: now.getTime() });
    const [oldest] = remembered.keys();
    if (remembered.size > memoryMax && oldest !== undefined) remembered.delete(oldest);
    return token;
  }

  function recall(key: string, now: Date): FoundToken | undefined {
    const entry = remembered.get(key);
    if (entry === undefined) return undefined;
    const age = now.getTime() - entry.at;
    // A clock that was set back must not prolong a memory.
    if (age >= 0 && age < memoryMs) return entry.token;
    remembered.delete(key);
    return undefined;
  }

  return {
    async identify(authorization) {
      const text = readBearer(authorization);
      const now = clock.now();
      const hash = hashToken(text);
      const key = hash.toString("base64");
      let token = recall(key, now);
      if (token === undefined) {
        let lookup = lookups.get(key);
        if (lookup === undefined) {
          lookup = lookUp(hash, key, now).finally(() => lookups.delete(key));
          lookups.set(key, lookup);
        }
        token = await lookup;
      }
      if (token === undefined || (token.expiresAt !== null && token.expiresAt <= now)) {
        throw new ApiError("unauthorized", "The token is unknown, expired or revoked.");
      }
      return { tokenId: token.id, workspaceId: token.workspaceId, role: token.role };
    },
  };
}

/** The token's bytes as they were sent: node reads header fields as Latin-1. */
function readBearer(authorization: string | undefined): Buffer {
  if (authorization === undefined) {
    throw new ApiError("unauthorized", "Send a token: `Authorization: Bearer <token>`.");
  }
  const text = /^bearer +(.+)$/i.exec(authorization)?.[1];
  if (text === undefined || text.length > bytesMax) {
    throw new ApiError(
      "unauthorized",
      "The Authorization header is not `Bearer <token>` with a token of TrigRun.",
    );
  }
  return Buffer.from(text, "latin1");
}

/** Throws `forbidden` unless the role includes the one that is asked for. */
export function requireRole(role: TokenRole, needed: Role): void {
  if (roles.indexOf(role) >= roles.indexOf(needed)) return;
  throw new ApiError("forbidden", `This needs the role ${needed}; the token has the role ${role}.`);
}
