// The contract's client in the browser: its `fetch`, the address of the API, and whether the server
// can be reached at all. It sends no cookie and follows no redirect.
import { type Client, createClient, type Fetch, type TrigRunApi } from "@trigrun/contract";
import { forgetEnded } from "./session.ts";
import { createStore } from "./store.ts";

export type ApiClient = Client<TrigRunApi>;

/** The path that the public address has before everything else; empty without a proxy. */
export const basePath =
  document.querySelector<HTMLMetaElement>('meta[name="trigrun-base"]')?.content ?? "";

/** The network failed, or nothing answered. What was asked may or may not have been done. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

/** False from the first request that meets nobody until the next one that is answered. */
export const reachable = createStore(true);

// The longest answer is that of a test message, which the server gives up on after 15 s.
const answerTimeoutMs = 40_000;

const browserFetch: Fetch = async (url, init) => {
  try {
    const answer = await fetch(url, {
      ...init,
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    reachable.set(true);
    return answer;
  } catch {
    reachable.set(false);
    throw new Unreachable("The server cannot be reached. Check the connection and try again.");
  }
};

export function createBrowserClient(token: string | null): ApiClient {
  const baseUrl = `${location.origin}${basePath}`;
  if (token === null) return createClient({ baseUrl, fetch: browserFetch });
  return createClient({
    ...{ baseUrl, token },
    // A token that has ended is forgotten, which leads to the sign-in; the address stays. The
    // answer may be late: by then somebody may have come in with another one.
    async fetch(url, init) {
      const answer = await browserFetch(url, init);
      // A proxy may refuse as well, by a scheme of its own, which says nothing of the token.
      const isOfApi = answer.headers.get("www-authenticate") === "Bearer";
      if (answer.status === 401 && isOfApi) forgetEnded(token);
      return answer;
    },
  });
}
