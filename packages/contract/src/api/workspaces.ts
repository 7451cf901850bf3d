// Workspaces on the wire: what owns everything else, and how its ownership moves.
import { z } from "zod";
import { memberRole } from "./accounts.ts";
import { id, instant, name, page, pageQuery, text } from "./fields.ts";
import { member } from "./members.ts";
import { route } from "./route.ts";

export const workspaceName = name.meta({
  description: "For people to read, 1 to 200 characters.",
  example: "Acme",
});

export const workspaceTimezone = text(1, 64).meta({
  description: "IANA name: the time zone that people of the workspace think in.",
  example: "Europe/Berlin",
});

export const historyDays = z
  .int()
  .min(1)
  .max(1825)
  .meta({
    description:
      "How many days ended executions and deliveries are kept: 1 to 1825. Null for what the " +
      "installation keeps (`TRIGRUN_HISTORY_DAYS`, 90 unless it says otherwise).",
    example: 30,
  });

/** A workspace in short, as it stands beside people and roles. */
export const workspaceReference = z.object({ id: id("workspace"), name: z.string() });

export const workspace = z
  .object({
    id: id("workspace"),
    name: z.string(),
    timezone: z.string(),
    history_days: historyDays.nullable(),
    created_at: instant,
  })
  .meta({ id: "Workspace" });
export type Workspace = z.output<typeof workspace>;

const tag = "Workspaces";
const resource = "workspaces";

export const workspaceRoutes = {
  createWorkspace: route({
    method: "POST",
    path: "/v1/workspaces",
    tag,
    role: "owner",
    resource,
    needsSession: true,
    summary: "Create another workspace",
    description: "You become its owner. The sign-in stays where it is: switch to work in it.",
    body: z.strictObject({
      name: workspaceName,
      timezone: workspaceTimezone.default("UTC"),
    }),
    response: workspace,
    status: 201,
    example: { body: { name: "Staging" } },
  }),
  listWorkspaces: route({
    method: "GET",
    path: "/v1/workspaces",
    tag,
    role: "member",
    resource,
    summary: "List my workspaces",
    description: "Those that the person belongs to; for an API token the one that it is for.",
    query: z.strictObject({ ...pageQuery }),
    response: page(
      z.object({ workspace, role: memberRole, is_current: z.boolean(), joined_at: instant }),
    ),
    status: 200,
  }),
  updateWorkspace: route({
    method: "PATCH",
    path: "/v1/workspace",
    tag,
    role: "owner",
    resource,
    summary: "Rename the workspace, or change its time zone or how long it keeps history",
    description:
      "A shorter `history_days` deletes within the hour what is older, and a longer one does not " +
      "bring it back. Executions and deliveries that have not ended are always kept.",
    body: z
      .strictObject({
        name: workspaceName.optional(),
        timezone: workspaceTimezone.optional(),
        history_days: historyDays.nullable().optional(),
      })
      .refine((patch) => Object.keys(patch).length > 0, "must name at least one field to change"),
    response: workspace,
    status: 200,
    example: { body: { name: "Production" } },
  }),
  transferWorkspace: route({
    method: "POST",
    path: "/v1/workspace/transfer",
    tag,
    role: "owner",
    resource,
    needsSession: true,
    summary: "Hand the workspace over to another member",
    description: "They become owner and you become admin, in one step.",
    body: z.strictObject({ member_id: id("member") }),
    response: member,
    status: 200,
    errors: ["not_found", "conflict"],
  }),
  leaveWorkspace: route({
    method: "POST",
    path: "/v1/workspace/leave",
    tag,
    role: "member",
    resource: "self",
    needsSession: true,
    summary: "Leave the workspace",
    description:
      "Ends your sign-ins and API tokens in it. Its last owner cannot leave: transfer it first.",
    status: 204,
    errors: ["conflict"],
  }),
};
