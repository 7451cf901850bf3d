// The HTTP server: binds every route of the contract to its handler. In this order: who asks, what
// is asked, the work in one transaction, the answer. It never answers before the work is committed.
import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { ApiError, api, isPersonal, isRead, type Route } from "@trigrun/contract";
import Fastify, {
  type FastifyContextConfig,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { createGate, type Gate } from "../auth/gate.ts";
import { type Identity, requirePermission } from "../auth/permission.ts";
import { sendsMail } from "../config.ts";
import type { Log } from "../log.ts";
import { createTrust } from "../proxies.ts";
import { addAccountPages } from "./account-pages.ts";
import { admitRequest } from "./admission.ts";
import { withAudit } from "./audit.ts";
import { acceptJson, ignoreBody } from "./body.ts";
import { createChangeHub } from "./change-hub.ts";
import { boundConnections } from "./connection-bounds.ts";
import type { Actor, RequestContext, Services } from "./context.ts";
import { createCors } from "./cors.ts";
import { addDashboard } from "./dashboard.ts";
import { addDocuments } from "./documents.ts";
import { createHandlers } from "./handlers.ts";
import type { HealthChecks } from "./health.ts";
import {
  bodyBytesMax,
  type HttpLimits,
  headerBytesMax,
  httpLimits,
  keepAliveTimeoutMs,
  paramLengthMax,
} from "./http-limits.ts";
import { answerOnce, answerOnceOutside, type Outcome, type Repeatable } from "./idempotency.ts";
import { type Input, readInput } from "./input.ts";
import { addMetrics, type MetricsPageOptions } from "./metrics-page.ts";
import { createRateLimits, type RateLimits } from "./rate-limits.ts";
import { createRawRefusals } from "./raw-refusals.ts";
import { refuse } from "./refusals.ts";
import { addRequestLog } from "./request-log.ts";
import { methodsOf, pathOf } from "./routes.ts";
import { toSecurityHeaders } from "./security-headers.ts";
import { addUnsubscribe } from "./unsubscribe.ts";

export interface ApiServerOptions extends HealthChecks {
  readonly services: Services;
  /** The product's, for documents. */
  readonly version: string;
  readonly log: Log;
  /** Other than the usual ones. */
  readonly limits?: Partial<HttpLimits>;
  readonly metrics: MetricsPageOptions["metrics"];
  /** Where the built dashboard is; found by itself when left out. */
  readonly dashboardFolder?: URL;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; null on public routes. */
    identity: Identity | null;
  }
  interface FastifyContextConfig {
    /** Whose requests are counted: the address's unless told otherwise. */
    limitedBy?: "token" | "nothing";
  }
}

type AnyHandler = (input: Input, context: RequestContext) => Promise<unknown>;

// A test message waits for its receiver, and a password for a processor; neither must keep a
// transaction open meanwhile. The latter open one of their own where they write. Each writes its
// own entry of the audit log (see `withAudit`).
const outsideTransaction: ReadonlySet<string> = new Set([
  "testChannel",
  "testRequest",
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
  const limits = { ...httpLimits, ...options.limits };
  const headers = toSecurityHeaders(services.config.publicUrl);
  const isTrusted = createTrust(services.config.trustedProxies);
  const refuseRaw = createRawRefusals(headers);
  const app = Fastify({
    // Our own lines say more with less: see `refuse`.
    logger: false,
    bodyLimit: bodyBytesMax,
    connectionTimeout: limits.connectionTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    http: {
      maxHeaderSize: headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
      // Node would refuse in no words at all; the first hook does it in ours.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: paramLengthMax },
    trustProxy: isTrusted,
    // A client's own id could be anything, even somebody else's.
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    // While the server closes, what came in over open connections is still answered.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) => {
      // No hook is run for an address that Fastify cannot read.
      try {
        if (!admitRequest(parts, request, reply)) return;
        rates.admitAddress(request, reply);
      } catch (refusal) {
        void refuse(refusal, request, reply, log);
        return;
      }
      void refuse(error, request, reply, log);
    },
    clientErrorHandler: refuseRaw,
  });
  const { connectionsMax, connectionsPerAddressMax } = limits;
  const bounds = { connectionsMax, connectionsPerAddressMax, isTrusted, log };
  const connections = boundConnections(app.server, bounds);
  const cors = createCors(services.config.corsOrigins);
  const parts = { headers, isTrusted, connections, cors, refuseRaw };
  const gate = createGate(services);
  const rates = createRateLimits({ config: services.config, clock: services.clock, gate, log });
  app.decorateRequest("identity", null);
  addRequestLog(app, log);
  app.addHook("onRequest", async (request, reply) => {
    if (!admitRequest(parts, request, reply)) return reply;
    if (request.routeOptions.config.limitedBy === undefined) rates.admitAddress(request, reply);
    if (cors.answerPreflight(request, reply) !== undefined) return reply;
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
  bindRoutes(app, services, { gate, rates }, options);
  addDocuments(app, options.version);
  addUnsubscribe(app, services);
  addAccountPages(app);
  addMetrics(app, { config: services.config, metrics: options.metrics });
  const { publicUrl } = services.config;
  const base = publicUrl === undefined ? "" : new URL(publicUrl).pathname.replace(/\/+$/, "");
  addDashboard(app, { base, folder: options.dashboardFolder });
  return app;
}

interface Doors {
  readonly gate: Gate;
  readonly rates: RateLimits;
}

function bindRoutes(
  app: FastifyInstance,
  services: Services,
  { gate, rates }: Doors,
  checks: ApiServerOptions,
): void {
  // Not all services: their public address is not known yet, and must not be asked for.
  const { db, clock } = services;
  const changes = createChangeHub({ db, clock, log: checks.log });
  // Before the server closes: an open stream must not hold up the drain.
  app.addHook("preClose", () => changes.stop());
  const handlers = createHandlers(checks, changes);
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
        config: toRouteConfig(definition),
        onRequest: async (request, reply) => {
          if (definition.role === "public") return;
          request.identity = await rates.identify(request, reply);
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

/** Whoever watches over this server must not be told that it is busy by not being answered. */
function toRouteConfig({ role, tag }: Route): FastifyContextConfig {
  if (tag === "Health") return { limitedBy: "nothing" };
  return role === "public" ? {} : { limitedBy: "token" };
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
    const body = await withAudit({ ...call, tx: ownTx }, (recorder) =>
      handler(input, { ...context, ...recorder }),
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
  const caller = isPersonal(definition) ? (tokenId ?? sessionId) : null;
  return { workspaceId, key, method, path, body, now, caller };
}

// Public routes ask for nothing that belongs to anybody. Should one try, it meets a workspace
// that does not exist and the smallest role.
const nobody: Identity = {
  workspaceId: "",
  role: "member",
  tokenId: null,
  sessionId: null,
  userId: null,
  makerUserId: null,
  memberId: null,
  scopes: null,
  expiresAt: null,
  isVerified: false,
};

function toActor(request: FastifyRequest): Actor {
  return { ...(request.identity ?? nobody), address: request.ip };
}

function send(reply: FastifyReply, { status, body, isReplay }: Outcome): FastifyReply {
  if (body instanceof Readable) return stream(reply.code(status), body);
  if (isReplay) reply.header("idempotent-replayed", "true");
  return reply.code(status).send(status === 204 ? undefined : body);
}

function stream(reply: FastifyReply, events: Readable): FastifyReply {
  // Proxies that gather an answer before they pass it on would gather this one for ever.
  reply.type("text/event-stream; charset=utf-8").header("x-accel-buffering", "no");
  // The connection ends with the stream: kept alive, it would hold up a server that stops.
  reply.header("connection", "close");
  if (reply.request.method !== "HEAD") return reply.send(events);
  events.destroy();
  return reply.send();
}

function toUnknownRoute(request: FastifyRequest): ApiError {
  const path = pathOf(request.url);
  const methods = methodsOf(path);
  const named = `${request.method} ${path.slice(0, 200)}`;
  if (methods.length === 0) {
    return new ApiError("not_found", `There is no ${named}. /openapi.json lists every path.`);
  }
  return new ApiError("not_found", `There is no ${named}; this path has ${methods.join(", ")}.`);
}
