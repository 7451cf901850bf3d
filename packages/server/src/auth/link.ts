// Links that stand for a person or an invitation: where they lead, how long they live, and how they
// are made. The secret is behind the `#`, which browsers send to no server and no log holds.
import { insertLink, type LinkPurpose } from "../store/account-links.ts";
import { insertHostEntry } from "../store/audit-log.ts";
import type { Tx } from "../store/db.ts";
import { findClaimants } from "../store/users.ts";
import { createLinkText, hashToken } from "./token.ts";

const hour = 3_600_000;

// Ours: a day to find the mail among others, an hour for what opens an account to whoever reads the
// mailbox, a week for colleagues who are away.
export const linkLifeMs: Readonly<Record<LinkPurpose, number>> = {
  verify_email: 24 * hour,
  reset_password: hour,
  invitation: 7 * 24 * hour,
};

/** The pages of api/account-pages.ts. */
const linkPaths: Readonly<Record<LinkPurpose, string>> = {
  verify_email: "/account/verify-email",
  reset_password: "/account/reset-password",
  invitation: "/account/invitation",
};

export interface LinkInput {
  readonly purpose: LinkPurpose;
  /** The person's, or the invitation's. */
  readonly subjectId: string;
  readonly publicUrl: string;
  /** Instead of the life of its purpose. */
  readonly expiresAt?: Date;
  readonly now: Date;
}

/** Makes a link. Its text is in the answer and nowhere else. */
export async function createLink(tx: Tx, input: LinkInput): Promise<string> {
  const { purpose, subjectId, publicUrl, now } = input;
  const text = createLinkText();
  const isInvitation = purpose === "invitation";
  await insertLink(tx, {
    ...{ hash: hashToken(text), purpose, now },
    userId: isInvitation ? null : subjectId,
    invitationId: isInvitation ? subjectId : null,
    expiresAt: input.expiresAt ?? new Date(now.getTime() + linkLifeMs[purpose]),
  });
  return `${publicUrl}${linkPaths[purpose]}#${text}`;
}

/**
 * For operators whose installation sends no mail; undefined when nobody has the address. In a
 * transaction: the link and what the audit log says of it are made together.
 */
export async function createResetLink(
  tx: Tx,
  input: { readonly email: string; readonly publicUrl: string; readonly now: Date },
): Promise<string | undefined> {
  const { email, publicUrl, now } = input;
  const { verified, pending } = await findClaimants(tx, email);
  const user = verified ?? pending;
  if (user === undefined) return undefined;
  const accountId = user.id;
  await insertHostEntry(tx, {
    ...{ action: "createResetLink", command: "trigrun account reset-link" },
    subject: { kind: "user", id: accountId, name: user.email },
    ...{ workspaceId: null, accountId, now },
  });
  return await createLink(tx, { purpose: "reset_password", subjectId: accountId, publicUrl, now });
}
