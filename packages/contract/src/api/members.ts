// Members and invitations on the wire. An invitation is for one address and one workspace.
import { z } from "zod";
import {
  accountEmail,
  linkToken,
  memberRole,
  newPassword,
  person,
  personName,
} from "./accounts.ts";
import { id, instant, page, pageQuery, pathId, text } from "./fields.ts";
import { route } from "./route.ts";

export const member = z
  .object({ id: id("member"), user: person, role: memberRole, joined_at: instant })
  .meta({ id: "Member" });
export type Member = z.output<typeof member>;

export const invitation = z
  .object({
    id: id("invitation"),
    email: z.string(),
    role: memberRole,
    invited_by: person.nullable().meta({ description: "Null when a token of no person did." }),
    created_at: instant,
    expires_at: instant,
  })
  .meta({ id: "Invitation" });
export type Invitation = z.output<typeof invitation>;

const tag = "Members";
const resource = "members";
const params = z.object({ id: pathId });

export const memberRoutes = {
  listMembers: route({
    method: "GET",
    path: "/v1/workspace/members",
    tag,
    role: "member",
    resource,
    summary: "List the members",
    query: z.strictObject({
      role: memberRole.optional(),
      email: text(1, 254).optional().meta({ description: "The whole address, in any case." }),
      ...pageQuery,
    }),
    response: page(member),
    status: 200,
  }),
  inviteMember: route({
    method: "POST",
    path: "/v1/workspace/members",
    tag,
    role: "owner",
    resource,
    summary: "Invite somebody into the workspace",
    description:
      "Where this installation sends mail, the link goes to the address and nowhere else; " +
      "otherwise it is answered here, this once, to be handed over. It lives 7 days. A second " +
      "invitation of the same address replaces the first.",
    body: z.strictObject({ email: accountEmail, role: memberRole.default("member") }),
    response: z.object({
      ...invitation.shape,
      url: z.string().nullable().meta({ description: "The link; null when it was mailed." }),
      takes_new_accounts: z.boolean().meta({
        description: "False while `TRIGRUN_SIGNUP` is `closed`: only existing accounts can accept.",
      }),
    }),
    status: 201,
    answersSecret: true,
    errors: ["conflict"],
    example: { body: { email: "grace@example.com", role: "admin" } },
  }),
  updateMember: route({
    method: "PATCH",
    path: "/v1/workspace/members/:id",
    tag,
    role: "owner",
    resource,
    summary: "Change a member's role",
    description: "The last owner stays owner.",
    params,
    body: z.strictObject({ role: memberRole }),
    response: member,
    status: 200,
    errors: ["conflict"],
    example: { body: { role: "admin" } },
  }),
  removeMember: route({
    method: "DELETE",
    path: "/v1/workspace/members/:id",
    tag,
    role: "owner",
    resource,
    summary: "Remove a member",
    description: "Ends their sign-ins and API tokens in this workspace. The last owner stays.",
    params,
    status: 204,
    errors: ["conflict"],
  }),
  listInvitations: route({
    method: "GET",
    path: "/v1/workspace/invitations",
    tag,
    role: "owner",
    resource,
    summary: "List the invitations that stand",
    query: z.strictObject({ ...pageQuery }),
    response: page(invitation),
    status: 200,
  }),
  revokeInvitation: route({
    method: "DELETE",
    path: "/v1/workspace/invitations/:id",
    tag,
    role: "owner",
    resource,
    summary: "Revoke an invitation",
    params,
    status: 204,
  }),
};

/** The body of `POST /v1/invitations/accept`, whose answer is that of a sign-in. */
export const acceptInput = z.strictObject({
  token: linkToken,
  password: newPassword.meta({
    description: "That of the account with the invited address, or of the one to be made.",
  }),
  name: personName.optional().meta({ description: "Required for a new account." }),
});
