// Where the time of one request went. Attempts and delivery attempts show the same phases.
import { z } from "zod";

/** Milliseconds. Null where a phase was not needed (a reused connection) or is not known. */
export const phases = z
  .object({
    dns_ms: z.number().nullable(),
    connect_ms: z.number().nullable(),
    tls_ms: z.number().nullable(),
    first_byte_ms: z.number().nullable(),
    body_ms: z.number().nullable(),
  })
  .meta({ id: "Phases" });
export type Phases = z.output<typeof phases>;
