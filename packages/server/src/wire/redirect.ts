// Where a redirect leads and what may go along, by the rules of fetch
// (https://fetch.spec.whatwg.org/#http-redirect-fetch). Pure; whether the new address may be
// reached is not decided here.

export interface Hop {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body: string | null;
}

// The limit of most clients is 20 or more; a call of a job that needs more than 5 is a loop.
export const redirectsMax = 5;

export function isRedirect(statusCode: number): boolean {
  return (
    statusCode === 301 ||
    statusCode === 302 ||
    statusCode === 303 ||
    statusCode === 307 ||
    statusCode === 308
  );
}

// fetch drops Authorization only. Here the header names are the user's own, so everything that
// sounds like a credential stays with the first origin, and whatever a secret was filled into.
const credentialName =
  /auth|cookie|token|secret|signature|hmac|key|credential|session|passw|jwt|csrf|^host$/i;

const bodyHeaderName = /^content-(type|length|encoding|language|location)$/i;

/**
 * The next request, or undefined when `location` is no URL. `confined` names the headers that stay
 * with the first origin whatever they are called.
 */
export function followRedirect(
  hop: Hop,
  statusCode: number,
  location: string,
  confined: readonly string[] = [],
): Hop | undefined {
  if (!URL.canParse(location, hop.url.href)) return undefined;
  const url = new URL(location, hop.url);
  const dropsBody =
    statusCode === 303
      ? hop.method !== "GET" && hop.method !== "HEAD"
      : hop.method === "POST" && (statusCode === 301 || statusCode === 302);
  const leavesOrigin = url.origin !== hop.url.origin;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(hop.headers)) {
    if (leavesOrigin && (credentialName.test(name) || confined.includes(name))) continue;
    if (dropsBody && bodyHeaderName.test(name)) continue;
    headers[name] = value;
  }
  return {
    url,
    method: dropsBody ? "GET" : hop.method,
    headers,
    body: dropsBody ? null : hop.body,
  };
}

/** How an address is shown to people: without its query, fragment, user and password. */
export function showUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search === "" ? "" : "?…"}`;
}
