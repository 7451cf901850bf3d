// Ids carry the milliseconds of their making, so a span of time is a span of ids: it bounds what an
// index scan has to look at. It must never decide alone which rows are shown.
import { type IdKind, idPrefixes } from "@trigrun/contract";

// What a row says of its time and what its id says differ by less: rows are planned some seconds
// ahead, and clocks of machines are apart by seconds at worst.
const marginMs = 3_600_000;

// 12 hex digits hold no more, and no less.
const millisecondsMax = 2 ** 48 - 1;

/** Not after the id of any row made at `at` or later. */
export function idBoundBefore(kind: IdKind, at: Date): string {
  return idAt(kind, at.getTime() - marginMs);
}

/** After the id of every row made before `at`. */
export function idBoundAfter(kind: IdKind, at: Date): string {
  return idAt(kind, at.getTime() + marginMs);
}

/** The least id that a row made in this millisecond can have. */
export function idFloor(kind: IdKind, at: Date): string {
  return idAt(kind, at.getTime());
}

function idAt(kind: IdKind, milliseconds: number): string {
  const bounded = Math.min(Math.max(0, milliseconds), millisecondsMax);
  return `${idPrefixes[kind]}_${bounded.toString(16).padStart(12, "0")}`;
}
