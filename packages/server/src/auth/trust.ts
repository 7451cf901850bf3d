// How far an account is trusted. Pure.
import type { TrustLevel } from "@trigrun/contract";

// As publicly documented of the product: after 48 hours.
const trustedAfterMs = 48 * 3_600_000;

export function trustLevelOf(verifiedAt: Date | null, now: Date): TrustLevel {
  if (verifiedAt === null) return "pending_verification";
  const ageMs = now.getTime() - verifiedAt.getTime();
  return ageMs >= trustedAfterMs ? "trusted" : "verified";
}
