// Invitations as rows: one for each address and workspace. Its links are rows of their own.
import type { Invitation } from "@trigrun/contract";
import { empty, sql, type Tx } from "./db.ts";
import { type Page, type PageRequest, toPage } from "./page.ts";
import type { TokenRole } from "./tokens.ts";

interface Row {
  id: string;
  email: string;
  role: TokenRole;
  user_id: string | null;
  user_name: string | null;
  user_email: string | null;
  created_at: Date;
  expires_at: Date;
}

const columns = sql`i.id, i.email, i.role, u.id as user_id, u.name as user_name,
  u.email as user_email, i.created_at, i.expires_at`;

function toInvitation(row: Row): Invitation {
  const { user_id: id, user_name: name, user_email: email } = row;
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    // A left join gives all of a person or nothing.
    invited_by: id !== null && name !== null && email !== null ? { id, name, email } : null,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
  };
}

export interface NewInvitation {
  readonly id: string;
  readonly workspaceId: string;
  readonly email: string;
  readonly role: TokenRole;
  readonly userId: string | null;
  readonly expiresAt: Date;
  readonly now: Date;
}

/**
 * Makes an invitation in place of the one that the address had, whose links and mails end with it.
 * The caller holds the lock of the workspace.
 */
export async function replaceInvitation(tx: Tx, invitation: NewInvitation): Promise<void> {
  const { id, workspaceId, email, role, userId, expiresAt, now } = invitation;
  await tx.run(sql`
    delete from invitations
    where workspace_id = ${workspaceId} and email_key = lower(${email})`);
  await tx.run(sql`
    insert into invitations (id, workspace_id, email, role, user_id, created_at, expires_at)
    values (${id}, ${workspaceId}, ${email}, ${role}, ${userId}, ${now}, ${expiresAt})`);
}

export async function findInvitation(
  tx: Tx,
  workspaceId: string,
  id: string,
): Promise<Invitation | undefined> {
  const [row] = await tx.rows<Row>(sql`
    select ${columns} from invitations i left join users u on u.id = i.user_id
    where i.id = ${id} and i.workspace_id = ${workspaceId}`);
  return row && toInvitation(row);
}

export async function listInvitations(
  tx: Tx,
  workspaceId: string,
  page: PageRequest,
  now: Date,
): Promise<Page<Invitation>> {
  const rows = await tx.rows<Row>(sql`
    select ${columns} from invitations i left join users u on u.id = i.user_id
    where i.workspace_id = ${workspaceId} and i.expires_at > ${now}
      ${page.before === undefined ? empty : sql`and i.id < ${page.before}`}
    order by i.id desc limit ${page.limit + 1}`);
  return toPage(rows, page.limit, toInvitation);
}

/** False when the workspace has no such invitation. Its links end with it. */
export async function deleteInvitation(tx: Tx, workspaceId: string, id: string): Promise<boolean> {
  const deleted = await tx.run(sql`
    delete from invitations where id = ${id} and workspace_id = ${workspaceId}`);
  return deleted > 0;
}

export interface MailedInvitation {
  readonly id: string;
  readonly workspace: string;
  readonly invitedBy: string | null;
  readonly role: TokenRole;
  readonly expiresAt: Date;
}

/** What the mail of an invitation says; undefined when it was revoked, accepted or replaced. */
export async function readInvitationForMail(
  tx: Tx,
  id: string,
): Promise<MailedInvitation | undefined> {
  const [row] = await tx.rows<{
    id: string;
    workspace: string;
    invited_by: string | null;
    role: TokenRole;
    expires_at: Date;
  }>(sql`
    select i.id, w.name as workspace, u.name as invited_by, i.role, i.expires_at
    from invitations i
    join workspaces w on w.id = i.workspace_id
    left join users u on u.id = i.user_id
    where i.id = ${id}`);
  return (
    row && {
      id: row.id,
      workspace: row.workspace,
      invitedBy: row.invited_by,
      role: row.role,
      expiresAt: row.expires_at,
    }
  );
}
