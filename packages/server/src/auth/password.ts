// Passwords: hashed with argon2id, a few at once, and checked so that no answer tells whether an
// account exists. A password is never logged, stored or quoted.
import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";
import { ApiError } from "@trigrun/contract";

export interface Passwords {
  hash(password: string): Promise<string>;
  /** Takes as long for no hash at all as for a wrong password. */
  matches(hash: string | undefined, password: string): Promise<boolean>;
  /** True for hashes made with other parameters than today's. */
  isOutdated(hash: string): boolean;
}

// https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html: argon2id with
// 19 MiB of memory, 2 passes and 1 lane.
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
// Version 1.3 of Argon2id, as the library makes it unless told otherwise.
const head = "$argon2id$v=19$m=19456,t=2,p=1$";

// What is checked where there is no account: of bytes that nobody knows, as no password hashes to
// what was drawn here. To make a real one could fail, or be refused a place in the line.
export const hashOfNobody = `${head}${toBase64(randomBytes(16))}$${toBase64(randomBytes(32))}`;

// Each takes a thread of node's pool of four for some 20 ms. Two leave the others to name look-ups
// and files, which everything else here waits for.
const atOnceMax = 2;
// 64 waiting are less than a second of work; whoever comes then is told to come again.
const waitingMax = 64;
const busyRetrySeconds = 2;

export function createPasswords(): Passwords {
  const line = createLine();
  return {
    hash: (password) => line(() => hash(normalise(password), parameters)),
    async matches(stored, password) {
      const isMatch = await line(() => verify(stored ?? hashOfNobody, normalise(password)));
      return isMatch && stored !== undefined;
    },
    isOutdated: (stored) => !stored.startsWith(head),
  };
}

/** As in the string form of a hash: without padding. */
function toBase64(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}

/** NIST SP 800-63B-4, 3.1.1.2: one form for what keyboards write in several. */
function normalise(password: string): string {
  return password.normalize("NFKC");
}

/** Lets so many through at once and makes the others wait in line. */
function createLine(): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= atOnceMax) {
      if (waiting.length >= waitingMax) {
        throw new ApiError("rate_limited", "Too many sign-ins at once. Try again in a moment.", {
          retryAfterSeconds: busyRetrySeconds,
        });
      }
      // Woken with the place of the one that ends: `running` does not change.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
