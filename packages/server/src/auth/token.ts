// Tokens: how they look, how they are hashed, and how the first ones come to be.
// The text of a token is answered once, by whoever makes it, and kept nowhere.
import { createHash, randomBytes } from "node:crypto";
import type { Scope } from "@trigrun/contract";
import { newId } from "../id.ts";
import { insertHostEntry } from "../store/audit-log.ts";
import type { Database, Tx } from "../store/db.ts";
import {
  hasTokens,
  insertToken,
  revokeBootstrapTokens,
  type TokenRole,
  upsertBootstrapToken,
} from "../store/tokens.ts";
import { ensureFirstWorkspace } from "../store/workspaces.ts";

/** `cron_pat_` + 256 random bits: secret scanners find the one, nobody guesses the other. */
export function createTokenText(): string {
  return `cron_pat_${randomBytes(32).toString("base64url")}`;
}

/** The text of a sign-in's token: as strong, and told apart by its first letters. */
export function createSessionText(): string {
  return `${sessionPrefix}${randomBytes(32).toString("base64url")}`;
}

export const sessionPrefix = "cron_ses_";

/** The secret of a link: 256 random bits, in letters that every mail program leaves whole. */
export function createLinkText(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * SHA-256 without a salt or work factor: those slow down guessing, and 256 random bits are not
 * guessed. A bootstrap token is its maker's; the setting asks for 32 characters or more.
 */
export function hashToken(text: string | Buffer): Buffer {
  return createHash("sha256").update(text).digest();
}

export interface TokenInput {
  readonly workspaceId: string;
  readonly name: string;
  readonly role: TokenRole;
  readonly scopes?: readonly Scope[] | null;
  /** The membership of its creator, with which it dies; none for tokens of the host. */
  readonly memberId?: string | null;
  readonly expiresAt?: Date | null;
  readonly now: Date;
}

/** Makes a token. Its text is in the answer and nowhere else. */
export async function createToken(
  tx: Tx,
  input: TokenInput,
): Promise<{ id: string; token: string }> {
  const { workspaceId, name, role, now } = input;
  const id = newId("token", now);
  const token = createTokenText();
  const hash = hashToken(token);
  const { scopes = null, memberId = null, expiresAt = null } = input;
  await insertToken(tx, { id, workspaceId, name, role, scopes, memberId, hash, expiresAt, now });
  return { id, token };
}

const bootstrapName = "bootstrap";
const bootstrapSetting = "TRIGRUN_BOOTSTRAP_TOKEN";

/**
 * Makes a token in the name of the host, where a command or the first start asks for one, and
 * writes it down. Its text is in the answer and nowhere else.
 */
export async function createHostToken(
  tx: Tx,
  input: Pick<TokenInput, "workspaceId" | "name" | "role" | "now"> & { readonly command: string },
): Promise<string> {
  const { command, ...rest } = input;
  const { workspaceId, name, role, now } = rest;
  const { id, token } = await createToken(tx, rest);
  const subject = { kind: "token", id, name } as const;
  const values = { role };
  await insertHostEntry(tx, { action: "createToken", command, subject, workspaceId, values, now });
  return token;
}

/**
 * Brings the bootstrap token in line with TRIGRUN_BOOTSTRAP_TOKEN: made when it is new, replaced
 * when it changed, revoked when the setting is gone. Nodes must agree about the setting.
 */
export async function ensureBootstrapToken(
  db: Database,
  text: string | undefined,
  now: Date,
): Promise<void> {
  // Header fields arrive without blanks around them.
  const hash = text === undefined ? undefined : hashToken(text.trim());
  await db.transaction(async (tx) => {
    const workspace = await ensureFirstWorkspace(tx, now);
    const workspaceId = workspace.id;
    const record = async (action: "createToken" | "revokeToken", id: string) => {
      const subject = { kind: "token", id, name: bootstrapName } as const;
      await insertHostEntry(tx, { action, command: bootstrapSetting, subject, workspaceId, now });
    };
    for (const id of await revokeBootstrapTokens(tx, { except: hash, now })) {
      await record("revokeToken", id);
    }
    if (hash === undefined) return;
    const made = await upsertBootstrapToken(tx, {
      id: newId("token", now),
      workspaceId,
      name: bootstrapName,
      role: "owner",
      scopes: null,
      memberId: null,
      hash,
      expiresAt: null,
      now,
    });
    if (made !== undefined) await record("createToken", made);
  });
}

/**
 * On a fresh install, an owner token to begin with; undefined once any token was ever made.
 * `keep` makes its text durable before the token counts: after a crash between the two there is
 * a text that opens nothing, and the next start replaces it. The other way round nobody could
 * enter. It is called again when the transaction is.
 */
export async function ensureOwnerToken(
  db: Database,
  now: Date,
  keep: (text: string) => Promise<void>,
): Promise<string | undefined> {
  return await db.transaction(async (tx) => {
    const workspace = await ensureFirstWorkspace(tx, now);
    if (await hasTokens(tx)) return undefined;
    const token = await createHostToken(tx, {
      workspaceId: workspace.id,
      name: "first owner",
      role: "owner",
      command: "first start",
      now,
    });
    await keep(token);
    return token;
  });
}
