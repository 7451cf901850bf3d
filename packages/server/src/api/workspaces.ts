// Workspaces: made, listed, renamed, handed over and left. No way leads to one without an owner.
import { ApiError } from "@trigrun/contract";
import { limitsOfNewWorkspace } from "../auth/limits.ts";
import { newId } from "../id.ts";
import {
  countOtherOwners,
  deleteMember,
  findMember,
  insertMember,
  lockOwnership,
  setMemberRole,
} from "../store/members.ts";
import { toPageRequest } from "../store/page.ts";
import {
  findWorkspace,
  insertWorkspace,
  pageBelongings,
  saveWorkspace,
} from "../store/workspaces.ts";
import { requireTimezone } from "./account-input.ts";
import { requireWithin } from "./attempts.ts";
import { requireSession } from "./auth.ts";
import type { ApiHandlers, RequestContext } from "./context.ts";
import { requireFound } from "./found.ts";

export const workspaceHandlers: Pick<
  ApiHandlers,
  "createWorkspace" | "listWorkspaces" | "updateWorkspace" | "transferWorkspace" | "leaveWorkspace"
> = {
  async createWorkspace({ body }, context) {
    const { tx, actor, now } = context;
    const { userId } = requireSession(actor);
    requireTimezone(body.timezone);
    await requireWithin(context, limitsOfNewWorkspace(userId), tx);
    const id = newId("workspace", now);
    await insertWorkspace(tx, { id, ...body, now });
    const memberId = newId("member", now);
    await insertMember(tx, { id: memberId, workspaceId: id, userId, role: "owner", now });
    return requireFound(await findWorkspace(tx, id), "workspace");
  },

  async listWorkspaces({ query }, context) {
    const { tx, actor, workspaceId } = context;
    const page = toPageRequest("member", query);
    if (actor.userId === null) return await listOnlyWorkspace(context);
    const { items, next_cursor } = await pageBelongings(tx, actor.userId, page);
    const shown = items.map(({ workspace, role, joinedAt }) => ({
      ...{ workspace, role, is_current: workspace.id === workspaceId },
      joined_at: joinedAt.toISOString(),
    }));
    return { items: shown, next_cursor };
  },

  async updateWorkspace({ body }, { tx, workspaceId }) {
    requireTimezone(body.timezone);
    await saveWorkspace(tx, workspaceId, body);
    return requireFound(await findWorkspace(tx, workspaceId), "workspace");
  },

  async transferWorkspace({ body }, context) {
    const { tx, workspaceId } = context;
    const memberId = requireMembership(context);
    await lockOwnership(tx, workspaceId);
    // The gate read the role before the lock was ours.
    const self = await findMember(tx, workspaceId, memberId);
    if (self?.role !== "owner") throw new ApiError("forbidden", "You are not owner any more.");
    const next = requireFound(await findMember(tx, workspaceId, body.member_id), "member");
    if (next.id === self.id) throw new ApiError("conflict", "This is you, the owner already.");
    await setMemberRole(tx, { workspaceId, memberId: next.id, role: "owner" });
    await setMemberRole(tx, { workspaceId, memberId: self.id, role: "admin" });
    return { ...next, role: "owner" };
  },

  async leaveWorkspace(_input, context) {
    const memberId = requireMembership(context);
    const { tx, workspaceId, now } = context;
    await requireOwnerBeside(context, memberId, "leave");
    await deleteMember(tx, { workspaceId, memberId, now });
    return undefined;
  },
};

/** An API token knows the one workspace that it is for. */
async function listOnlyWorkspace({ tx, workspaceId, role }: RequestContext) {
  const workspace = requireFound(await findWorkspace(tx, workspaceId), "workspace");
  const item = { workspace, role, is_current: true, joined_at: workspace.created_at };
  return { items: [item], next_cursor: null };
}

/**
 * Throws `conflict` when the member is the last owner. Until the end of the transaction nobody else
 * changes that.
 */
export async function requireOwnerBeside(
  { tx, workspaceId }: RequestContext,
  memberId: string,
  what: "leave" | "be removed" | "have a lesser role",
): Promise<void> {
  await lockOwnership(tx, workspaceId);
  const member = await findMember(tx, workspaceId, memberId);
  if (member?.role !== "owner") return;
  if ((await countOtherOwners(tx, workspaceId, memberId)) > 0) return;
  throw new ApiError(
    "conflict",
    `The last owner of a workspace cannot ${what}. Make another member owner first.`,
  );
}

function requireMembership({ actor }: RequestContext): string {
  requireSession(actor);
  if (actor.memberId === null) throw new Error("a sign-in has a membership");
  return actor.memberId;
}
