// The phases of a call as columns, for every table that records one.
export const phaseColumns = {
  dns_ms: "real",
  connect_ms: "real",
  tls_ms: "real",
  first_byte_ms: "real",
  body_ms: "real",
} as const;
