// The phases of a call as columns, for every table that records one.
import type { Attempt } from "../run/attempt.ts";

export const phaseColumns = {
  dns_ms: "real",
  connect_ms: "real",
  tls_ms: "real",
  first_byte_ms: "real",
  body_ms: "real",
} as const;

export function toPhaseColumns(phases: Attempt["phases"] | undefined) {
  return {
    dns_ms: phases?.dnsMs,
    connect_ms: phases?.connectMs,
    tls_ms: phases?.tlsMs,
    first_byte_ms: phases?.firstByteMs,
    body_ms: phases?.bodyMs,
  };
}
