// How many requests a minute one token, or one address without a valid token, may make on this
// node. Kept in memory, so that a request costs no query; it never keeps the text of a token.
import { ApiError } from "@trigrun/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { findBearer, type Gate } from "../auth/gate.ts";
import { toNetwork } from "../auth/limits.ts";
import type { Identity } from "../auth/permission.ts";
import { hashToken } from "../auth/token.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import { createRateCounter, type Standing, windowSeconds } from "./rate-counter.ts";

export interface RateLimits {
  /** Counts a request that nobody is asked about; throws `rate_limited`. */
  admitAddress(request: FastifyRequest, reply: FastifyReply): void;
  /** Asks the gate who it is, and counts for them, or for the address when it is nobody. */
  identify(request: FastifyRequest, reply: FastifyReply): Promise<Identity>;
}

interface Parts {
  readonly config: Pick<Config, "rateLimitPerToken" | "rateLimitPerAddress">;
  readonly clock: Clock;
  readonly gate: Gate;
  readonly log: Log;
}

// Some 150 bytes each. Beyond it the one that was longest unknown is forgotten, which costs its
// owner nothing unless somebody guesses tokens from the same address.
const knownMax = 10_000;

export function createRateLimits({ config, clock, gate, log }: Parts): RateLimits {
  const tokens = toCounter(config.rateLimitPerToken);
  const addresses = toCounter(config.rateLimitPerAddress);
  // Credentials that were right lately. Whoever shares an address with somebody who guesses keeps
  // coming in, and who guesses is refused before the database is asked.
  const known = createKnown();

  function countAddress(request: FastifyRequest, reply: FastifyReply): Standing | undefined {
    const standing = addresses?.take(toNetwork(request.ip), clock.now());
    if (standing !== undefined) tell(reply, "address", standing);
    if (standing?.isFirstOver) {
      const fields = { request_id: request.id, address: request.ip };
      log.info(fields, "an address is over its limit");
    }
    return standing;
  }

  function admitAddress(request: FastifyRequest, reply: FastifyReply): void {
    const standing = countAddress(request, reply);
    if (!standing?.isOver) return;
    throw toRefusal(
      standing,
      "Too many requests without a valid token came from your address",
      "Send a valid token, or wait",
    );
  }

  function admitToken(id: string, reply: FastifyReply): void {
    if (tokens === undefined) return;
    const standing = tokens.take(id, clock.now());
    tell(reply, "token", standing);
    if (!standing.isOver) return;
    throw toRefusal(standing, "Too many requests were made with this token", "Wait");
  }

  /** Counted before it is known to be wrong: many guesses at once must not all pass. */
  async function identifyStranger(
    request: FastifyRequest,
    reply: FastifyReply,
    key: string | undefined,
  ): Promise<Identity> {
    admitAddress(request, reply);
    const giveBack = () => addresses?.giveBack(toNetwork(request.ip));
    const identity = await gate.identify(request.headers.authorization).catch((error: unknown) => {
      // A database that is away is nobody's guess.
      if (!isUnauthorized(error)) giveBack();
      throw error;
    });
    giveBack();
    clear(reply);
    const id = identity.tokenId ?? identity.sessionId;
    if (key === undefined || id === null) return identity;
    known.set(key, id);
    admitToken(id, reply);
    return identity;
  }

  return {
    admitAddress,
    async identify(request, reply) {
      const key = toKey(request.headers.authorization);
      const id = key === undefined ? undefined : known.get(key);
      if (key === undefined || id === undefined) return identifyStranger(request, reply, key);
      // Before the database is asked, which it is each time about a sign-in.
      admitToken(id, reply);
      const identity = await gate.identify(request.headers.authorization).catch((error) => {
        if (isUnauthorized(error)) {
          known.forget(key);
          countAddress(request, reply);
        }
        throw error;
      });
      known.set(key, id);
      return identity;
    },
  };
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof ApiError && error.code === "unauthorized";
}

function toCounter(max: number | "off") {
  return max === "off" ? undefined : createRateCounter(max);
}

function toRefusal({ max, resetSeconds }: Standing, what: string, how: string): ApiError {
  return new ApiError(
    "rate_limited",
    `${what}: ${max} a minute are allowed. ${how} ${resetSeconds} seconds.`,
    { retryAfterSeconds: resetSeconds },
  );
}

const rateHeaders = [
  "ratelimit-policy",
  "ratelimit",
  "ratelimit-limit",
  "ratelimit-remaining",
  "ratelimit-reset",
] as const;

/**
 * Two dialects: the fields of the current draft (draft-ietf-httpapi-ratelimit-headers-11), and the
 * three of its drafts up to 06, which more clients read. All times are seconds from now.
 */
function tell(reply: FastifyReply, policy: "token" | "address", standing: Standing): void {
  const { max, remaining, resetSeconds } = standing;
  reply.headers({
    "ratelimit-policy": `"${policy}";q=${max};w=${windowSeconds}`,
    ratelimit: `"${policy}";r=${remaining};t=${resetSeconds}`,
    "ratelimit-limit": String(max),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(resetSeconds),
  });
}

function clear(reply: FastifyReply): void {
  for (const name of rateHeaders) reply.removeHeader(name);
}

/** One for a token, however its header is written. */
function toKey(authorization: string | undefined): string | undefined {
  const bearer = findBearer(authorization);
  return bearer && hashToken(bearer).toString("base64");
}

/** Ids of tokens and sign-ins that opened the gate, by their hashes. */
function createKnown() {
  const ids = new Map<string, string>();
  return {
    get: (key: string) => ids.get(key),
    /** As the youngest. */
    set(key: string, id: string) {
      ids.delete(key);
      ids.set(key, id);
      const [oldest] = ids.keys();
      if (ids.size > knownMax && oldest !== undefined) ids.delete(oldest);
    },
    forget: (key: string) => ids.delete(key),
  };
}
