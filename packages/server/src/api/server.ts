// The HTTP server: binds every route of the contract to its handler. In this order: who asks, what
// is asked, the work in one transaction, the answer. It never answers before the work is committed.
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { ApiError, api, isRead, type Route } from "@trigrun/contract";
import Fastify, {
  type ConnectionError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { createGate, type Gate } from "../auth/gate.ts";
import { type Identity, requirePermission } from "../auth/permission.ts";
import { sendsMail } from "../config.ts";
import type { Log } from "../log.ts";
import { addAccountPages } from "./account-pages.ts";
import { withAudit } from "./audit.ts";
import { acceptJson, ignoreBody } from "./body.ts";
import type { Actor, RequestContext, Services } from "./context.ts";
import { addDocuments } from "./documents.ts";
import { createHandlers } from "./handlers.ts";
import type { HealthChecks } from "./health.ts";
import { answerOnce, answerOnceOutside, type Outcome, type Repeatable } from "./idempotency.ts";
import { type Input, readInput } from "./input.ts";
import { refuse, toEnvelope } from "./refusals.ts";
import { addUnsubscribe } from "./unsubscribe.ts";

export interface ApiServerOptions extends HealthChecks {
  readonly services: Services;
  /** The product's, for documents. */
  readonly version: string;
  readonly log: Log;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; null on public routes. */
    identity: Identity | null;
  }
}

type AnyHandler = (input: Input, context: RequestContext) => Promise<unknown>;

// The specification: a body may have 1 MiB.
const bodyBytesMax = 1024 * 1024;
// Node's own default, written down because proxies must be told the same.
const headerBytesMax = 16 * 1024;
// `pathId` takes 200 characters, of which each may be three in percent-encoding.
const paramLengthMax = 600;
// Headers are one packet or two; who needs longer is holding a connection open on purpose.
const headersTimeoutMs = 15_000;
// 1 MiB in 30 s is 35 kB/s, a poor mobile line.
const requestTimeoutMs = 30_000;
// The longest answer is that of a statement, which stops after 30 s (a test message waits 15 s for
// its receiver); a connection that is silent for twice that long has lost its client.
const connectionTimeoutMs = 75_000;
// Longer than the 60 s that common load balancers keep a connection, so that it is they who close:
// the other way round they send requests into connections that are just being closed.
const keepAliveTimeoutMs = 72_000;

const securityHeaders = {
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  // No answer of the API is a page; should a browser show one, it runs and loads nothing.
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
} as const;

// A test message waits for its receiver, and a password for a processor; neither must keep a
// transaction open meanwhile. The latter open one of their own where they write. Each writes its
// own entry of the audit log (see `withAudit`).
const outsideTransaction: ReadonlySet<string> = new Set([
  "testChannel",
  "signUp",
  "logIn",
  "acceptInvitation",
  "resetPassword",
  "changePassword",
  "verifyEmail",
  "forgotPassword",
  "resendVerification",
]);

// After a write of these a token may have ended or have another role.
const forgetful: ReadonlySet<Route["resource"]> = new Set([
  "tokens",
  "members",
  "workspaces",
  "self",
]);

export function createApiServer(options: ApiServerOptions): FastifyInstance {
  const { services, log } = options;
  const app = Fastify({
    // Our own lines say more with less: see `refuse`.
    logger: false,
    bodyLimit: bodyBytesMax,
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    http: {
      maxHeaderSize: headerBytesMax,
      headersTimeout: headersTimeoutMs,
      // Node would refuse in no words at all; the first hook does it in ours.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: paramLengthMax },
    // A client's own id could be anything, even somebody else's.
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    // While the server closes, what came in over open connections is still answered.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      reply.headers(securityHeaders);
      void refuse(error, request, reply, log);
    },
    clientErrorHandler: refuseRaw,
  });
  app.decorateRequest("identity", null);
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id).headers(securityHeaders);
    // RFC 9112, section 3.2: such a request is no HTTP, whatever it asks for.
    if (request.raw.httpVersion === "1.1" && request.headers.host === undefined) {
      reply.hijack();
      return refuseRaw({ code: "NO_HOST" }, request.socket);
    }
    // Now and not in the handler: before that Fastify would read the body, and fail at it.
    if (request.is404) throw toUnknownRoute(request);
  });
  // Node would answer any but `100-continue` with a bare 417. RFC 9110, section 10.1.1, lets a
  // server overlook what it does not know.
  app.server.on("checkExpectation", (request, response) => {
    app.server.emit("request", request, response);
  });
  app.setErrorHandler((error, request, reply) => refuse(error, request, reply, log));
  app.setNotFoundHandler((request) => {
    throw toUnknownRoute(request);
  });
  bindRoutes(app, services, createGate(services), options);
  addDocuments(app, options.version);
  addUnsubscribe(app, services);
  addAccountPages(app);
  return app;
}

function bindRoutes(
  app: FastifyInstance,
  services: Services,
  gate: Gate,
  checks: HealthChecks,
): void {
  const handlers = createHandlers(checks);
  const isVerificationRequired = sendsMail(services.config);
  const routes = Object.entries<Route>(api).map(([key, definition]) => {
    // `ApiHandlers` has a handler for every key, which takes what `readInput` reads for its route.
    const handler = handlers[key as keyof typeof handlers] as unknown as AnyHandler;
    return { key, definition, handler };
  });
  const bind = (scope: FastifyInstance, hasBody: boolean) => {
    for (const { key, definition, handler } of routes) {
      if ((definition.body !== undefined) !== hasBody) continue;
      scope.route({
        method: definition.method,
        url: definition.path,
        onRequest: async (request) => {
          if (definition.role === "public") return;
          request.identity = await gate.identify(request.headers.authorization);
          requirePermission(request.identity, definition, { isVerificationRequired });
        },
        handler: async (request, reply) => {
          const input = readInput(definition, request);
          const outcome = await answer({ services, key, definition, handler, request, input });
          if (!isRead(definition) && forgetful.has(definition.resource)) gate.forget();
          return send(reply, outcome);
        },
      });
    }
  };
  app.register(async (scope) => {
    acceptJson(scope);
    bind(scope, true);
  });
  app.register(async (scope) => {
    ignoreBody(scope);
    bind(scope, false);
  });
}

interface Work {
  readonly services: Services;
  readonly key: string;
  readonly definition: Route;
  readonly handler: AnyHandler;
  readonly request: FastifyRequest;
  readonly input: Input;
}

async function answer(work: Work): Promise<Outcome> {
  const { services, key, definition, handler, request, input } = work;
  const now = services.clock.now();
  const run = async (tx: RequestContext["tx"]): Promise<Outcome> => {
    // Anew for each try: a transaction that collided with another one is run again.
    let status: number = definition.status;
    const answerAlsoStatus = () => {
      status = definition.alsoStatus ?? definition.status;
    };
    const actor = toActor(request);
    const { workspaceId, role } = actor;
    const { id: requestId } = request;
    const asker = { actor, workspaceId, role };
    const context = { services, tx, now, requestId, ...asker, answerAlsoStatus };
    const call = { key, definition, input, sent: request, actor, requestId, now };
    const ownTx = outsideTransaction.has(key) ? null : tx;
    const body = await withAudit({ ...call, tx: ownTx }, (record) =>
      handler(input, { ...context, record }),
    );
    return { status, body, isReplay: false };
  };
  const { db, vault } = services;
  const repeatable = toRepeatable(work, now);
  if (isRead(definition) || outsideTransaction.has(key)) {
    if (repeatable === undefined) return await run(db);
    return await answerOnceOutside(db, vault, repeatable, () => run(db));
  }
  return await db.transaction(async (tx) => {
    if (repeatable === undefined) return await run(tx);
    return await answerOnce(tx, vault, repeatable, () => run(tx));
  });
}

function toRepeatable({ definition, request, input }: Work, now: Date): Repeatable | undefined {
  const { idempotencyKey: key } = input;
  if (key === undefined) return undefined;
  const { workspaceId, tokenId, sessionId } = toActor(request);
  const { method, url: path, body } = request;
  const secretOf = definition.answersSecret ? (tokenId ?? sessionId) : null;
  return { workspaceId, key, method, path, body, now, secretOf };
}

// Public routes ask for nothing that belongs to anybody. Should one try, it meets a workspace
// that does not exist and the smallest role.
const nobody: Identity = {
  workspaceId: "",
  role: "member",
  tokenId: null,
  sessionId: null,
  userId: null,
  memberId: null,
  scopes: null,
  expiresAt: null,
  isVerified: false,
};

function toActor(request: FastifyRequest): Actor {
  return { ...(request.identity ?? nobody), address: request.ip };
}

function send(reply: FastifyReply, { status, body, isReplay }: Outcome): FastifyReply {
  if (isReplay) reply.header("idempotent-replayed", "true");
  return reply.code(status).send(status === 204 ? undefined : body);
}

function toUnknownRoute(request: FastifyRequest): ApiError {
  const path = request.url.split("?", 1)[0] ?? "";
  const methods = methodsOf(path);
  const named = `${request.method} ${path.slice(0, 200)}`;
  if (methods.length === 0) {
    return new ApiError("not_found", `There is no ${named}. /openapi.json lists every path.`);
  }
  return new ApiError("not_found", `There is no ${named}; this path has ${methods.join(", ")}.`);
}

const patterns = Object.values<Route>(api).map(({ path, method }) => ({
  method,
  pattern: new RegExp(`^${path.replace(/:[a-z_]+/g, "[^/]+")}$`),
}));

function methodsOf(path: string): string[] {
  return patterns.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
}

/** What is no HTTP gets our envelope too, written by hand: there is no request to answer. */
function refuseRaw(error: Pick<ConnectionError, "code">, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = new ApiError("validation_failed", toRawMessage(error.code));
  const body = JSON.stringify(toEnvelope(refusal));
  socket.end(
    `HTTP/1.1 ${refusal.status} Bad Request\r\nconnection: close\r\n` +
      `content-type: application/json; charset=utf-8\r\ncontent-length: ${body.length}\r\n` +
      `x-request-id: ${randomUUID()}\r\n\r\n${body}`,
  );
}

function toRawMessage(code: string): string {
  if (code === "HPE_HEADER_OVERFLOW") return "The headers are over 16 KiB.";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "The request did not arrive whole in time.";
  if (code === "NO_HOST") return "The request has no Host header.";
  return "The request is not valid HTTP.";
}
