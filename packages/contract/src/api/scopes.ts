// Scopes: what an API token is narrowed to beside its role. Made from the resources of the routes;
// a scope never gives more than the role does.
import { z } from "zod";
import { isRead, type Resource, type Route, resources } from "./route.ts";

type ScopeOf<R extends string> = `${R}:read` | `${R}:write`;
export type Scope = "read" | ScopeOf<Resource>;

export const scopes: readonly Scope[] = [
  "read",
  ...resources.flatMap((resource): Scope[] => [
    `${resource}:read`,
    // No route writes to the audit log: writes are what it is made of.
    ...(resource === "audit" ? [] : [`${resource}:write` as const]),
  ]),
];

// The list above is never empty.
export const scope = z.enum(scopes as [Scope, ...Scope[]]);

/** `jobs:write` includes `jobs:read`, as does `read`. */
export function includesScope(granted: readonly Scope[], asked: Scope): boolean {
  if (granted.includes(asked)) return true;
  const [resource, verb] = asked.split(":");
  if (verb !== "read") return false;
  return granted.includes("read") || granted.some((scope) => scope === `${resource}:write`);
}

/** What a token needs for a route: all of them. None where any token will do. */
export function scopesOf(definition: Route): readonly Scope[] {
  const { resource, alsoReads = [] } = definition;
  if (resource === "self" || resource === "none") return [];
  const own: Scope = isRead(definition) ? `${resource}:read` : `${resource}:write`;
  return [own, ...alsoReads.map((also): Scope => `${also}:read`)];
}
