// Health: for load balancers and service managers. No token, no detail that helps a stranger.
import { z } from "zod";
import { route } from "./route.ts";

const tag = "Health";

export const healthRoutes = {
  getHealth: route({
    method: "GET",
    path: "/healthz",
    tag,
    role: "public",
    resource: "none",
    summary: "Say that the process lives",
    response: z.object({ status: z.literal("ok") }),
    status: 200,
  }),
  getReadiness: route({
    method: "GET",
    path: "/readyz",
    tag,
    role: "public",
    resource: "none",
    summary: "Say that the database answers and is migrated",
    response: z.object({ status: z.literal("ready") }),
    status: 200,
  }),
};
