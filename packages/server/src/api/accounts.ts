// Accounts: made, verified, and opened again when their password is lost. Where this installation
// sends mail, every answer is the same whether an address has an account or not.
import { ApiError } from "@trigrun/contract";
import {
  limitsOfLink,
  limitsOfMail,
  limitsOfSignUp,
  limitsOfStrangersEntry,
} from "../auth/limits.ts";
import { openSession } from "../auth/session.ts";
import { hashToken } from "../auth/token.ts";
import { type Config, sendsMail } from "../config.ts";
import { newId } from "../id.ts";
import { useLink } from "../store/account-links.ts";
import { queueMail } from "../store/account-mails.ts";
import type { Tx } from "../store/db.ts";
import { insertMember } from "../store/members.ts";
import { countTry } from "../store/rate-windows.ts";
import { deleteSessionsOf } from "../store/sessions.ts";
import {
  findClaimants,
  findUser,
  hasUsers,
  insertUser,
  markVerified,
  setPasswordHash,
  type UserRow,
  type UserWithHash,
} from "../store/users.ts";
import { ensureFirstWorkspace, insertWorkspace, saveWorkspace } from "../store/workspaces.ts";
import { requireGoodPassword, requireTimezone } from "./account-input.ts";
import { requireWithin } from "./attempts.ts";
import { requireSession } from "./auth.ts";
import type { ApiHandlers, RequestContext } from "./context.ts";
import { toSignIn, toUser, toUserSubject } from "./sign-in.ts";

type SignUpBody = Parameters<ApiHandlers["signUp"]>[0]["body"];

export const accountHandlers: Pick<
  ApiHandlers,
  | "getSignInOptions"
  | "signUp"
  | "verifyEmail"
  | "resendVerification"
  | "forgotPassword"
  | "resetPassword"
> = {
  async getSignInOptions(_input, { tx, services: { config } }) {
    const isFresh = !(await hasUsers(tx));
    return { sign_up: isFresh ? "first" : config.signUp, sends_mail: sendsMail(config) };
  },

  async signUp({ body }, context) {
    const { services, actor } = context;
    const { db, config, passwords } = services;
    await requireWithin(context, limitsOfSignUp({ ...actor, account: body.email }));
    // Before the work of hashing; the transaction looks again.
    if (config.signUp !== "open" && (await hasUsers(db))) throw toClosed(config.signUp);
    requireGoodPassword(body.password, body.email, "password");
    requireTimezone(body.timezone);
    const passwordHash = await passwords.hash(body.password);
    const isPending = sendsMail(config);
    const answer = await db.transaction((tx) => makeAccount(tx, context, body, passwordHash));
    if (isPending) context.answerAlsoStatus();
    return { ...answer, email_verification_required: isPending };
  },

  async verifyEmail({ body }, context) {
    const { services, actor, now } = context;
    await requireWithin(context, limitsOfLink(actor.address));
    return await services.db.transaction(async (tx) => {
      const user = await followLink(tx, body.token, "verify_email", now);
      const { id } = user;
      await markVerified(tx, id, now);
      await context.record(tx, byLink(user));
      return { user: toUser(await readUser(tx, id), now) };
    });
  },

  async resendVerification(_input, context) {
    const { services, actor, now } = context;
    const { db, config, publicUrl } = services;
    const user = await readUser(db, requireSession(actor).userId);
    await requireWithin(context, limitsOfMail({ ...actor, account: user.email }));
    const isRequired = sendsMail(config) && user.verifiedAt === null;
    const subject = toUserSubject(user);
    if (!isRequired) {
      await context.record(db, { subject });
      return { email_verification_required: false };
    }
    await db.transaction(async (tx) => {
      await queueVerification(tx, user, publicUrl, now);
      await context.record(tx, { subject });
    });
    return { email_verification_required: true };
  },

  async forgotPassword({ body }, context) {
    const { services, actor, now } = context;
    const { db, config, publicUrl } = services;
    if (!sendsMail(config)) {
      throw new ApiError(
        "unprocessable",
        "This installation sends no mail. Its operator can make a link on the host: " +
          "`trigrun account reset-link <e-mail>`.",
      );
    }
    await requireWithin(context, limitsOfMail({ ...actor, account: body.email }));
    // The same row for every address: whether it has an account is looked up when the mail is
    // made, where nobody waits for it.
    const mail = { purpose: "reset_password", email: body.email, userId: null } as const;
    await db.transaction(async (tx) => {
      await queueMail(tx, { ...mail, invitationId: null, publicUrl, now });
      await recordRequest(tx, context, body.email);
    });
    return undefined;
  },

  async resetPassword({ body }, context) {
    const { services, actor, now } = context;
    const { db, passwords } = services;
    await requireWithin(context, limitsOfLink(actor.address));
    const passwordHash = await passwords.hash(body.password);
    await db.transaction(async (tx) => {
      const user = await followLink(tx, body.token, "reset_password", now);
      const { id, email } = user;
      requireGoodPassword(body.password, email, "password");
      // Whoever follows the link reads the mailbox.
      await markVerified(tx, id, now);
      await setPasswordHash(tx, id, passwordHash);
      await deleteSessionsOf(tx, { userId: id, except: null });
      await context.record(tx, byLink(user));
    });
    return undefined;
  },
};

async function makeAccount(
  tx: Tx,
  context: RequestContext,
  body: SignUpBody,
  passwordHash: string,
) {
  const { services, now } = context;
  const { config, publicUrl } = services;
  const workspaceId = await chooseWorkspace(tx, config, body, now);
  const verifiedAt = sendsMail(config) ? null : now;
  const user = { id: newId("user", now), name: body.name, email: body.email, verifiedAt };
  if (!(await insertUser(tx, { ...user, passwordHash, now }))) {
    throw new ApiError("conflict", "There is an account with this e-mail address. Sign in to it.");
  }
  const memberId = newId("member", now);
  const membership = { id: memberId, workspaceId, userId: user.id, role: "owner" } as const;
  await insertMember(tx, { ...membership, now });
  if (verifiedAt === null) await queueVerification(tx, user, publicUrl, now);
  const opened = await openSession(tx, { userId: user.id, workspaceId, now });
  await context.record(tx, {
    actor: { kind: "user", userId: user.id, sessionId: opened.id },
    ...{ subject: toUserSubject(user), workspaceId },
  });
  return await toSignIn(tx, { user, workspaceId, opened, now });
}

/** Whoever follows a link is not known; whose link it is stands beside them. */
function byLink(user: UserRow) {
  return { actor: { kind: "link", userId: user.id }, subject: toUserSubject(user) } as const;
}

/** Asked for by anybody, for an address that may have an account. */
async function recordRequest(tx: Tx, context: RequestContext, email: string): Promise<void> {
  // One search more for an address that has one: nothing that a clock could tell from a commit,
  // and `limitsOfMail` lets nobody ask often.
  const { verified } = await findClaimants(tx, email);
  const userId = verified?.id ?? null;
  const limits = limitsOfStrangersEntry("forgotPassword", userId);
  if ((await countTry(tx, limits, context.now)) !== undefined) return context.omitEntry();
  await context.record(tx, {
    actor: { kind: "nobody", userId: null },
    ...{ subject: { kind: "user", id: userId, name: email }, accountId: userId },
  });
}

/** The workspace of a fresh install for the first account, a new one for each further. */
async function chooseWorkspace(
  tx: Tx,
  config: Config,
  body: SignUpBody,
  now: Date,
): Promise<string> {
  const { timezone, workspace_name: name } = body;
  if (!(await hasUsers(tx))) {
    // Two first ones at once: the second waits here, and then is not the first any more.
    const { id } = await ensureFirstWorkspace(tx, now);
    if (!(await hasUsers(tx))) {
      await saveWorkspace(tx, id, { name, timezone });
      return id;
    }
  }
  if (config.signUp !== "open") throw toClosed(config.signUp);
  const id = newId("workspace", now);
  await insertWorkspace(tx, { id, name: name ?? "My workspace", timezone, now });
  return id;
}

function toClosed(mode: Config["signUp"]): ApiError {
  return new ApiError(
    "forbidden",
    mode === "invite"
      ? "Accounts here are for those who are invited: follow the link of an invitation."
      : "Sign-up is closed here. An operator opens it with TRIGRUN_SIGNUP.",
  );
}

async function queueVerification(
  tx: Tx,
  { id: userId, email }: UserRow,
  publicUrl: string,
  now: Date,
): Promise<void> {
  const purpose = "verify_email";
  await queueMail(tx, { purpose, email, userId, invitationId: null, publicUrl, now });
}

/** Uses a link up and answers whose it is. */
async function followLink(
  tx: Tx,
  token: string,
  purpose: "verify_email" | "reset_password",
  now: Date,
): Promise<UserWithHash> {
  const userId = await useLink(tx, { hash: hashToken(token), purpose, now });
  if (userId !== undefined) return await readUser(tx, userId);
  throw new ApiError("unprocessable", "This link is used up or too old. Ask for a new one.");
}

async function readUser(tx: Tx, id: string): Promise<UserWithHash> {
  const user = await findUser(tx, id);
  if (user === undefined) throw new Error(`there is no user ${id}`);
  return user;
}
