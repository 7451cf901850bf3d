// API tokens on the wire: made, listed, revoked. Their text is answered once, when they are made.
import { z } from "zod";
import { memberRole, person } from "./accounts.ts";
import { id, instant, instantInput, name, page, pageQuery, pathId } from "./fields.ts";
import { route } from "./route.ts";
import { scope, scopes } from "./scopes.ts";

export const apiToken = z
  .object({
    id: id("token"),
    name: z.string(),
    role: memberRole.meta({
      description: "At most this; and never more than its creator has at the moment.",
    }),
    scopes: z.array(scope).nullable().meta({ description: "Null: all that the role may." }),
    created_by: person.nullable().meta({
      description:
        "Null for tokens of the host: the first one, the bootstrap token, those made " +
        "by `trigrun token create`, and those that such a token made.",
    }),
    created_at: instant,
    expires_at: instant.nullable(),
    last_used_at: instant.nullable().meta({ description: "To the minute." }),
  })
  .meta({ id: "ApiToken" });
export type ApiToken = z.output<typeof apiToken>;

const tag = "API tokens";
const resource = "tokens";

export const tokenRoutes = {
  createToken: route({
    method: "POST",
    path: "/v1/api-tokens",
    tag,
    role: "owner",
    resource,
    summary: "Create an API token",
    description:
      "The token is answered here and never again. It dies with its creator's membership. What " +
      "a token makes has neither a higher role, nor wider scopes, nor a later end than itself.",
    body: z.strictObject({
      name,
      role: memberRole.optional().meta({ description: "That of its creator when left out." }),
      scopes: z
        .array(scope)
        .min(1)
        .max(scopes.length)
        .transform((list) => [...new Set(list)])
        .optional()
        .meta({
          description:
            "Narrows the token: `read` is every read, `jobs:write` includes `jobs:read`.",
          example: ["read", "jobs:write"],
        }),
      expires_at: instantInput.optional().meta({ description: "Never when left out." }),
    }),
    response: z.object({ ...apiToken.shape, token: z.string() }),
    status: 201,
    answersSecret: true,
    example: { body: { name: "deploy", role: "admin", scopes: ["read", "jobs:write"] } },
  }),
  listTokens: route({
    method: "GET",
    path: "/v1/api-tokens",
    tag,
    role: "owner",
    resource,
    summary: "List the API tokens",
    description: "Those that are not revoked, of the whole workspace.",
    query: z.strictObject({ ...pageQuery }),
    response: page(apiToken),
    status: 200,
  }),
  revokeToken: route({
    method: "DELETE",
    path: "/v1/api-tokens/:id",
    tag,
    role: "owner",
    resource,
    summary: "Revoke an API token",
    description: "It stops at once on this node, and within 5 seconds on every other.",
    params: z.object({ id: pathId }),
    status: 204,
    errors: ["conflict"],
  }),
};
