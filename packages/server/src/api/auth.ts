// Sign-ins: opened, moved, ended, and what whoever asks may know about themselves. No answer tells
// whether an address has an account.
import { ApiError } from "@trigrun/contract";
import { limitsOfChange, limitsOfSignIn, limitsOfSwitch } from "../auth/limits.ts";
import type { Passwords } from "../auth/password.ts";
import { openSession } from "../auth/session.ts";
import { createSessionText, hashToken } from "../auth/token.ts";
import { forgiveTries } from "../store/rate-windows.ts";
import { deleteSession, deleteSessionsOf, moveSession } from "../store/sessions.ts";
import { readToken } from "../store/tokens.ts";
import {
  type Claimants,
  findClaimants,
  findUser,
  holdPasswordHash,
  replacePasswordHash,
  type UserWithHash,
} from "../store/users.ts";
import { findBelonging, findWorkspace, listBelongings } from "../store/workspaces.ts";
import { requireGoodPassword } from "./account-input.ts";
import { requireWithin } from "./attempts.ts";
import { recordFailedSignIn } from "./audit.ts";
import type { ApiHandlers, RequestContext } from "./context.ts";
import { toSignIn, toUser, toUserSubject } from "./sign-in.ts";

export const authHandlers: Pick<
  ApiHandlers,
  "getMe" | "logIn" | "logOut" | "changePassword" | "switchWorkspace"
> = {
  async logIn({ body }, context) {
    const { services, now, actor } = context;
    const { db, passwords } = services;
    const limits = limitsOfSignIn({ address: actor.address, account: body.email });
    await requireWithin(context, limits.all);
    const claimants = await findClaimants(db, body.email);
    const user = await findByPassword(passwords, claimants, body.password);
    const { verified } = claimants;
    // Whose address it is, or nobody: one who only claims it reads in the log of a workspace of its
    // own what is said of it, and must not learn whether there is another account.
    const failed = { email: body.email, userId: (user ?? verified)?.id ?? null };
    if (user === undefined) {
      await recordFailedSignIn(context, failed);
      throw toWrong();
    }
    // Who only claims the address must not buy guesses at another account that has it, nor learn by
    // what is forgiven whether there is one.
    if (user === verified) await forgiveTries(db, limits.own);
    const renewed = passwords.isOutdated(user.passwordHash)
      ? await passwords.hash(body.password)
      : undefined;
    const outcome = await db.transaction(async (tx) => {
      // Changed, or reset, while it was being checked: the old one opens nothing any more.
      if (!(await holdPasswordHash(tx, user))) return "changed";
      if (renewed !== undefined) {
        const change = { userId: user.id, from: user.passwordHash, to: renewed };
        await replacePasswordHash(tx, change);
      }
      const [first] = await listBelongings(tx, user.id);
      if (first === undefined) return "homeless";
      const workspaceId = first.workspace.id;
      const userId = user.id;
      const opened = await openSession(tx, { userId, workspaceId, now });
      await context.record(tx, {
        actor: { kind: "user", userId, sessionId: opened.id },
        ...{ subject: toUserSubject(user), workspaceId },
      });
      return await toSignIn(tx, { user, workspaceId, opened, now });
    });
    if (typeof outcome !== "string") return outcome;
    await recordFailedSignIn(context, failed);
    throw outcome === "changed" ? toWrong() : toHomeless();
  },

  async logOut(_input, { tx, actor }) {
    await deleteSession(tx, requireSession(actor).sessionId);
    return undefined;
  },

  async changePassword({ body }, context) {
    const { services, actor } = context;
    const { db, passwords } = services;
    const { userId, sessionId } = requireSession(actor);
    await requireWithin(context, limitsOfChange(userId));
    const user = await readSelf(db, userId);
    if (!(await passwords.matches(user.passwordHash, body.current_password))) {
      throw toWrongPassword("current_password is not the password of this account.");
    }
    requireGoodPassword(body.new_password, user.email, "new_password");
    const hash = await passwords.hash(body.new_password);
    await db.transaction(async (tx) => {
      const change = { userId, from: user.passwordHash, to: hash };
      if (!(await replacePasswordHash(tx, change))) {
        throw toWrongPassword("The password was changed at this moment by somebody else.");
      }
      await deleteSessionsOf(tx, { userId, except: sessionId });
      await context.record(tx, { subject: toUserSubject(user) });
    });
    return undefined;
  },

  async switchWorkspace({ body }, context) {
    const { tx, actor, now } = context;
    const { userId, sessionId, expiresAt } = requireSession(actor);
    const workspaceId = body.workspace_id;
    if ((await findBelonging(tx, userId, workspaceId)) === undefined) {
      throw new ApiError("not_found", "You belong to no workspace with this id.");
    }
    if (workspaceId === context.workspaceId) context.omitEntry();
    else await requireWithin(context, limitsOfSwitch(userId), tx);
    const user = await readSelf(tx, userId);
    const token = createSessionText();
    const move = { id: sessionId, workspaceId, hash: hashToken(token) };
    if (!(await moveSession(tx, move))) throw toEnded();
    return await toSignIn(tx, { user, workspaceId, opened: { token, expiresAt }, now });
  },

  async getMe(_input, { tx, workspaceId, actor, role, now }) {
    const found = await findWorkspace(tx, workspaceId);
    if (found === undefined) throw toEnded();
    const { id, name, timezone } = found;
    const workspace = { id, name, timezone };
    if (actor.tokenId === null) {
      const { userId, sessionId, expiresAt } = requireSession(actor);
      const user = toUser(await readSelf(tx, userId), now);
      const session = { id: sessionId, expires_at: expiresAt.toISOString() };
      return { workspace, role, user, session, token: null };
    }
    const token = await readToken(tx, workspaceId, actor.tokenId);
    // The gate remembers tokens for some seconds; this one ended within them.
    if (token === undefined) throw toEnded();
    const { id: tokenId, name: tokenName, scopes, expires_at } = token.token;
    const shown = { id: tokenId, name: tokenName, scopes, expires_at };
    return { workspace, role, user: null, session: null, token: shown };
  },
};

/**
 * The account that this is the password of. Always two checks, of real hashes or of a stand-in, so
 * that the time tells nothing.
 */
function toWrong(): ApiError {
  return new ApiError("unauthorized", "The e-mail address or the password is wrong.");
}

async function findByPassword(
  passwords: Passwords,
  { verified, pending }: Claimants,
  password: string,
): Promise<UserWithHash | undefined> {
  const isVerified = await passwords.matches(verified?.passwordHash, password);
  const isPending = await passwords.matches(pending?.passwordHash, password);
  if (isVerified) return verified;
  return isPending ? pending : undefined;
}

interface SignedIn {
  readonly userId: string;
  readonly sessionId: string;
  readonly expiresAt: Date;
}

/** Routes with `needsSession` are open to sign-ins only. */
export function requireSession({
  userId,
  sessionId,
  expiresAt,
}: RequestContext["actor"]): SignedIn {
  if (userId === null || sessionId === null || expiresAt === null) throw toEnded();
  return { userId, sessionId, expiresAt };
}

async function readSelf(tx: RequestContext["tx"], userId: string): Promise<UserWithHash> {
  const user = await findUser(tx, userId);
  if (user === undefined) throw toEnded();
  return user;
}

function toEnded(): ApiError {
  return new ApiError("unauthorized", "The token is unknown, expired or revoked.");
}

function toWrongPassword(message: string): ApiError {
  return new ApiError("unprocessable", message);
}

function toHomeless(): ApiError {
  return new ApiError(
    "forbidden",
    "This account belongs to no workspace any more. Ask an owner for an invitation.",
  );
}
