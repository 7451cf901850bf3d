// Members and invitations of a workspace. An invitation is bound to its address: whoever has the
// link still needs the password of that account, or makes the account that has the address.
import { ApiError, type SignIn } from "@trigrun/contract";
import { limitsOfInvitation, limitsOfLink, limitsOfSignIn } from "../auth/limits.ts";
import { createLink, linkLifeMs } from "../auth/link.ts";
import { openSession } from "../auth/session.ts";
import { hashToken } from "../auth/token.ts";
import { sendsMail } from "../config.ts";
import { newId } from "../id.ts";
import { findInvitationByLink, type InvitationLink } from "../store/account-links.ts";
import { queueMail } from "../store/account-mails.ts";
import type { Tx } from "../store/db.ts";
import {
  deleteInvitation,
  findInvitation,
  listInvitations,
  replaceInvitation,
} from "../store/invitations.ts";
import {
  deleteMember,
  findMember,
  hasMemberWithEmail,
  insertMember,
  listMembers,
  lockOwnership,
  setMemberRole,
} from "../store/members.ts";
import { toPageRequest } from "../store/page.ts";
import { findClaimants, holdPasswordHash, insertUser, type UserRow } from "../store/users.ts";
import { requireGoodPassword, toFieldRefusal } from "./account-input.ts";
import { requireWithin } from "./attempts.ts";
import { recordFailedSignIn } from "./audit.ts";
import type { ApiHandlers, RequestContext } from "./context.ts";
import { requireFound } from "./found.ts";
import { toSignIn } from "./sign-in.ts";
import { requireOwnerBeside } from "./workspaces.ts";

type AcceptBody = Parameters<ApiHandlers["acceptInvitation"]>[0]["body"];

export const memberHandlers: Pick<
  ApiHandlers,
  | "listMembers"
  | "inviteMember"
  | "updateMember"
  | "removeMember"
  | "listInvitations"
  | "revokeInvitation"
  | "acceptInvitation"
> = {
  async listMembers({ query }, { tx, workspaceId }) {
    return await listMembers(tx, workspaceId, query, toPageRequest("member", query));
  },

  async inviteMember({ body }, context) {
    const { tx, workspaceId, actor, now, services } = context;
    const { config, publicUrl } = services;
    const { email, role } = body;
    // Two invitations of one address at once: the second waits, and replaces the first.
    await lockOwnership(tx, workspaceId);
    if (await hasMemberWithEmail(tx, workspaceId, email)) {
      throw new ApiError("conflict", "Somebody with this address is a member already.");
    }
    const id = newId("invitation", now);
    const expiresAt = new Date(now.getTime() + linkLifeMs.invitation);
    const { userId } = actor;
    await replaceInvitation(tx, { id, workspaceId, email, role, userId, expiresAt, now });
    const purpose = "invitation";
    const link = { purpose, subjectId: id, publicUrl, expiresAt, now } as const;
    const isMailed = sendsMail(config);
    const url = isMailed ? null : await createLink(tx, link);
    if (isMailed) {
      await requireWithin(context, limitsOfInvitation(workspaceId, email), tx);
      await queueMail(tx, { purpose, email, userId: null, invitationId: id, publicUrl, now });
    }
    const invitation = requireFound(await findInvitation(tx, workspaceId, id), "invitation");
    return { ...invitation, url, takes_new_accounts: config.signUp !== "closed" };
  },

  async updateMember({ params, body }, context) {
    const { tx, workspaceId } = context;
    const member = requireFound(await findMember(tx, workspaceId, params.id), "member");
    if (body.role !== "owner") await requireOwnerBeside(context, member.id, "have a lesser role");
    await setMemberRole(tx, { workspaceId, memberId: member.id, role: body.role });
    return requireFound(await findMember(tx, workspaceId, params.id), "member");
  },

  async removeMember({ params }, context) {
    const { tx, workspaceId, now } = context;
    const { id: memberId } = requireFound(await findMember(tx, workspaceId, params.id), "member");
    await requireOwnerBeside(context, memberId, "be removed");
    await deleteMember(tx, { workspaceId, memberId, now });
    return undefined;
  },

  async listInvitations({ query }, { tx, workspaceId, now }) {
    return await listInvitations(tx, workspaceId, toPageRequest("invitation", query), now);
  },

  async revokeInvitation({ params }, { tx, workspaceId }) {
    const isDeleted = await deleteInvitation(tx, workspaceId, params.id);
    requireFound(isDeleted || undefined, "invitation");
    return undefined;
  },

  async acceptInvitation({ body }, context) {
    const { services, actor, now } = context;
    const { db } = services;
    await requireWithin(context, limitsOfLink(actor.address));
    const invitation = await findInvitationByLink(db, hashToken(body.token), now);
    if (invitation === undefined) throw toUsedUp();
    // The link lets its bearer guess at the password of an account.
    await requireWithin(context, limitsOfSignIn({ ...actor, account: invitation.email }).all);
    const { verified } = await findClaimants(db, invitation.email);
    if (verified === undefined) return await acceptAnew(context, invitation, body);
    const isRight = await services.passwords.matches(verified.passwordHash, body.password);
    const answer = isRight
      ? await db.transaction(async (tx) =>
          (await holdPasswordHash(tx, verified))
            ? await join(tx, context, invitation, verified)
            : undefined,
        )
      : undefined;
    if (answer !== undefined) return answer;
    await recordFailedSignIn(context, { email: verified.email, userId: verified.id });
    throw new ApiError("unauthorized", `This is not the password of ${invitation.email} here.`);
  },
};

/** Makes the account that has the invited address; the link has shown that they read its mail. */
async function acceptAnew(
  context: RequestContext,
  invitation: InvitationLink,
  { name, password }: AcceptBody,
): Promise<SignIn> {
  const { services, now } = context;
  const { db, config, passwords } = services;
  const { email } = invitation;
  if (config.signUp === "closed") {
    throw new ApiError(
      "forbidden",
      `${email} has no account here, and sign-up is closed: an operator opens it to those who ` +
        "are invited with TRIGRUN_SIGNUP=invite.",
    );
  }
  if (name === undefined) throw toFieldRefusal("name", "is required: it is for a new account");
  requireGoodPassword(password, email, "password");
  const passwordHash = await passwords.hash(password);
  return await db.transaction(async (tx) => {
    const user = { id: newId("user", now), name, email, verifiedAt: now };
    // Somebody made the account at this moment: their password is to be asked for.
    if (!(await insertUser(tx, { ...user, passwordHash, now }))) throw toUsedUp();
    return await join(tx, context, invitation, user);
  });
}

async function join(
  tx: Tx,
  { now, record }: RequestContext,
  invitation: InvitationLink,
  user: UserRow,
): Promise<SignIn> {
  const { invitationId, workspaceId, role } = invitation;
  // The link is followed twice at once: the second waits here and then finds nothing.
  if (!(await deleteInvitation(tx, workspaceId, invitationId))) throw toUsedUp();
  const userId = user.id;
  const id = newId("member", now);
  await insertMember(tx, { id, workspaceId, userId, role, now });
  const opened = await openSession(tx, { userId, workspaceId, now });
  await record(tx, {
    actor: { kind: "user", userId, sessionId: opened.id },
    ...{ subject: { kind: "member", id, name: user.email }, workspaceId },
  });
  return await toSignIn(tx, { user, workspaceId, opened, now });
}

function toUsedUp(): ApiError {
  return new ApiError(
    "unprocessable",
    "This invitation is used up, revoked or too old. Ask for a new one.",
  );
}
