// Keeps tries at the doors without a token within their limits. Such a try counts whether or not
// the request comes to anything, so it is never counted in the transaction of the request.
import { ApiError } from "@trigrun/contract";
import type { Tx } from "../store/db.ts";
import { countTry, type Limit } from "../store/rate-windows.ts";
import type { RequestContext } from "./context.ts";

/**
 * Counts this try; throws `rate_limited` when it is one too many. With the transaction of the
 * request only what succeeds is counted.
 */
export async function requireWithin(
  { services, now }: RequestContext,
  limits: readonly Limit[],
  tx: Tx = services.db,
): Promise<void> {
  const retryAfterSeconds = await countTry(tx, limits, now);
  if (retryAfterSeconds === undefined) return;
  throw new ApiError(
    "rate_limited",
    `Too many tries in a short time. Wait ${retryAfterSeconds} seconds.`,
    { retryAfterSeconds },
  );
}
