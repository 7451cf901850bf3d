// Destinations: where channels lead, and how fast each may be called. The address itself is not
// kept here, only a hash of it: it may hold a credential.
import { createHash } from "node:crypto";
import { newId } from "../id.ts";
import { sql, type Tx } from "./db.ts";

export interface Pace {
  readonly perMinute: number;
  /** How many calls may follow one another at once after a quiet time. */
  readonly burst: number;
  readonly overflow: "wait" | "digest";
}

const minuteMs = 60_000;

export function toPace(row: {
  interval_ms: number | null;
  burst: number;
  overflow: Pace["overflow"];
}): Pace | null {
  if (row.interval_ms === null) return null;
  // Back from milliseconds, which a rate like 7 a minute leaves with a tail.
  const perMinute = Math.round((minuteMs / row.interval_ms) * 1_000) / 1_000;
  return { perMinute, burst: row.burst, overflow: row.overflow };
}

export interface DestinationInput {
  readonly workspaceId: string;
  /** What the receiver counts calls by. */
  readonly address: string;
  /** The pace that a new destination gets. */
  readonly pace: Pace | null;
  /** True to give it to one that is known already. */
  readonly isDecided: boolean;
  readonly now: Date;
}

/** The destination's id; it is made when the workspace has none of this address. */
export async function openDestination(tx: Tx, input: DestinationInput): Promise<string> {
  const { workspaceId, pace, isDecided } = input;
  const key = createHash("sha256").update(input.address).digest("base64url");
  const intervalMs = pace && minuteMs / pace.perMinute;
  const burst = pace?.burst ?? 1;
  const overflow = pace?.overflow ?? "wait";
  const [row] = await tx.rows<{ id: string }>(sql`
    insert into destinations as t (id, workspace_id, key, interval_ms, burst, overflow)
    values (${newId("destination", input.now)}, ${workspaceId}, ${key}, ${intervalMs}, ${burst},
      ${overflow})
    on conflict on constraint destinations_key do update set
      -- A new pace begins with a full bucket: what the old one still owed says nothing about it.
      paid_until = case
        when ${isDecided} and excluded.interval_ms is distinct from t.interval_ms
        then least(t.paid_until, ${input.now}) else t.paid_until end,
      interval_ms = case when ${isDecided} then excluded.interval_ms else t.interval_ms end,
      burst = case when ${isDecided} then excluded.burst else t.burst end,
      overflow = case when ${isDecided} then excluded.overflow else t.overflow end
    returning id`);
  if (row === undefined) throw new Error("an upsert answered no row");
  return row.id;
}

/** Ends the pause that a receiver asked for: somebody who knows better wants to try now. */
export async function liftPause(tx: Tx, destinationId: string): Promise<void> {
  await tx.run(sql`
    update destinations set resumes_at = null, resumes_reason = null
    where id = ${destinationId} and resumes_at is not null`);
}
