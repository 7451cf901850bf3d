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
 * Counts one try against each limit, in their order, up to the first that refuses it: what one
 * address is refused must not use up what an account has from everywhere. Answers in how many
 * seconds that one admits again, or undefined when this try is admitted. Not in the transaction of
 * what is limited where a try that fails must count too.
 *
 * In a transaction the rows stay locked: lists that share a key must have it in the same order.
 */
export async function countTry(
  tx: Tx,
  limits: readonly Limit[],
  now: Date,
): Promise<number | undefined> {
  for (const limit of limits) {
    const { count, ends_at: endsAt } = await countOne(tx, limit, now);
    if (count <= limit.max) continue;
    return Math.max(1, Math.ceil((endsAt.getTime() - now.getTime()) / 1_000));
  }
  return undefined;
}

async function countOne(
  tx: Tx,
  limit: Limit,
  now: Date,
): Promise<{ count: number; ends_at: Date }> {
  const ends = new Date(now.getTime() + limit.windowSeconds * 1_000);
  // Two tries at once: the second waits for the first one's row and counts on from it. A window
  // begins with its first try, and a new one with the first try after its end.
  const [row] = await tx.rows<{ count: number; ends_at: Date }>(sql`
    insert into rate_windows as w (key, ends_at, count) values (${toKey(limit)}, ${ends}, 1)
    on conflict (key) do update set
      count = case when w.ends_at <= ${now} then 1 else w.count + 1 end,
      ends_at = case when w.ends_at <= ${now} then excluded.ends_at else w.ends_at end
    returning w.count, w.ends_at`);
  if (row === undefined) throw new Error("an upsert answers its row");
  return row;
}

/** Forgets what was counted against a limit. */
export async function forgiveTries(tx: Tx, limit: Limit): Promise<void> {
  await tx.run(sql`delete from rate_windows where key = ${toKey(limit)}`);
}

function toKey({ key }: Limit): Buffer {
  return createHash("sha256").update(key).digest();
}
