// Accounts and sign-ins on the wire: who comes in, how, and who they are. No answer tells whether
// an address has an account, as long as this installation sends mail.
import { z } from "zod";
import {
  accountEmail,
  givenPassword,
  linkToken,
  memberRole,
  newPassword,
  personName,
  user,
} from "./accounts.ts";
import { id, instant } from "./fields.ts";
import { acceptInput } from "./members.ts";
import { route } from "./route.ts";
import { scope } from "./scopes.ts";
import { workspaceName, workspaceReference, workspaceTimezone } from "./workspaces.ts";

const tag = "Authentication";

/** What a sign-in answers. `token` is shown here only. */
export const signIn = z
  .object({
    token: z.string(),
    expires_at: instant,
    workspace: workspaceReference,
    role: memberRole,
    user,
    workspaces: z.array(z.object({ workspace: workspaceReference, role: memberRole })),
  })
  .meta({ id: "SignIn" });
export type SignIn = z.output<typeof signIn>;

/** Routes that anybody may call: each has a limit of its own for addresses and accounts. */
const open = { method: "POST", tag, role: "public", resource: "none" } as const;
/** Routes of the person who is signed in. */
const own = { method: "POST", tag, role: "member", resource: "self", needsSession: true } as const;

const publicRoutes = {
  getSignInOptions: route({
    method: "GET",
    path: "/v1/auth/options",
    tag,
    role: "public",
    resource: "none",
    summary: "Say which ways in there are",
    description:
      "`sign_up` is `first` on a fresh installation: whoever signs up becomes its owner.",
    response: z.object({
      sign_up: z.enum(["first", "open", "invite", "closed"]),
      sends_mail: z.boolean().meta({ description: "False: a lost password needs the operator." }),
    }),
    status: 200,
    example: { response: { sign_up: "first", sends_mail: false } },
  }),
  signUp: route({
    ...open,
    path: "/v1/auth/signup",
    summary: "Sign up",
    description:
      "The first one becomes owner of a fresh installation; afterwards it is open only with " +
      "`TRIGRUN_SIGNUP=open`. The token works at once. Where this installation sends mail, the " +
      "answer is 202, a link goes to the address, and until it is followed the account reads " +
      "only; the answer is the same for an address that has an account. Elsewhere it is 201, " +
      "and 409 for such an address.",
    body: z.strictObject({
      name: personName,
      email: accountEmail,
      password: newPassword,
      workspace_name: workspaceName.optional(),
      timezone: workspaceTimezone.default("UTC"),
    }),
    response: z.object({ ...signIn.shape, email_verification_required: z.boolean() }),
    status: 201,
    alsoStatus: 202,
    errors: ["forbidden", "conflict"],
    example: {
      body: {
        name: "Ada",
        email: "ada@example.com",
        password: "four words nobody guesses",
        workspace_name: "Acme",
        timezone: "UTC",
      },
    },
  }),
  logIn: route({
    ...open,
    path: "/v1/auth/login",
    summary: "Sign in",
    description:
      "The token lives 7 days, in the workspace that was joined first: switch for another. " +
      "403 after the right password means that the account belongs to no workspace any more.",
    body: z.strictObject({ email: accountEmail, password: givenPassword }),
    response: signIn,
    status: 200,
    errors: ["unauthorized", "forbidden"],
  }),
  verifyEmail: route({
    ...open,
    path: "/v1/auth/verify-email",
    summary: "Verify an address by its link",
    body: z.strictObject({ token: linkToken }),
    response: z.object({ user }),
    status: 200,
    errors: ["unprocessable"],
  }),
  forgotPassword: route({
    ...open,
    path: "/v1/auth/forgot-password",
    summary: "Ask for a link that sets a new password",
    description: "The answer is the same whether the address has an account or not.",
    body: z.strictObject({ email: accountEmail }),
    status: 204,
    errors: ["unprocessable"],
  }),
  resetPassword: route({
    ...open,
    path: "/v1/auth/reset-password",
    summary: "Set a new password by its link",
    description: "Ends every sign-in of the account. The link works once, for an hour.",
    body: z.strictObject({ token: linkToken, password: newPassword }),
    status: 204,
    errors: ["unprocessable"],
  }),
  acceptInvitation: route({
    ...open,
    path: "/v1/invitations/accept",
    tag: "Members",
    summary: "Accept an invitation by its link",
    description:
      "With the password of the account that has the invited address, or with a name and a " +
      "password for a new one. Answers a sign-in in the workspace.",
    body: acceptInput,
    response: signIn,
    status: 200,
    errors: ["unauthorized", "forbidden", "unprocessable"],
  }),
};

const ownRoutes = {
  logOut: route({
    ...own,
    path: "/v1/auth/logout",
    summary: "Sign out",
    description: "The token of this sign-in stops working.",
    status: 204,
  }),
  resendVerification: route({
    ...own,
    path: "/v1/auth/resend-verification",
    summary: "Send the mail that verifies the address again",
    status: 202,
    response: z.object({ email_verification_required: z.boolean() }),
  }),
  changePassword: route({
    ...own,
    path: "/v1/auth/change-password",
    summary: "Change the password",
    description: "Ends every other sign-in of the account.",
    body: z.strictObject({ current_password: givenPassword, new_password: newPassword }),
    status: 204,
    errors: ["unprocessable"],
  }),
  switchWorkspace: route({
    ...own,
    path: "/v1/auth/switch-workspace",
    summary: "Go on in another workspace",
    description: "Answers a new token; the one that asked stops working.",
    body: z.strictObject({ workspace_id: id("workspace") }),
    response: signIn,
    status: 200,
    errors: ["not_found"],
  }),
  getMe: route({
    method: "GET",
    path: "/v1/auth/me",
    tag,
    role: "member",
    resource: "self",
    summary: "Say who is asking",
    description: "`token` is null for a sign-in, `session` for an API token.",
    response: z.object({
      workspace: z.object({ id: id("workspace"), name: z.string(), timezone: z.string() }),
      role: memberRole,
      user: user.nullable().meta({ description: "Null for an API token." }),
      session: z.object({ id: id("session"), expires_at: instant }).nullable(),
      token: z
        .object({
          id: id("token"),
          name: z.string(),
          scopes: z.array(scope).nullable(),
          expires_at: instant.nullable(),
        })
        .nullable(),
    }),
    status: 200,
  }),
};

export const authRoutes = { ...publicRoutes, ...ownRoutes };
