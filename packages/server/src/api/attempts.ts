// Keeps tries at the doors without a token within their limits. A try counts whether or not the
// request comes to anything, so this never runs in the transaction of the request.
import { ApiError } from "@trigrun/contract";
import { countTry, type Limit } from "../store/rate-windows.ts";
import type { RequestContext } from "./context.ts";

/** Counts this try; throws `rate_limited` when it is one too many. */
export async function requireWithin(
  { services, now }: RequestContext,
  limits: readonly Limit[],
): Promise<void> {
  const retryAfterSeconds = await countTry(services.db, limits, now);
  if (retryAfterSeconds === undefined) return;
  throw new ApiError(
    "rate_limited",
    `Too many tries from this address or for this account. Wait ${retryAfterSeconds} seconds.`,
    { retryAfterSeconds },
  );
}
