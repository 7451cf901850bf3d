// `GET /metrics`, for Prometheus. It is no route of the API: what it tells is of the whole
// installation, so no workspace's token opens it.
import { timingSafeEqual } from "node:crypto";
import { ApiError } from "@trigrun/contract";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Config } from "../config.ts";
import type { Metrics } from "../metrics.ts";

export interface MetricsPageOptions {
  readonly config: Pick<Config, "metricsToken" | "publicUrl">;
  readonly metrics: Pick<Metrics, "contentType" | "render">;
}

export function addMetrics(app: FastifyInstance, { config, metrics }: MetricsPageOptions): void {
  app.get("/metrics", async (request, reply) => {
    if (!mayRead(request, config)) {
      throw new ApiError("unauthorized", config.metricsToken === undefined ? closed : wrong);
    }
    return reply.type(metrics.contentType).send(await metrics.render());
  });
}

const wrong = "Send `Authorization: Bearer` with the token of TRIGRUN_METRICS_TOKEN.";
const closed = "The metrics are closed to others than this machine: set TRIGRUN_METRICS_TOKEN.";

function mayRead(request: FastifyRequest, config: MetricsPageOptions["config"]): boolean {
  const { metricsToken, publicUrl } = config;
  if (metricsToken !== undefined) return isToken(request.headers.authorization, metricsToken);
  // Behind a proxy on this machine everybody comes from it, and not every proxy says so.
  if (publicUrl !== undefined || request.headers["x-forwarded-for"] !== undefined) return false;
  return isLoopback(request.socket.remoteAddress ?? "");
}

function isToken(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? "");
  const known = Buffer.from(`Bearer ${token}`);
  return given.length === known.length && timingSafeEqual(given, known);
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/, "");
  return plain === "::1" || /^127\.[\d.]+$/.test(plain);
}
