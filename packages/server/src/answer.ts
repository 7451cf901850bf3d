// What is shown of a call to somebody's address, whoever made it: its headers without credentials,
// and where its time went. Pure.
import type { Phases as ShownPhases } from "@trigrun/contract";
import type { Scrub } from "./scrub.ts";

/** Whole milliseconds of the last hop; null: not reached, not needed, or on a kept connection. */
export interface Phases {
  dnsMs: number | null;
  connectMs: number | null;
  tlsMs: number | null;
  /** From sending the request until the first byte of the answer. */
  firstByteMs: number | null;
  bodyMs: number | null;
}

type Headers = Readonly<Record<string, string>>;

/** Of an answer: all but cookies, which are credentials of somebody else. */
export function showHeaders(
  { "set-cookie": _, ...headers }: Headers,
  scrub: Scrub,
): Record<string, string> {
  return scrubHeaders(headers, scrub);
}

/** Without NUL, which PostgreSQL does not take. Names are a stranger's, too. */
export function scrubHeaders(headers: Headers, scrub: Scrub): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      scrub(name),
      scrub(value.replaceAll("\0", "")),
    ]),
  );
}

/** As they are called on the wire and in tables; all null where nothing is known of them. */
export function showPhases(phases: Phases | null | undefined): ShownPhases {
  return {
    dns_ms: phases?.dnsMs ?? null,
    connect_ms: phases?.connectMs ?? null,
    tls_ms: phases?.tlsMs ?? null,
    first_byte_ms: phases?.firstByteMs ?? null,
    body_ms: phases?.bodyMs ?? null,
  };
}
