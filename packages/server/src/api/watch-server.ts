// The HTTP server of a node that only works: metrics and health, for those who watch it. It knows
// nothing of the API, so that it may stand where no user comes.
import { ApiError } from "@trigrun/contract";
import Fastify, { type FastifyInstance } from "fastify";
import type { Log } from "../log.ts";
import { createReadiness, type HealthChecks } from "./health.ts";
import { httpLimits } from "./http-limits.ts";
import { addMetrics, type MetricsPageOptions } from "./metrics-page.ts";
import { refuse } from "./refusals.ts";

export interface WatchServerOptions extends HealthChecks, MetricsPageOptions {
  readonly log: Log;
}

export function createWatchServer(options: WatchServerOptions): FastifyInstance {
  const { log } = options;
  const app = Fastify({
    logger: false,
    connectionTimeout: httpLimits.connectionTimeoutMs,
    requestTimeout: httpLimits.requestTimeoutMs,
    return503OnClosing: false,
  });
  app.setErrorHandler((error, request, reply) => refuse(error, request, reply, log));
  app.setNotFoundHandler(() => {
    throw new ApiError("not_found", "This node only works. It has /metrics, /healthz and /readyz.");
  });
  addMetrics(app, options);
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", createReadiness(options));
  return app;
}
