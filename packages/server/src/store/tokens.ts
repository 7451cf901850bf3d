// API tokens as rows. Only hashes come in here: the text of a token is never stored.
import { type ApiToken, type Role, roles, type Scope } from "@trigrun/contract";
import { empty, sql, type Tx } from "./db.ts";
import { type Page, type PageRequest, toPage } from "./page.ts";

export type TokenRole = Exclude<Role, "public">;

export interface FoundToken {
  readonly id: string;
  readonly workspaceId: string;
  /** The token's own, or its creator's where that is less. */
  readonly role: TokenRole;
  readonly scopes: readonly Scope[] | null;
  /** The membership of the creator; null for tokens of the host. */
  readonly memberId: string | null;
  /** The creator; null for tokens of the host. */
  readonly makerUserId: string | null;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
}

interface FoundRow {
  id: string;
  workspace_id: string;
  role: TokenRole;
  member_role: TokenRole | null;
  scopes: Scope[] | null;
  member_id: string | null;
  maker_user_id: string | null;
  expires_at: Date | null;
  last_used_at: Date | null;
}

/**
 * The token with this hash, unless it is revoked or its creator has left the workspace. Whether it
 * expired is the caller's to say.
 */
export async function findToken(tx: Tx, hash: Buffer): Promise<FoundToken | undefined> {
  const [row] = await tx.rows<FoundRow>({
    name: "tokens_find",
    text: `select t.id, t.workspace_id, t.role, t.scopes, t.member_id, m.role as member_role,
             m.user_id as maker_user_id, t.expires_at, t.last_used_at
           from api_tokens t
           left join memberships m on m.id = t.member_id and m.workspace_id = t.workspace_id
           where t.token_hash = $1 and t.revoked_at is null
             and (t.member_id is null or m.id is not null)`,
    values: [hash],
  });
  return (
    row && {
      id: row.id,
      workspaceId: row.workspace_id,
      role: lesserRole(row.role, row.member_role ?? row.role),
      scopes: row.scopes,
      memberId: row.member_id,
      makerUserId: row.maker_user_id,
      expiresAt: row.expires_at,
      lastUsedAt: row.last_used_at,
    }
  );
}

function lesserRole(a: TokenRole, b: TokenRole): TokenRole {
  return roles.indexOf(a) < roles.indexOf(b) ? a : b;
}

export async function noteTokenUse(tx: Tx, id: string, now: Date): Promise<void> {
  await tx.run(sql`update api_tokens set last_used_at = ${now} where id = ${id}`);
}

export interface NewToken {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly role: TokenRole;
  readonly scopes: readonly Scope[] | null;
  readonly memberId: string | null;
  readonly hash: Buffer;
  readonly expiresAt: Date | null;
  readonly now: Date;
}

export async function insertToken(tx: Tx, token: NewToken): Promise<void> {
  await tx.run(sql`
    insert into api_tokens (id, workspace_id, name, role, scopes, member_id, token_hash,
      expires_at, created_at)
    values (${token.id}, ${token.workspaceId}, ${token.name}, ${token.role}, ${token.scopes},
      ${token.memberId}, ${token.hash}, ${token.expiresAt}, ${token.now})`);
}

/** True when a token was ever made, be it revoked or expired since. */
export async function hasTokens(tx: Tx): Promise<boolean> {
  const rows = await tx.rows(sql`select 1 from api_tokens limit 1`);
  return rows.length > 0;
}

/** Ends the life of every bootstrap token but the one with this hash. Answers which that were. */
export async function revokeBootstrapTokens(
  tx: Tx,
  input: { readonly except: Buffer | undefined; readonly now: Date },
): Promise<string[]> {
  const rows = await tx.rows<{ id: string }>(sql`
    update api_tokens set revoked_at = ${input.now}
    where is_bootstrap and revoked_at is null
      and token_hash is distinct from ${input.except ?? null}
    returning id`);
  return rows.map(({ id }) => id);
}

/**
 * Makes the bootstrap token, or brings back to life the row that had this hash before. Answers its
 * id unless it stands already.
 */
export async function upsertBootstrapToken(tx: Tx, token: NewToken): Promise<string | undefined> {
  const [row] = await tx.rows<{ id: string }>(sql`
    insert into api_tokens as t (id, workspace_id, name, role, token_hash, is_bootstrap,
      created_at)
    values (${token.id}, ${token.workspaceId}, ${token.name}, ${token.role}, ${token.hash}, true,
      ${token.now})
    on conflict (token_hash) do update set
      workspace_id = excluded.workspace_id, name = excluded.name, role = excluded.role,
      is_bootstrap = true, revoked_at = null, expires_at = null, member_id = null, scopes = null
    where not t.is_bootstrap or t.revoked_at is not null
    returning t.id`);
  return row?.id;
}

interface ListedRow {
  id: string;
  name: string;
  role: TokenRole;
  scopes: Scope[] | null;
  is_bootstrap: boolean;
  user_id: string | null;
  user_name: string | null;
  user_email: string | null;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
}

const columns = sql`t.id, t.name, t.role, t.scopes, t.is_bootstrap, u.id as user_id,
  u.name as user_name, u.email as user_email, t.created_at, t.expires_at, t.last_used_at`;

// A token whose creator has left is dead, and is not shown as if it were alive.
const source = sql`api_tokens t
  left join memberships m on m.id = t.member_id and m.workspace_id = t.workspace_id
  left join users u on u.id = m.user_id`;
const isAlive = sql`t.revoked_at is null and (t.member_id is null or m.id is not null)`;

export async function listTokens(
  tx: Tx,
  workspaceId: string,
  page: PageRequest,
): Promise<Page<ApiToken>> {
  const rows = await tx.rows<ListedRow>(sql`
    select ${columns} from ${source}
    where t.workspace_id = ${workspaceId} and ${isAlive}
      ${page.before === undefined ? empty : sql`and t.id < ${page.before}`}
    order by t.id desc limit ${page.limit + 1}`);
  return toPage(rows, page.limit, toApiToken);
}

/** Undefined when it is revoked, dead or another workspace's. */
export async function readToken(
  tx: Tx,
  workspaceId: string,
  id: string,
): Promise<{ readonly token: ApiToken; readonly isBootstrap: boolean } | undefined> {
  const [row] = await tx.rows<ListedRow>(sql`
    select ${columns} from ${source}
    where t.id = ${id} and t.workspace_id = ${workspaceId} and ${isAlive}`);
  return row && { token: toApiToken(row), isBootstrap: row.is_bootstrap };
}

export async function revokeToken(
  tx: Tx,
  input: { readonly workspaceId: string; readonly id: string; readonly now: Date },
): Promise<void> {
  await tx.run(sql`
    update api_tokens set revoked_at = ${input.now}
    where id = ${input.id} and workspace_id = ${input.workspaceId} and revoked_at is null`);
}

function toApiToken(row: ListedRow): ApiToken {
  const { user_id: id, user_name: name, user_email: email } = row;
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    scopes: row.scopes,
    // A left join gives all of a person or nothing.
    created_by: id !== null && name !== null && email !== null ? { id, name, email } : null,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
  };
}
