// Secrets: values that requests refer to as `secret://name`. No answer of these routes ever holds
// a value.
import { z } from "zod";
import { id, instant, page, pageQuery, pathId, text } from "./fields.ts";
import { route } from "./route.ts";

export const secretName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,100}$/, "must be 1 to 100 letters, digits, - and _")
  .meta({ description: "Referred to as `secret://name`.", example: "stripe-key" });

// 4: what is shorter cannot be told from ordinary text, and so not be kept out of what is recorded.
// 32,768: room for a certificate chain with its key, and far below the 1 MiB of a body.
const secretValue = text(4, 32_768).meta({ description: "Never answered.", writeOnly: true });

export const secret = z
  .object({
    id: id("secret"),
    name: secretName,
    environment: z.literal("workspace").meta({ description: "Where it is known." }),
    key_version: z
      .string()
      .meta({ description: "The encryption key that it is sealed with.", example: "v1" }),
    created_at: instant,
    updated_at: instant,
  })
  .meta({ id: "Secret" });
export type Secret = z.output<typeof secret>;

const tag = "Secrets";
const params = z.object({ id: pathId.meta({ description: "The id or the name." }) });

const force = "True: also when jobs use it, which then send the reference as it stands.";

export const secretRoutes = {
  createSecret: route({
    method: "POST",
    path: "/v1/secrets",
    tag,
    role: "admin",
    resource: "secrets",
    summary: "Create a secret, or give one a new value",
    description:
      "Where the name is taken, the value replaces that secret's and the answer is 200. Attempts " +
      "that begin from then on use it.",
    body: z.strictObject({ name: secretName, value: secretValue }),
    response: secret,
    status: 201,
    alsoStatus: 200,
    example: { body: { name: "stripe-key", value: "rk_live_example" } },
  }),
  listSecrets: route({
    method: "GET",
    path: "/v1/secrets",
    tag,
    role: "member",
    resource: "secrets",
    summary: "List secrets, without their values",
    query: z.strictObject({
      name: secretName.optional().meta({ description: "The whole name." }),
      ...pageQuery,
    }),
    response: page(secret),
    status: 200,
  }),
  getSecret: route({
    method: "GET",
    path: "/v1/secrets/:id",
    tag,
    role: "member",
    resource: "secrets",
    summary: "Read a secret, without its value, and which jobs use it",
    params,
    response: secret.extend({
      jobs: z
        .array(z.object({ id: id("job"), name: z.string() }))
        .meta({ description: "The first 100 jobs that refer to it, newest first." }),
    }),
    status: 200,
  }),
  updateSecret: route({
    method: "PATCH",
    path: "/v1/secrets/:id",
    tag,
    role: "admin",
    resource: "secrets",
    summary: "Change a secret's value or name",
    description: "A new name is refused while jobs use the old one, unless `force` is true.",
    params,
    body: z
      .strictObject({
        name: secretName.optional(),
        value: secretValue.optional(),
        force: z.boolean().default(false).meta({ description: force }),
      })
      .refine(
        ({ name, value }) => name !== undefined || value !== undefined,
        "must name at least one of name and value",
      ),
    response: secret,
    status: 200,
    errors: ["conflict"],
    example: { body: { value: "rk_live_rotated" } },
  }),
  deleteSecret: route({
    method: "DELETE",
    path: "/v1/secrets/:id",
    tag,
    role: "admin",
    resource: "secrets",
    summary: "Delete a secret",
    description: "Refused while jobs use it, with their names, unless `force` is true.",
    params,
    query: z.strictObject({
      force: z.enum(["true", "false"]).default("false").meta({ description: force }),
    }),
    status: 204,
    errors: ["conflict"],
  }),
};
