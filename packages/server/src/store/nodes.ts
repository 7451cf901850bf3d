// Nodes: processes that hold leases. A node's leases live as long as its row is in date.
import { sql, type Tx } from "./db.ts";

/** Says that the node lives, for as many seconds from the database's now. */
export async function beat(tx: Tx, nodeId: string, seconds: number): Promise<void> {
  await tx.run(sql`
    insert into nodes (id, expires_at) values (${nodeId}, now() + make_interval(secs => ${seconds}))
    on conflict (id) do update set expires_at = excluded.expires_at`);
}

/** Ends a node's life at once: what it still held can be rescued right away. */
export async function bury(tx: Tx, nodeId: string): Promise<void> {
  await tx.run(sql`delete from nodes where id = ${nodeId}`);
}

/** Nodes that live and do not say that they hold the key, or seal with it where that is asked. */
export async function findNodesWithout(
  tx: Tx,
  keyVersion: number,
  { mustSeal }: { readonly mustSeal: boolean },
): Promise<string[]> {
  const rows = await tx.rows<{ id: string }>(sql`
    select id from nodes
    where expires_at > now()
      and not coalesce(
        case when ${mustSeal} then key_versions[1] = ${keyVersion}
        else ${keyVersion} = any (key_versions) end, false)
    order by id`);
  return rows.map(({ id }) => id);
}

/** Ends the life of every node. Only for a database that no other process can be using. */
export async function buryAll(tx: Tx): Promise<void> {
  await tx.run(sql`delete from nodes`);
}

/** Forgets nodes that died long ago; their leases were rescued by then. */
export async function forgetDead(tx: Tx): Promise<number> {
  return tx.run(sql`delete from nodes where expires_at < now() - interval '1 hour'`);
}
