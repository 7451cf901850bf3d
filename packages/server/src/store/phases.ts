// The phases of a call as columns, for every table that records one.
import type { Attempt } from "../run/attempt.ts";

export function toPhaseColumns(phases: Attempt["phases"] | undefined) {
  return {
    dns_ms: phases?.dnsMs,
    connect_ms: phases?.connectMs,
    tls_ms: phases?.tlsMs,
    first_byte_ms: phases?.firstByteMs,
    body_ms: phases?.bodyMs,
  };
}
