// Sign-ins as rows. Only hashes come in here: the text of a token is never stored. A sign-in opens
// its workspace only while its user is a member there.
import { sql, type Tx } from "./db.ts";
import type { TokenRole } from "./tokens.ts";

export interface FoundSession {
  readonly id: string;
  readonly userId: string;
  readonly workspaceId: string;
  readonly memberId: string;
  readonly role: TokenRole;
  readonly isVerified: boolean;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
}

interface FoundRow {
  id: string;
  user_id: string;
  workspace_id: string;
  member_id: string;
  role: TokenRole;
  is_verified: boolean;
  expires_at: Date;
  last_used_at: Date | null;
}

/** Whether it expired is the caller's to say. */
export async function findSession(tx: Tx, hash: Buffer): Promise<FoundSession | undefined> {
  const [row] = await tx.rows<FoundRow>({
    name: "sessions_find",
    text: `select s.id, s.user_id, s.workspace_id, m.id as member_id, m.role,
             u.verified_at is not null as is_verified, s.expires_at, s.last_used_at
           from sessions s
           join users u on u.id = s.user_id
           join memberships m on m.user_id = s.user_id and m.workspace_id = s.workspace_id
           where s.token_hash = $1`,
    values: [hash],
  });
  return (
    row && {
      id: row.id,
      userId: row.user_id,
      workspaceId: row.workspace_id,
      memberId: row.member_id,
      role: row.role,
      isVerified: row.is_verified,
      expiresAt: row.expires_at,
      lastUsedAt: row.last_used_at,
    }
  );
}

export async function noteSessionUse(tx: Tx, id: string, now: Date): Promise<void> {
  await tx.run(sql`update sessions set last_used_at = ${now} where id = ${id}`);
}

export interface NewSession {
  readonly id: string;
  readonly userId: string;
  readonly workspaceId: string;
  readonly hash: Buffer;
  readonly expiresAt: Date;
  readonly now: Date;
}

// A person has a handful of devices; whoever signs in in a loop must not fill the table.
const perUserMax = 100;

/** Adds a sign-in and ends the oldest ones beyond what one person can need. */
export async function insertSession(tx: Tx, session: NewSession): Promise<void> {
  await tx.run(sql`
    insert into sessions (id, user_id, workspace_id, token_hash, expires_at, created_at)
    values (${session.id}, ${session.userId}, ${session.workspaceId}, ${session.hash},
      ${session.expiresAt}, ${session.now})`);
  await tx.run(sql`
    delete from sessions where id in (
      select id from sessions where user_id = ${session.userId}
      order by id desc offset ${perUserMax})`);
}

export async function deleteSession(tx: Tx, id: string): Promise<void> {
  await tx.run(sql`delete from sessions where id = ${id}`);
}

/** Ends every sign-in of a person but one. */
export async function deleteSessionsOf(
  tx: Tx,
  input: { readonly userId: string; readonly except: string | null },
): Promise<void> {
  await tx.run(sql`
    delete from sessions
    where user_id = ${input.userId} and id is distinct from ${input.except}`);
}

/** Moves a sign-in to another workspace under another token. False when it ended meanwhile. */
export async function moveSession(
  tx: Tx,
  input: { readonly id: string; readonly workspaceId: string; readonly hash: Buffer },
): Promise<boolean> {
  const moved = await tx.run(sql`
    update sessions set workspace_id = ${input.workspaceId}, token_hash = ${input.hash}
    where id = ${input.id}`);
  return moved > 0;
}
