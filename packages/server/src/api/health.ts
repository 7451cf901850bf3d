// Health: the process lives; the database answers and has the schema that this version needs.
import { ApiError } from "@trigrun/contract";
import { MigrationRefused } from "../store/migrate.ts";
import type { ApiHandlers } from "./context.ts";

export interface HealthChecks {
  /** Rejects when the database does not answer. */
  ping(): Promise<void>;
  /** Migrations that this version knows and the database lacks. */
  pendingMigrations(): Promise<readonly string[]>;
}

export function createHealthHandlers(
  checks: HealthChecks,
): Pick<ApiHandlers, "getHealth" | "getReadiness"> {
  return { getHealth: async () => ({ status: "ok" }), getReadiness: createReadiness(checks) };
}

interface Readiness {
  readonly status: "ready";
}

/** Anybody may ask, as often as they like: all who do meanwhile share the look under way. */
export function createReadiness(checks: HealthChecks): () => Promise<Readiness> {
  let underWay: Promise<Readiness> | undefined;
  return () => {
    underWay ??= readReadiness(checks).finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

async function readReadiness({ ping, pendingMigrations }: HealthChecks): Promise<Readiness> {
  await ping();
  if ((await countPending(pendingMigrations)) === 0) return { status: "ready" };
  // No names: they would tell a stranger which version this is.
  throw new ApiError("unavailable", "The database does not have this version's schema.", {
    // A migration takes seconds or minutes, not milliseconds.
    retryAfterSeconds: 5,
  });
}

/** A database of a newer version lacks nothing, and still cannot be used. */
async function countPending(pendingMigrations: HealthChecks["pendingMigrations"]): Promise<number> {
  try {
    return (await pendingMigrations()).length;
  } catch (error) {
    if (error instanceof MigrationRefused) return Number.POSITIVE_INFINITY;
    throw error;
  }
}
