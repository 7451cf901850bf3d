// Ids: opaque, time-ordered, URL-safe, and they say their kind. The SQL twin is `new_id()`.
import { randomBytes } from "node:crypto";
import { type IdKind, idPrefixes } from "@trigrun/contract";

let lastMs = 0;
let count = 0;

/**
 * `job_` + 12 hex digits of milliseconds + 4 of a counter + 16 random ones. The counter keeps what
 * one process makes within a millisecond in order; 64 random bits keep processes apart.
 */
export function newId(kind: IdKind, now: Date): string {
  const ms = now.getTime();
  count = ms === lastMs ? (count + 1) % 0x1_0000 : 0;
  lastMs = ms;
  const time = ms.toString(16).padStart(12, "0");
  const place = count.toString(16).padStart(4, "0");
  return `${idPrefixes[kind]}_${time}${place}${randomBytes(8).toString("hex")}`;
}
