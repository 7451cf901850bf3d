// A line for each answered request, at the level of debug: whose it was, what it asked for and what
// came of it. It holds no address of a person, no query, no header and no body.
import type { FastifyInstance } from "fastify";
import type { Log } from "../log.ts";

export function addRequestLog(app: FastifyInstance, log: Log): void {
  app.addHook("onResponse", async (request, reply) => {
    const { identity } = request;
    log.debug(
      {
        request_id: request.id,
        workspace_id: identity?.workspaceId ?? null,
        user_id: identity?.userId ?? null,
        token_id: identity?.tokenId ?? null,
        method: request.method,
        // The pattern and not the address: a query may hold what people searched for.
        route: request.routeOptions.url ?? "no route",
        status: reply.statusCode,
        latency_ms: Math.round(reply.elapsedTime),
      },
      "request",
    );
  });
}
