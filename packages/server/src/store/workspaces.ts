// Workspaces: what owns everything else. The first one is made by the first start.
import { newId } from "../id.ts";
import { sql, type Tx } from "./db.ts";

// Any number that no other lock of this product uses; "work" in ASCII.
const setupLock = 0x77_6f_72_6b;

export interface Workspace {
  readonly id: string;
}

/**
 * The workspace of a fresh install, made when there is none. Nodes that start at once on an empty
 * database wait for each other here until the transaction ends, so what the caller makes in the
 * same transaction is made once, too.
 */
export async function ensureFirstWorkspace(tx: Tx, now: Date): Promise<Workspace> {
  await tx.run(sql`select pg_advisory_xact_lock(${setupLock})`);
  const [found] = await tx.rows<Workspace>(
    sql`select id from workspaces order by created_at, id limit 1`,
  );
  if (found) return found;
  const id = newId("workspace", now);
  await tx.run(sql`
    insert into workspaces (id, name, created_at)
    values (${id}, 'Default', ${now})`);
  return { id };
}
