// The answer of whatever signs somebody in, and of what tells them about themselves.
import type { SignIn, User } from "@trigrun/contract";
import type { OpenedSession } from "../auth/session.ts";
import { trustLevelOf } from "../auth/trust.ts";
import type { AuditSubject } from "../store/audit-log.ts";
import type { Tx } from "../store/db.ts";
import type { UserRow } from "../store/users.ts";
import { type Belonging, listBelongings } from "../store/workspaces.ts";

export function toUser({ id, name, email, verifiedAt }: UserRow, now: Date): User {
  return { id, name, email, trust_level: trustLevelOf(verifiedAt, now) };
}

/** What the audit log says of whatever was done to an account. */
export function toUserSubject({ id, email }: UserRow): AuditSubject {
  return { kind: "user", id, name: email };
}

export interface SignInInput {
  readonly user: UserRow;
  readonly workspaceId: string;
  readonly opened: Pick<OpenedSession, "token" | "expiresAt">;
  readonly now: Date;
}

export async function toSignIn(tx: Tx, input: SignInInput): Promise<SignIn> {
  const { user, workspaceId, opened, now } = input;
  const all = await listBelongings(tx, user.id);
  const current = all.find(({ workspace }) => workspace.id === workspaceId);
  if (current === undefined) throw new Error("a sign-in is for a workspace of its person");
  return {
    token: opened.token,
    expires_at: opened.expiresAt.toISOString(),
    ...toReference(current),
    user: toUser(user, now),
    workspaces: all.map(toReference),
  };
}

function toReference({ workspace: { id, name }, role }: Belonging) {
  return { workspace: { id, name }, role };
}
