// Ids: opaque, time-ordered, URL-safe, and they say their kind. The SQL twin is `new_id()`.
import { randomBytes } from "node:crypto";
import { type IdKind, idPrefixes } from "@trigrun/contract";

/** `job_` + 12 hex digits of milliseconds + 20 random hex digits (80 bits: no two collide). */
export function newId(kind: IdKind, now: Date): string {
  const milliseconds = now.getTime().toString(16).padStart(12, "0");
  return `${idPrefixes[kind]}_${milliseconds}${randomBytes(10).toString("hex")}`;
}
