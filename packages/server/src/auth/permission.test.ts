// What role, scopes and a person's absence open and close, for every route of the contract.
import { ApiError, api, isRead, type Route, roles, type Scope, scopes } from "@trigrun/contract";
import { describe, expect, it } from "vitest";
import { type Identity, requirePermission } from "./permission.ts";

const token: Identity = {
  workspaceId: "ws",
  role: "owner",
  tokenId: "tok",
  sessionId: null,
  userId: null,
  makerUserId: null,
  memberId: null,
  scopes: null,
  expiresAt: null,
  isVerified: true,
};
const session: Identity = { ...token, tokenId: null, sessionId: "ses", userId: "user" };

function codeFor(identity: Identity, route: Route, isVerificationRequired = false) {
  try {
    requirePermission(identity, route, { isVerificationRequired });
    return "open";
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
}

const routes = Object.entries<Route>(api).filter(([, { role }]) => role !== "public");
const scoped = (...list: Scope[]): Identity => ({ ...token, scopes: list });

describe("requirePermission", () => {
  it.each(routes)("%s asks for its role", (_key, route) => {
    const order = ["member", "admin", "owner"] as const;
    const needed = roles.indexOf(route.role) - roles.indexOf("member");
    order.forEach((role, index) => {
      expect(codeFor({ ...session, role }, route)).toBe(index < needed ? "forbidden" : "open");
    });
  });

  it.each(routes)("%s is open to the scopes that name it, and to no other", (_key, route) => {
    const { resource, alsoReads = [] } = route;
    const isFree = resource === "self" || resource === "none";
    for (const scope of scopes) {
      const isOwn =
        scope === `${resource}:write` || (isRead(route) && scope === `${resource}:read`);
      // Where more is told of, one that names a single resource is not enough.
      const isNamed = isFree || (isRead(route) && scope === "read") || isOwn;
      const isEnough = isNamed && (alsoReads.length === 0 || scope === "read");
      const isOpen = isEnough && route.needsSession !== true;
      expect([scope, codeFor(scoped(scope), route)]).toEqual([
        scope,
        isOpen ? "open" : "forbidden",
      ]);
    }
  });

  it.each(routes)("%s tells a person from a token where it must", (_key, route) => {
    expect(codeFor(session, route)).toBe("open");
    expect(codeFor(token, route)).toBe(route.needsSession ? "forbidden" : "open");
  });

  it.each(routes)("%s waits for the address where it writes to the workspace", (_key, route) => {
    const pending = { ...session, isVerified: false };
    const isClosed = route.role !== "member" && !isRead(route);
    expect(codeFor(pending, route, true)).toBe(isClosed ? "email_not_verified" : "open");
    expect(codeFor(pending, route, false)).toBe("open");
  });
});
