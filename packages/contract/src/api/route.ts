// A route is data: method, path, schemas, role, errors. Server, client and OpenAPI are derived
// from it, so that none of the three can say something the others do not know.
import type { z } from "zod";
import type { ErrorCode } from "./errors.ts";

/** What a caller must be: `public` needs no token, each further role includes the ones before. */
export const roles = ["public", "member", "admin", "owner"] as const;
export type Role = (typeof roles)[number];

/** What scopes of API tokens are made of: each route but the public ones belongs to one. */
export const resources = [
  "jobs",
  "executions",
  "channels",
  "secrets",
  "rules",
  "deliveries",
  "members",
  "workspaces",
  "tokens",
  "audit",
] as const;
export type Resource = (typeof resources)[number];

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** The groups of the API in the order of its documents, each with what it is about. */
export const tags = {
  Overview: "What a person wants to know first, in one call.",
  Jobs: "A job is a saved HTTP request with a schedule and a retry policy.",
  Schedules: "A schedule says when a job is due. Here it can be tried out without a job.",
  Executions: "An execution is one logical run of a job, with every attempt that was made.",
  Secrets: "A secret is an encrypted value that a request refers to as `secret://name`.",
  "Notification channels":
    "A channel is a configured address: a webhook, mailboxes, a chat, a pager.",
  "Notification rules": "A rule tells a channel about an event of a job.",
  Deliveries: "A delivery is one event on its way to one channel, with every try of it.",
  Authentication: "Accounts and sign-ins: who is asking, and what they may do.",
  "API tokens": "A token lets a program in: with a role, and where wanted with scopes and an end.",
  Workspaces: "A workspace owns everything else. A person may belong to several.",
  Members: "Who belongs to the workspace, in which role, and who is invited.",
  "Audit log": "Who did what to which row, and from where.",
  Health: "For load balancers and service managers. They need no token.",
} as const;

export interface Route {
  readonly method: Method;
  /** With `:name` placeholders, each a key of `params`. */
  readonly path: `/${string}`;
  /** One line, imperative: "Create a job". */
  readonly summary: string;
  /** What the summary cannot say, in Markdown. */
  readonly description?: string;
  readonly tag: keyof typeof tags;
  readonly role: Role;
  /** `self` is the caller's own affair, open to every scope; `none` is for public routes. */
  readonly resource: Resource | "self" | "none";
  /** What else its answer tells of: a token needs the scope to read each of them. */
  readonly alsoReads?: readonly Resource[];
  /** True where a person is needed: API tokens are refused whatever their role. */
  readonly needsSession?: true;
  /** True for a POST that changes nothing. */
  readonly onlyReads?: true;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** True when the body may be left out altogether. */
  readonly bodyOptional?: boolean;
  /** The success body. None for 204. */
  readonly response?: z.ZodType;
  /** True where the answer is a stream of server-sent events; `response` is the data of one. */
  readonly streams?: true;
  readonly status: 200 | 201 | 202 | 204;
  /**
   * A second success status with the same body: 200 "it stands already" beside 201, 202 "something
   * is still to come".
   */
  readonly alsoStatus?: 200 | 202;
  /** Codes beyond those that every route of this shape may give: see `errorsOf`. */
  readonly errors?: readonly ErrorCode[];
  /** True when the answer holds a credential: only who asked for it is answered it again. */
  readonly answersSecret?: true;
  readonly example?: { readonly body?: unknown; readonly response?: unknown };
}

export type Api = Readonly<Record<string, Route>>;

/** Keeps the literal types of a route, so that clients and handlers are typed from it. */
export function route<const R extends Route>(definition: R): R {
  return definition;
}

/**
 * True for routes that act once for each `Idempotency-Key`: every POST that changes something, as
 * its repeat might do so twice. By their own definition PATCH and DELETE come to the same when
 * they are repeated. Keys belong to a workspace, or in it to a caller (see `isPersonal`), so a
 * route without a token has none.
 */
export function obeysKey(definition: Route): boolean {
  return definition.method === "POST" && definition.role !== "public" && !isRead(definition);
}

/** True where a key is the caller's alone: their own affair, or an answer with a credential. */
export function isPersonal({ answersSecret, needsSession, resource }: Route): boolean {
  return answersSecret === true || needsSession === true || resource === "self";
}

/** Every code this route may answer, with those that follow from its shape. */
export function errorsOf(definition: Route): ErrorCode[] {
  const codes: ErrorCode[] = ["rate_limited", "internal", "unavailable"];
  if (definition.role !== "public") codes.push("unauthorized");
  // Every token may have scopes that leave a route out; the caller's own affairs are in all.
  const hasConditions = definition.role !== "member" || definition.needsSession === true;
  if (definition.role !== "public" && (hasConditions || definition.resource !== "self")) {
    codes.push("forbidden");
  }
  if (needsVerifiedEmail(definition)) codes.push("email_not_verified");
  if (definition.params) codes.push("not_found");
  if (definition.query || definition.body) codes.push("validation_failed");
  if (definition.query && "cursor" in definition.query.shape) codes.push("invalid_cursor");
  if (definition.body) codes.push("invalid_json", "payload_too_large", "unsupported_media_type");
  if (obeysKey(definition)) codes.push("conflict", "validation_failed");
  return [...new Set([...codes, ...(definition.errors ?? [])])];
}

/** True when the route changes nothing. */
export function isRead({ method, onlyReads }: Pick<Route, "method" | "onlyReads">): boolean {
  return method === "GET" || onlyReads === true;
}

/** Whoever has not verified their address looks around; what changes a workspace waits. */
export function needsVerifiedEmail(definition: Route): boolean {
  return (definition.role === "admin" || definition.role === "owner") && !isRead(definition);
}

type Part<R, K extends "params" | "query" | "body", Side extends "input" | "output"> =
  R extends Readonly<Record<K, infer S extends z.ZodType>>
    ? { [P in K]: Side extends "input" ? z.input<S> : z.output<S> }
    : unknown;

/** What a client sends: the schemas' input side. */
export type Sent<R> = Part<R, "params", "input"> &
  (R extends { query: z.ZodObject } ? Partial<Part<R, "query", "input">> : unknown) &
  (R extends { bodyOptional: true } ? Partial<Part<R, "body", "input">> : Part<R, "body", "input">);

/** What a handler receives: parsed, with defaults filled in. */
export type Received<R> = Part<R, "params", "output"> &
  Part<R, "query", "output"> &
  (R extends { bodyOptional: true }
    ? { body: R extends { body: infer S extends z.ZodType } ? z.output<S> | undefined : never }
    : Part<R, "body", "output">);

/** What comes back: the response schema's value, or nothing for 204. */
export type Answer<R> = R extends { response: infer S extends z.ZodType } ? z.output<S> : undefined;

/** One handler for each route: a missing one does not compile. */
export type Handlers<A extends Api, Context, Stream> = {
  [K in keyof A]: (
    input: Received<A[K]>,
    context: Context,
  ) => Promise<A[K] extends { streams: true } ? Stream : Answer<A[K]>>;
};

/** One method for each route that answers once; parts have keys: `getJob({ params: { id } })`. */
export type Client<A extends Api> = {
  [K in keyof A as A[K] extends { streams: true } ? never : K]: (
    ...input: Record<never, never> extends Sent<A[K]> ? [input?: Sent<A[K]>] : [input: Sent<A[K]>]
  ) => Promise<Answer<A[K]>>;
};
