// API tokens: made, listed, revoked. What a caller makes is never more than the caller is: not in
// its role, nor its scopes, nor its end.
import { ApiError, includesScope, roles, type Scope } from "@trigrun/contract";
import { createToken } from "../auth/token.ts";
import { toPageRequest } from "../store/page.ts";
import { listTokens, readToken, revokeToken } from "../store/tokens.ts";
import { toFieldRefusal } from "./account-input.ts";
import type { Actor, ApiHandlers } from "./context.ts";
import { requireFound } from "./found.ts";

export const tokenHandlers: Pick<ApiHandlers, "createToken" | "listTokens" | "revokeToken"> = {
  async createToken({ body }, { tx, workspaceId, actor, role: ownRole, now }) {
    const role = body.role ?? ownRole;
    if (roles.indexOf(role) > roles.indexOf(ownRole)) {
      throw new ApiError(
        "forbidden",
        `You have the role ${ownRole}, so no token of yours has more.`,
      );
    }
    const { id, token } = await createToken(tx, {
      ...{ workspaceId, name: body.name, role, memberId: actor.memberId, now },
      scopes: chooseScopes(actor, body.scopes),
      expiresAt: chooseEnd(actor, body.expires_at, now),
    });
    const made = requireFound(await readToken(tx, workspaceId, id), "token");
    return { ...made.token, token };
  },

  async listTokens({ query }, { tx, workspaceId }) {
    return await listTokens(tx, workspaceId, toPageRequest("token", query));
  },

  async revokeToken({ params }, { tx, workspaceId, now }) {
    const found = requireFound(await readToken(tx, workspaceId, params.id), "token");
    if (found.isBootstrap) {
      throw new ApiError(
        "conflict",
        "This is the bootstrap token: change or remove TRIGRUN_BOOTSTRAP_TOKEN and restart.",
      );
    }
    await revokeToken(tx, { workspaceId, id: params.id, now });
    return undefined;
  },
};

function chooseScopes(
  { scopes: own }: Actor,
  asked: readonly Scope[] | undefined,
): readonly Scope[] | null {
  if (own === null) return asked ?? null;
  const beyond = asked?.find((scope) => !includesScope(own, scope));
  if (beyond === undefined) return asked ?? own;
  throw new ApiError("forbidden", `The scope ${beyond} is more than this token has itself.`);
}

function chooseEnd(actor: Actor, asked: Date | undefined, now: Date): Date | null {
  if (asked !== undefined && asked <= now) throw toFieldRefusal("expires_at", "must be ahead");
  // A sign-in ends long before what a person makes with it.
  const own = actor.tokenId === null ? null : actor.expiresAt;
  if (own === null) return asked ?? null;
  if (asked !== undefined && asked > own) {
    throw new ApiError("forbidden", "No token outlives the one that makes it.");
  }
  return asked ?? own;
}
