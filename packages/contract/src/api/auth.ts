// Who is asking: the token, its role and its workspace.
import { z } from "zod";
import { id, instant } from "./fields.ts";
import { route } from "./route.ts";

export const authRoutes = {
  getMe: route({
    method: "GET",
    path: "/v1/auth/me",
    tag: "Authentication",
    role: "member",
    summary: "Say who the token is",
    response: z.object({
      workspace: z.object({ id: id("workspace"), name: z.string() }),
      role: z.enum(["member", "admin", "owner"]),
      token: z.object({ id: id("token"), name: z.string(), expires_at: instant.nullable() }),
    }),
    status: 200,
  }),
};
