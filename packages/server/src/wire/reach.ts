// Whether names and the operator's own public address lead somewhere: for `trigrun doctor`. It
// dials no address of a user, and keeps nothing of what is answered.
import { ADDRCONFIG } from "node:dns";
import { getServers, lookup } from "node:dns/promises";
import { setTimeout as delay } from "node:timers/promises";

export interface NameAnswer {
  readonly name: string;
  readonly ms: number;
  readonly addresses: readonly string[] | undefined;
  readonly error: string | undefined;
}

export function nameServers(): string[] {
  return getServers();
}

/** As the door to the world asks: the system's resolver, every address. */
export async function lookUp(name: string, limitMs: number): Promise<NameAnswer> {
  const begunMs = performance.now();
  const over = new AbortController();
  const course = () => ({ name, ms: performance.now() - begunMs });
  const asked = lookup(name, { all: true, hints: ADDRCONFIG }).then(
    (found) => ({ addresses: found.map(({ address }) => address), error: undefined }),
    (error: unknown) => ({ addresses: undefined, error: codeOf(error) }),
  );
  // The system's resolver cannot be called off; its answer is not waited for.
  const late = delay(limitMs, undefined, { signal: over.signal }).then(
    () => ({ addresses: undefined, error: `no answer within ${limitMs / 1_000} s` }),
    () => ({ addresses: undefined, error: undefined }),
  );
  const answer = await Promise.race([asked, late]);
  over.abort();
  return { ...course(), ...answer };
}

export type HealthAnswer =
  | { readonly kind: "health" }
  | { readonly kind: "other"; readonly status: number }
  | { readonly kind: "failed"; readonly reason: string };

/** What the public address answers where TrigRun tells its health. */
export async function readPublicHealth(url: string, limitMs: number): Promise<HealthAnswer> {
  try {
    const signal = AbortSignal.timeout(limitMs);
    const answer = await fetch(`${url}/healthz`, { signal });
    const isHealth = answer.ok && (await readStart(answer)).includes('"status":"ok"');
    return isHealth ? { kind: "health" } : { kind: "other", status: answer.status };
  } catch (error) {
    const isOver = error instanceof Error && error.name === "TimeoutError";
    const reason = isOver ? `no answer within ${limitMs / 1_000} s` : codeOf(error);
    return { kind: "failed", reason };
  }
}

// Our own answer has some 20 bytes; whatever else is there may go on for ever.
const bytesMax = 4_096;

async function readStart(answer: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > bytesMax) break;
  }
  return text;
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  return "code" in cause && typeof cause.code === "string" ? cause.code : cause.message;
}
