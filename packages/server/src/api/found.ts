// The one sentence for what is not there. It must never tell another workspace's row from none.
import { ApiError, type IdKind } from "@trigrun/contract";

/** The row, or `not_found`. */
export function requireFound<T>(row: T | undefined, kind: IdKind): T {
  if (row !== undefined) return row;
  const here = `There is no ${kind} with this id in this workspace`;
  const isHistory = kind === "execution" || kind === "delivery";
  const message = isHistory ? `${here}, or no longer.` : `${here}.`;
  throw new ApiError("not_found", message);
}
