// Members, invitations, API tokens and workspaces, as people read them.
import type { Answer, ApiToken, Invitation, Member, TrigRunApi } from "@trigrun/contract";
import { relative, renderTable, type View } from "../render.ts";

type Belonging = Answer<TrigRunApi["listWorkspaces"]>["items"][number];

export function renderMembers(members: readonly Member[], view: View): string {
  return renderTable(
    [
      { title: "ID", text: ({ id }) => id, isRigid: true },
      { title: "NAME", text: ({ user }) => user.name },
      { title: "E-MAIL", text: ({ user }) => user.email },
      { title: "ROLE", text: ({ role }) => role, isRigid: true },
      { title: "JOINED", text: ({ joined_at }) => relative(joined_at, view), isOptional: true },
    ],
    members,
    view,
  );
}

export function renderInvitations(invitations: readonly Invitation[], view: View): string {
  return renderTable(
    [
      { title: "ID", text: ({ id }) => id, isRigid: true },
      { title: "E-MAIL", text: ({ email }) => email },
      { title: "ROLE", text: ({ role }) => role, isRigid: true },
      { title: "BY", text: (item) => item.invited_by?.name ?? "-", isOptional: true },
      { title: "EXPIRES", text: ({ expires_at }) => relative(expires_at, view) },
    ],
    invitations,
    view,
  );
}

export function renderTokens(tokens: readonly ApiToken[], view: View): string {
  return renderTable(
    [
      { title: "ID", text: ({ id }) => id, isRigid: true },
      { title: "NAME", text: ({ name }) => name },
      { title: "ROLE", text: ({ role }) => role, isRigid: true },
      { title: "SCOPES", text: ({ scopes }) => scopes?.join(", ") ?? "all" },
      { title: "BY", text: (item) => item.created_by?.name ?? "the host", isOptional: true },
      { title: "LAST USED", text: (item) => relative(item.last_used_at, view, "never") },
      { title: "EXPIRES", text: (item) => relative(item.expires_at, view, "never") },
    ],
    tokens,
    view,
  );
}

export function renderWorkspaces(workspaces: readonly Belonging[], view: View): string {
  return renderTable(
    [
      { title: "", text: (item) => (item.is_current ? "*" : ""), isRigid: true },
      { title: "ID", text: ({ workspace }) => workspace.id, isRigid: true },
      { title: "NAME", text: ({ workspace }) => workspace.name },
      { title: "ROLE", text: ({ role }) => role, isRigid: true },
      {
        title: "HISTORY",
        text: ({ workspace }) => toKept(workspace.history_days),
        isOptional: true,
      },
      { title: "JOINED", text: ({ joined_at }) => relative(joined_at, view), isOptional: true },
    ],
    workspaces,
    view,
  );
}

export function toDays(days: number): string {
  return days === 1 ? "1 day" : `${days} days`;
}

/** Null where the installation decides; a server of the version before says nothing. */
function toKept(days: number | null | undefined): string {
  return days === null || days === undefined ? "default" : toDays(days);
}
