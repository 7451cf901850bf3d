// The audit log on the wire: who did what to which row, and from where. Its actions are the keys of
// the routes that write, so that nothing is named twice. No entry ever holds a value that could be
// a credential.
import { z } from "zod";
import { id, instant, instantInput, page, pageQuery, text } from "./fields.ts";
import { type Api, isRead, route } from "./route.ts";

/** Who it was: a person, a program, the bearer of a mail's link, a command on the host, anybody. */
export const auditActors = ["user", "token", "link", "host", "nobody"] as const;
export type AuditActor = (typeof auditActors)[number];

export const auditOutcomes = ["done", "refused"] as const;
export type AuditOutcome = (typeof auditOutcomes)[number];

/** What can be written to. */
export const auditResources = [
  "job",
  "execution",
  "channel",
  "rule",
  "delivery",
  "secret",
  "token",
  "member",
  "invitation",
  "user",
  "workspace",
] as const;
export type AuditResource = (typeof auditResources)[number];

const resourceNames = auditResources.map((kind) => `\`${kind}\``).join(", ");

/** What is done beside the API: by the link in a mail, and by commands on the host. */
export const otherAuditActions = ["unsubscribe", "createResetLink", "rotateKey"] as const;

/** The keys of the routes that write. */
type WriteOf<A extends Api> = {
  [K in keyof A]: A[K] extends { method: "GET" } | { onlyReads: true } ? never : K;
}[keyof A] &
  string;
export type AuditActionOf<A extends Api> = WriteOf<A> | (typeof otherAuditActions)[number];

export function toAuditActions<A extends Api>(routes: A): AuditActionOf<A>[] {
  const writes = Object.keys(routes).filter((key) => !isRead(routes[key] ?? { method: "GET" }));
  // `isRead` asks of each route what the type `WriteOf` asks of its type.
  return [...(writes as WriteOf<A>[]), ...otherAuditActions];
}

const actor = z.object({
  kind: z.enum(auditActors).meta({
    description:
      "`user`: a person who was signed in or proved their password. `token`: an API token. " +
      "`link`: whoever followed the link of a mail; beside it stands whose account it opens. " +
      "`host`: a command or a start on the host. " +
      "`nobody`: whoever asked without any of these.",
  }),
  user_id: id("user").nullable().meta({ description: "Of a token: its maker." }),
  token_id: id("token").nullable(),
  session_id: id("session").nullable(),
  name: z.string().nullable().meta({
    description: "The person's, the token's or the command's, as it was then.",
  }),
  email: z.string().nullable().meta({ description: "The person's, as it was then." }),
});

export const auditEntry = z
  .object({
    id: id("audit"),
    at: instant,
    action: z.string().meta({
      description:
        "The operation id of the route, or `unsubscribe`, `createResetLink` or `rotateKey`.",
      example: "updateJob",
    }),
    outcome: z.enum(auditOutcomes).meta({
      description: "`refused` is written for sign-ins that failed, and for nothing else.",
    }),
    actor,
    resource: z
      .object({
        kind: z.enum(auditResources),
        id: z.string().nullable().meta({ description: "Null for an account that nobody has." }),
        name: z.string().nullable().meta({ description: "As it was then." }),
      })
      .nullable()
      .meta({ description: "What it was done to; null where that is a filter or everything." }),
    address: z.string().nullable().meta({ description: "Null for commands on the host." }),
    request_id: z.string().nullable().meta({ description: "The answer's `x-request-id`." }),
    changes: z.object({
      fields: z.array(z.string()).meta({ description: "The names of the fields that were sent." }),
      values: z.record(z.string(), z.unknown()).meta({
        description: "Of fields that hold a role, a state, a time, a number or an id.",
      }),
      count: z.number().int().nullable().meta({ description: "How many rows it touched in bulk." }),
      made: z.string().nullable().meta({ description: "The id of the execution that it made." }),
    }),
  })
  .meta({ id: "AuditEntry" });
export type AuditEntry = z.output<typeof auditEntry>;

/** The routes of the log over the writes of all others. It has no write of its own. */
export function createAuditRoutes<A extends Api>(routes: A) {
  const actions = toAuditActions(routes);
  return {
    listAuditLog: route({
      method: "GET",
      path: "/v1/audit-log",
      tag: "Audit log",
      role: "owner",
      resource: "audit",
      summary: "List who did what",
      description:
        "Every write of the workspace, in one transaction with the write itself, kept for " +
        "`TRIGRUN_AUDIT_DAYS` days whatever happens to what it was done to. What was refused is " +
        "not listed, but for sign-ins that failed.",
      query: z.strictObject({
        actor: text(1, 254)
          .optional()
          .meta({
            description:
              "The id of a user, with all that their tokens did, the id of a token, or an e-mail " +
              "address, whole and in any case.",
            example: "ada@example.com",
          }),
        action: z.enum(actions).optional(),
        resource: text(1, 200)
          .optional()
          .meta({
            description: `An id, or one of ${resourceNames}.`,
            example: "secret",
          }),
        from: instantInput.optional().meta({ description: "`at` at or after this." }),
        to: instantInput.optional().meta({ description: "`at` before this." }),
        ...pageQuery,
      }),
      response: page(auditEntry),
      status: 200,
      example: {
        response: {
          items: [
            {
              id: "aud_0193a5c4f7e2a1b2c3d4e5f60718293a",
              at: "2026-11-23T10:00:00.000Z",
              action: "updateMember",
              outcome: "done",
              actor: {
                kind: "user",
                user_id: "user_0193a5c4f7e2a1b2c3d4e5f60718293a",
                token_id: null,
                session_id: "ses_0193a5c4f7e2a1b2c3d4e5f60718293a",
                name: "Ada",
                email: "ada@example.com",
              },
              resource: {
                kind: "member",
                id: "mem_0193a5c4f7e2a1b2c3d4e5f60718293a",
                name: "grace@example.com",
              },
              address: "203.0.113.7",
              request_id: "3f0c7f0e-5b0a-4f7e-9d5c-0a9f6c1b2d3e",
              changes: { fields: ["role"], values: { role: "admin" }, count: null, made: null },
            },
          ],
          next_cursor: null,
        },
      },
    }),
  };
}
