// What whoever came in may do: role, scopes, and whether a person is needed. Pure.
import {
  ApiError,
  includesScope,
  needsVerifiedEmail,
  type Role,
  type Route,
  roles,
  type Scope,
  scopesOf,
} from "@trigrun/contract";

/** Either a token or a sign-in: one of `tokenId` and `sessionId` is null. */
export interface Identity {
  readonly workspaceId: string;
  readonly role: Exclude<Role, "public">;
  readonly tokenId: string | null;
  readonly sessionId: string | null;
  /** Of a sign-in. */
  readonly userId: string | null;
  /** Of a token that a person made, as it was found: its own write may end the membership. */
  readonly makerUserId: string | null;
  /** The membership of the person, or of the token's creator; null for tokens of the host. */
  readonly memberId: string | null;
  /** Null: all that the role may. */
  readonly scopes: readonly Scope[] | null;
  readonly expiresAt: Date | null;
  readonly isVerified: boolean;
}

/** Throws `forbidden` or `email_not_verified` unless the route is open to this one. */
export function requirePermission(
  identity: Identity,
  definition: Route,
  options: { readonly isVerificationRequired: boolean },
): void {
  const { role, scopes } = identity;
  if (roles.indexOf(role) < roles.indexOf(definition.role)) {
    throw new ApiError("forbidden", `This needs the role ${definition.role}; you have ${role}.`);
  }
  if (definition.needsSession && identity.sessionId === null) {
    throw new ApiError("forbidden", "This needs a person who is signed in, not an API token.");
  }
  const asked = scopesOf(definition).find((each) => !includesScope(scopes ?? [], each));
  if (scopes !== null && asked !== undefined) {
    throw new ApiError("forbidden", `This needs the scope ${asked}, which the token lacks.`);
  }
  if (options.isVerificationRequired && !identity.isVerified && needsVerifiedEmail(definition)) {
    throw new ApiError(
      "email_not_verified",
      "Verify your e-mail address first: follow the link that was mailed to you, or ask for it " +
        "again with POST /v1/auth/resend-verification.",
    );
  }
}
