// Wakes sleeping loops on every node when a client made something due.
// Sent inside the writing transaction: PostgreSQL delivers it when that commits, never before.
import { sql, type Tx } from "./db.ts";

/** The NOTIFY channel; the payload names the loop that has something to do. */
export const wakeChannel = "trigrun_wake";

export type Wakeable = "planner" | "runner" | "sender" | "mailer";

export async function wake(tx: Tx, loop: Wakeable): Promise<void> {
  await tx.run(sql`select pg_notify(${wakeChannel}, ${loop})`);
}

/** Tells the node that runs an execution to abort its request. */
export async function announceCancel(tx: Tx, executionId: string): Promise<void> {
  await tx.run(sql`select pg_notify(${wakeChannel}, ${`cancel ${executionId}`})`);
}
