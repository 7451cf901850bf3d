// How often something was tried in a window of time, counted for all nodes together. What is
// counted and by whom is kept as a hash: no address and no name is at rest here.
import { createHash } from "node:crypto";
import { sql, type Tx } from "./db.ts";

export interface Limit {
  /** What is limited and for whom, as one text: "login address 192.0.2.1". */
  readonly key: string;
  readonly max: number;
  readonly windowSeconds: number;
}

/**
 * Counts one try against each limit. Answers in how many seconds all of them admit one again, or
 * undefined when this one is admitted. Not in the transaction of what is limited where a try that
 * fails must count too.
 */
export async function countTry(
  tx: Tx,
  limits: readonly Limit[],
  now: Date,
): Promise<number | undefined> {
  const tries = limits.map((limit) => ({ limit, key: toKey(limit) }));
  // By key, so that two requests that count the same two windows do not lock crosswise.
  tries.sort((a, b) => Buffer.compare(a.key, b.key));
  const keys = tries.map(({ key }) => key);
  const ends = tries.map(({ limit }) => new Date(now.getTime() + limit.windowSeconds * 1_000));
  // Two tries at once: the second waits for the first one's row and counts on from it. A window
  // begins with its first try, and a new one with the first try after its end.
  const rows = await tx.rows<{ key: Buffer; count: number; ends_at: Date }>(sql`
    insert into rate_windows as w (key, ends_at, count)
    select key, ends_at, 1
    from unnest(${keys}::bytea[], ${ends}::timestamptz[]) as t (key, ends_at)
    on conflict (key) do update set
      count = case when w.ends_at <= ${now} then 1 else w.count + 1 end,
      ends_at = case when w.ends_at <= ${now} then excluded.ends_at else w.ends_at end
    returning w.key, w.count, w.ends_at`);
  const waits = tries.flatMap(({ limit, key }) => {
    const row = rows.find((candidate) => candidate.key.equals(key));
    if (row === undefined || row.count <= limit.max) return [];
    return [Math.ceil((row.ends_at.getTime() - now.getTime()) / 1_000)];
  });
  return waits.length === 0 ? undefined : Math.max(1, ...waits);
}

/** Forgets what was counted against a limit. */
export async function forgiveTries(tx: Tx, limit: Limit): Promise<void> {
  await tx.run(sql`delete from rate_windows where key = ${toKey(limit)}`);
}

function toKey({ key }: Limit): Buffer {
  return createHash("sha256").update(key).digest();
}
