// How many requests a minute one token, or one address without a valid token, may make on this
// node. Kept in memory, so that a request costs no query; it never keeps the text of a token.
import { createHash } from "node:crypto";
import { ApiError } from "@trigrun/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Gate } from "../auth/gate.ts";
import { toNetwork } from "../auth/limits.ts";
import type { Identity } from "../auth/permission.ts";
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

// 44 characters each. Beyond it the one that was longest unknown is forgotten, which costs its
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

  function admitToken(identity: Identity, reply: FastifyReply): void {
    const id = identity.tokenId ?? identity.sessionId;
    if (tokens === undefined || id === null) return;
    const standing = tokens.take(id, clock.now());
    tell(reply, "token", standing);
    if (!standing.isOver) return;
    throw toRefusal(standing, "Too many requests were made with this token", "Wait");
  }

  return {
    admitAddress,
    async identify(request, reply) {
      const { authorization } = request.headers;
      const isKnown = known.has(authorization);
      // Counted before it is known to be wrong: many guesses at once must not all pass.
      if (!isKnown) admitAddress(request, reply);
      const giveBack = () => {
        if (!isKnown) addresses?.giveBack(toNetwork(request.ip));
      };
      const identity = await gate.identify(authorization).catch((error: unknown) => {
        const isWrong = error instanceof ApiError && error.code === "unauthorized";
        // A database that is away is nobody's guess.
        if (!isWrong) giveBack();
        else if (isKnown) countAddress(request, reply);
        if (isWrong) known.forget(authorization);
        throw error;
      });
      giveBack();
      known.add(authorization);
      clear(reply);
      admitToken(identity, reply);
      return identity;
    },
  };
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

/** Hashes of `Authorization` headers that opened the gate. */
function createKnown() {
  const hashes = new Set<string>();
  const hashOf = (text: string) => createHash("sha256").update(text).digest("base64");
  return {
    has: (text: string | undefined) => text !== undefined && hashes.has(hashOf(text)),
    add(text: string | undefined) {
      if (text === undefined) return;
      const hash = hashOf(text);
      hashes.delete(hash);
      hashes.add(hash);
      const [oldest] = hashes;
      if (hashes.size > knownMax && oldest !== undefined) hashes.delete(oldest);
    },
    forget(text: string | undefined) {
      if (text !== undefined) hashes.delete(hashOf(text));
    },
  };
}
