// Who may come in: finds the token or the sign-in behind an `Authorization` header. It remembers
// tokens for a few seconds, never longer, never their text, and no sign-in.
import { ApiError } from "@trigrun/contract";
import type { Clock } from "../clock.ts";
import type { Database } from "../store/db.ts";
import { findSession, noteSessionUse } from "../store/sessions.ts";
import { type FoundToken, findToken, noteTokenUse } from "../store/tokens.ts";
import type { Identity } from "./permission.ts";
import { hashToken, sessionPrefix } from "./token.ts";

export interface Gate {
  /** Throws `unauthorized` unless the header holds a token that is alive. */
  identify(authorization: string | undefined): Promise<Identity>;
  /** Asks the database anew about every token: one may have been revoked or have another role. */
  forget(): void;
}

// A token that was revoked on another node opens doors for at most this long. Without the memory
// every request would pay for a second query; with 5 s, 10,000 requests cost one.
const memoryMs = 5_000;
// Some 300 bytes each. Beyond it the oldest is forgotten, which costs its owner one query.
const memoryMax = 1_000;
// Exact enough for "is this token still in use?", and seldom enough to cost nothing.
const useNotedEveryMs = 60_000;
// The setting of the bootstrap token takes up to 200 characters, of up to 4 bytes each in UTF-8.
const bytesMax = 800;

interface Services {
  readonly db: Database;
  readonly clock: Clock;
}

export function createGate(services: Services): Gate {
  const { clock } = services;
  const memory = createMemory(services);
  return {
    async identify(authorization) {
      const text = readBearer(authorization);
      const now = clock.now();
      const hash = hashToken(text);
      const isSession = text.toString("latin1").startsWith(sessionPrefix);
      const found = isSession
        ? await identifySession(services, hash, now)
        : toIdentity(await memory.find(hash, now));
      if (found === undefined || (found.expiresAt !== null && found.expiresAt <= now)) {
        throw new ApiError("unauthorized", "The token is unknown, expired or revoked.");
      }
      return found;
    },
    forget: memory.forget,
  };
}

function toIdentity(token: FoundToken | undefined): Identity | undefined {
  if (token === undefined) return undefined;
  const { id: tokenId, workspaceId, role, scopes, memberId, makerUserId, expiresAt } = token;
  const rest = { userId: null, sessionId: null, isVerified: true };
  return { tokenId, workspaceId, role, scopes, memberId, makerUserId, expiresAt, ...rest };
}

/** Never remembered: whoever signs out or is removed is out at once, on every node. */
async function identifySession(
  { db }: Services,
  hash: Buffer,
  now: Date,
): Promise<Identity | undefined> {
  const session = await findSession(db, hash);
  if (session === undefined) return undefined;
  if (isUseDue(session.lastUsedAt, now)) await noteSessionUse(db, session.id, now);
  const { id: sessionId, userId, workspaceId, memberId, role, isVerified, expiresAt } = session;
  const rest = { tokenId: null, makerUserId: null, scopes: null };
  return { sessionId, userId, workspaceId, memberId, role, isVerified, expiresAt, ...rest };
}

function isUseDue(lastUsedAt: Date | null, now: Date): boolean {
  return lastUsedAt === null || now.getTime() - lastUsedAt.getTime() >= useNotedEveryMs;
}

function createMemory({ db }: Services) {
  const remembered = new Map<string, { token: FoundToken; at: number }>();
  // One query for all requests that ask for the same token in the same moment.
  const lookups = new Map<string, Promise<FoundToken | undefined>>();
  let generation = 0;

  async function lookUp(hash: Buffer, key: string, now: Date): Promise<FoundToken | undefined> {
    const askedIn = generation;
    const token = await findToken(db, hash);
    if (token === undefined) return undefined;
    // Awaited rather than left to itself: a promise that nobody holds has no place in a request.
    if (isUseDue(token.lastUsedAt, now)) await noteTokenUse(db, token.id, now);
    // What was read before `forget` may be what was to be forgotten.
    if (askedIn !== generation) return token;
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

  async function find(hash: Buffer, now: Date): Promise<FoundToken | undefined> {
    const key = hash.toString("base64");
    const known = recall(key, now);
    if (known !== undefined) return known;
    let lookup = lookups.get(key);
    if (lookup === undefined) {
      lookup = lookUp(hash, key, now).finally(() => lookups.delete(key));
      lookups.set(key, lookup);
    }
    return await lookup;
  }

  function forget(): void {
    generation += 1;
    remembered.clear();
    lookups.clear();
  }

  return { find, forget };
}

/**
 * The token's bytes as they were sent: node reads header fields as Latin-1. Undefined for a header
 * that holds no token.
 */
export function findBearer(authorization = ""): Buffer | undefined {
  const text = /^bearer +(.+)$/i.exec(authorization)?.[1];
  return text === undefined || text.length > bytesMax ? undefined : Buffer.from(text, "latin1");
}

function readBearer(authorization: string | undefined): Buffer {
  const bearer = findBearer(authorization);
  if (bearer !== undefined) return bearer;
  throw new ApiError(
    "unauthorized",
    authorization === undefined
      ? "Send a token: `Authorization: Bearer <token>`."
      : "The Authorization header is not `Bearer <token>` with a token of TrigRun.",
  );
}
