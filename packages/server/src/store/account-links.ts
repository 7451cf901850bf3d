// The links that are mailed or handed over, as hashes: what each is for, for whom, and until when.
import { sql, type Tx } from "./db.ts";
import type { TokenRole } from "./tokens.ts";

export type LinkPurpose = "verify_email" | "reset_password" | "invitation";

export interface NewLink {
  readonly hash: Buffer;
  readonly purpose: LinkPurpose;
  readonly userId: string | null;
  readonly invitationId: string | null;
  readonly expiresAt: Date;
  readonly now: Date;
}

export async function insertLink(tx: Tx, link: NewLink): Promise<void> {
  await tx.run(sql`
    insert into account_links (token_hash, purpose, user_id, invitation_id, created_at, expires_at)
    values (${link.hash}, ${link.purpose}, ${link.userId}, ${link.invitationId}, ${link.now},
      ${link.expiresAt})`);
}

/**
 * Whose link this is; undefined when there is none, or it ended. With it every other link of the
 * person for the same purpose is used up.
 */
export async function useLink(
  tx: Tx,
  input: {
    readonly hash: Buffer;
    readonly purpose: "verify_email" | "reset_password";
    readonly now: Date;
  },
): Promise<string | undefined> {
  const { hash, purpose, now } = input;
  // One link is followed twice at once: the second waits for the first and then finds no row.
  const [link] = await tx.rows<{ user_id: string }>(sql`
    delete from account_links
    where token_hash = ${hash} and purpose = ${purpose} and expires_at > ${now}
    returning user_id`);
  if (link === undefined) return undefined;
  await tx.run(sql`
    delete from account_links where user_id = ${link.user_id} and purpose = ${purpose}`);
  return link.user_id;
}

export interface InvitationLink {
  readonly invitationId: string;
  readonly workspaceId: string;
  readonly email: string;
  readonly role: TokenRole;
}

/** The invitation behind a link. It stays: whoever accepts it deletes it. */
export async function findInvitationByLink(
  tx: Tx,
  hash: Buffer,
  now: Date,
): Promise<InvitationLink | undefined> {
  const [row] = await tx.rows<{
    id: string;
    workspace_id: string;
    email: string;
    role: TokenRole;
  }>(sql`
    select i.id, i.workspace_id, i.email, i.role
    from account_links l join invitations i on i.id = l.invitation_id
    where l.token_hash = ${hash} and l.expires_at > ${now} and i.expires_at > ${now}`);
  return (
    row && {
      invitationId: row.id,
      workspaceId: row.workspace_id,
      email: row.email,
      role: row.role,
    }
  );
}
