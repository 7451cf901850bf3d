// Memberships as rows: who belongs to which workspace in which role. Whatever could leave a
// workspace without an owner first takes the lock of the workspace.
import type { Member } from "@trigrun/contract";
import { empty, sql, type Tx } from "./db.ts";
import { type Page, type PageRequest, toPage } from "./page.ts";
import type { TokenRole } from "./tokens.ts";

interface Row {
  id: string;
  user_id: string;
  name: string;
  email: string;
  role: TokenRole;
  created_at: Date;
}

const columns = sql`m.id, m.user_id, u.name, u.email, m.role, m.created_at`;

function toMember(row: Row): Member {
  return {
    id: row.id,
    user: { id: row.user_id, name: row.name, email: row.email },
    role: row.role,
    joined_at: row.created_at.toISOString(),
  };
}

export async function insertMember(
  tx: Tx,
  input: {
    readonly id: string;
    readonly workspaceId: string;
    readonly userId: string;
    readonly role: TokenRole;
    readonly now: Date;
  },
): Promise<boolean> {
  // Two invitations are accepted at once: the second finds the membership of the first.
  const inserted = await tx.run(sql`
    insert into memberships (id, workspace_id, user_id, role, created_at)
    values (${input.id}, ${input.workspaceId}, ${input.userId}, ${input.role}, ${input.now})
    on conflict on constraint memberships_pair_key do nothing`);
  return inserted > 0;
}

export async function listMembers(
  tx: Tx,
  workspaceId: string,
  filter: { readonly role?: TokenRole | undefined; readonly email?: string | undefined },
  page: PageRequest,
): Promise<Page<Member>> {
  const rows = await tx.rows<Row>(sql`
    select ${columns} from memberships m join users u on u.id = m.user_id
    where m.workspace_id = ${workspaceId}
      ${filter.role === undefined ? empty : sql`and m.role = ${filter.role}`}
      ${filter.email === undefined ? empty : sql`and u.email_key = lower(${filter.email})`}
      ${page.before === undefined ? empty : sql`and m.id < ${page.before}`}
    order by m.id desc limit ${page.limit + 1}`);
  return toPage(rows, page.limit, toMember);
}

export async function findMember(
  tx: Tx,
  workspaceId: string,
  id: string,
): Promise<Member | undefined> {
  const [row] = await tx.rows<Row>(sql`
    select ${columns} from memberships m join users u on u.id = m.user_id
    where m.id = ${id} and m.workspace_id = ${workspaceId}`);
  return row && toMember(row);
}

/** True when somebody with this verified address belongs to the workspace. */
export async function hasMemberWithEmail(
  tx: Tx,
  workspaceId: string,
  email: string,
): Promise<boolean> {
  const rows = await tx.rows(sql`
    select 1 from memberships m join users u on u.id = m.user_id
    where m.workspace_id = ${workspaceId} and u.email_key = lower(${email})`);
  return rows.length > 0;
}

/**
 * Until the end of `tx` nobody else changes who owns the workspace. Two last owners who leave at
 * once: the second waits here and then finds itself alone.
 */
export async function lockOwnership(tx: Tx, workspaceId: string): Promise<void> {
  await tx.run(sql`select 1 from workspaces where id = ${workspaceId} for no key update`);
}

/** How many owners the workspace has beside this member. */
export async function countOtherOwners(
  tx: Tx,
  workspaceId: string,
  memberId: string,
): Promise<number> {
  const [row] = await tx.rows<{ count: number }>(sql`
    select count(*)::int as count from memberships
    where workspace_id = ${workspaceId} and role = 'owner' and id <> ${memberId}`);
  return row?.count ?? 0;
}

export async function setMemberRole(
  tx: Tx,
  input: { readonly workspaceId: string; readonly memberId: string; readonly role: TokenRole },
): Promise<void> {
  await tx.run(sql`
    update memberships set role = ${input.role}
    where id = ${input.memberId} and workspace_id = ${input.workspaceId}`);
}

/** Ends a membership with the sign-ins and the API tokens that hang on it. */
export async function deleteMember(
  tx: Tx,
  input: { readonly workspaceId: string; readonly memberId: string; readonly now: Date },
): Promise<void> {
  const { workspaceId, memberId, now } = input;
  await tx.run(sql`
    update api_tokens set revoked_at = ${now}
    where member_id = ${memberId} and workspace_id = ${workspaceId} and revoked_at is null`);
  await tx.run(sql`
    delete from sessions s using memberships m
    where m.id = ${memberId} and m.workspace_id = ${workspaceId}
      and s.user_id = m.user_id and s.workspace_id = m.workspace_id`);
  await tx.run(sql`
    delete from memberships where id = ${memberId} and workspace_id = ${workspaceId}`);
}
