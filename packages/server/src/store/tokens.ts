// API tokens as rows. Only hashes come in here: the text of a token is never stored.
import type { Role } from "@trigrun/contract";
import { sql, type Tx } from "./db.ts";

export type TokenRole = Exclude<Role, "public">;

export interface FoundToken {
  readonly id: string;
  readonly workspaceId: string;
  readonly role: TokenRole;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
}

interface FoundRow {
  id: string;
  workspace_id: string;
  role: TokenRole;
  expires_at: Date | null;
  last_used_at: Date | null;
}

/** The token with this hash, unless it is revoked. Whether it expired is the caller's to say. */
export async function findToken(tx: Tx, hash: Buffer): Promise<FoundToken | undefined> {
  const [row] = await tx.rows<FoundRow>({
    name: "tokens_find",
    text: `select id, workspace_id, role, expires_at, last_used_at
           from api_tokens where token_hash = $1 and revoked_at is null`,
    values: [hash],
  });
  return (
    row && {
      id: row.id,
      workspaceId: row.workspace_id,
      role: row.role,
      expiresAt: row.expires_at,
      lastUsedAt: row.last_used_at,
    }
  );
}

export async function noteTokenUse(tx: Tx, id: string, now: Date): Promise<void> {
  await tx.run(sql`update api_tokens set last_used_at = ${now} where id = ${id}`);
}

export interface NewToken {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly role: TokenRole;
  readonly hash: Buffer;
  readonly expiresAt: Date | null;
  readonly now: Date;
}

export async function insertToken(tx: Tx, token: NewToken): Promise<void> {
  await tx.run(sql`
    insert into api_tokens (id, workspace_id, name, role, token_hash, expires_at, created_at)
    values (${token.id}, ${token.workspaceId}, ${token.name}, ${token.role}, ${token.hash},
      ${token.expiresAt}, ${token.now})`);
}

/** True when a token was ever made, be it revoked or expired since. */
export async function hasTokens(tx: Tx): Promise<boolean> {
  const rows = await tx.rows(sql`select 1 from api_tokens limit 1`);
  return rows.length > 0;
}

/** Ends the life of every bootstrap token but the one with this hash. */
export async function revokeBootstrapTokens(
  tx: Tx,
  input: { readonly except: Buffer | undefined; readonly now: Date },
): Promise<void> {
  await tx.run(sql`
    update api_tokens set revoked_at = ${input.now}
    where is_bootstrap and revoked_at is null
      and token_hash is distinct from ${input.except ?? null}`);
}

/** Makes the bootstrap token, or brings back to life the row that had this hash before. */
export async function upsertBootstrapToken(tx: Tx, token: NewToken): Promise<void> {
  await tx.run(sql`
    insert into api_tokens as t (id, workspace_id, name, role, token_hash, is_bootstrap,
      created_at)
    values (${token.id}, ${token.workspaceId}, ${token.name}, ${token.role}, ${token.hash}, true,
      ${token.now})
    on conflict (token_hash) do update set
      workspace_id = excluded.workspace_id, name = excluded.name, role = excluded.role,
      is_bootstrap = true, revoked_at = null, expires_at = null
    where not t.is_bootstrap or t.revoked_at is not null`);
}

export interface TokenWithWorkspace {
  readonly tokenName: string;
  readonly expiresAt: Date | null;
  readonly workspaceName: string;
}

/** What `GET /v1/auth/me` says beyond what the request itself knows. */
export async function readTokenWithWorkspace(
  tx: Tx,
  input: { readonly workspaceId: string; readonly tokenId: string },
): Promise<TokenWithWorkspace | undefined> {
  const [row] = await tx.rows<{ name: string; expires_at: Date | null; workspace_name: string }>(
    sql`
      select t.name, t.expires_at, w.name as workspace_name
      from api_tokens t join workspaces w on w.id = t.workspace_id
      where t.id = ${input.tokenId} and t.workspace_id = ${input.workspaceId}`,
  );
  return (
    row && { tokenName: row.name, expiresAt: row.expires_at, workspaceName: row.workspace_name }
  );
}
