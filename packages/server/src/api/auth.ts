// Who is asking: what the token is allowed to know about itself.
import { ApiError } from "@trigrun/contract";
import { readTokenWithWorkspace } from "../store/tokens.ts";
import type { ApiHandlers } from "./context.ts";

export const authHandlers: Pick<ApiHandlers, "getMe"> = {
  getMe: async (_input, { tx, workspaceId, tokenId, role }) => {
    const found = await readTokenWithWorkspace(tx, { workspaceId, tokenId });
    // The gate remembers tokens for some seconds; this row was deleted within them.
    if (!found) throw new ApiError("unauthorized", "The token is unknown, expired or revoked.");
    return {
      workspace: { id: workspaceId, name: found.workspaceName },
      role,
      token: {
        id: tokenId,
        name: found.tokenName,
        expires_at: found.expiresAt?.toISOString() ?? null,
      },
    };
  },
};
