// What the audit log says of the fields of a request: all their names, as the contract calls them,
// and the values of a few. It must never let a value through that could be a credential, nor a name
// of the client's making. Pure.
import type { AuditEntry } from "@trigrun/contract";

/** The parts of a request that have fields. */
export interface Sent {
  readonly query?: unknown;
  readonly body?: unknown;
}

/** The names are those that were sent; the values are read from what the contract made of it. */
export function toChanges(
  sent: Sent,
  parsed: Sent,
): Pick<AuditEntry["changes"], "fields" | "values"> {
  return { fields: toFieldNames(sent), values: toValues(parsed) };
}

// Their members are those of the contract; the rest may have names of the client's making.
const unfolded: ReadonlySet<string> = new Set([
  ...["config", "pace", "request", "retry", "retry_policy", "schedule"],
]);

/** `name`, `config.url`: as the contract calls them. */
function toFieldNames({ body, query }: Sent): string[] {
  const names = [toObject(query), toObject(body)].flatMap((part) =>
    Object.entries(part).flatMap(([name, value]) => {
      const members = unfolded.has(name) ? Object.keys(toObject(value)) : [];
      return members.length === 0 ? [name] : members.map((member) => `${name}.${member}`);
    }),
  );
  return [...new Set(names)].sort();
}

// Fields that the contract lets hold a word of a list, an id, a time, a number, yes or no.
const shown: ReadonlySet<string> = new Set([
  ...["role", "scopes", "state", "event", "force", "waiting", "resend", "dry_run"],
  ...["only_still_true", "max_per_minute", "from", "to", "expires_at"],
  ...["channel_id", "job_id", "execution_id", "member_id", "workspace_id"],
  ...["job_ids", "history_days"],
]);

/** Of the fields above, as far as they are what they should be. */
function toValues({ body, query }: Sent): AuditEntry["changes"]["values"] {
  // An id that is none hides none of the others in its list.
  const entries = Object.entries({ ...toObject(query), ...toObject(body) }).map(([name, value]) => {
    const isIds = Array.isArray(value) && name.endsWith("_ids");
    return [name, isIds ? value.filter((each) => isPlain(name, each)) : value] as const;
  });
  return Object.fromEntries(
    entries.filter(([name, value]) => shown.has(name) && isPlain(name, value)),
  );
}

function isPlain(name: string, value: unknown): boolean {
  if (typeof value === "number" || typeof value === "boolean" || value instanceof Date) return true;
  if (Array.isArray(value)) return value.every((each) => isPlain(name, each));
  if (typeof value !== "string") return false;
  // Ids in a body may be any text, which then finds nothing.
  return /_ids?$/.test(name) ? /^[a-z]+_[0-9a-f]{32}$/.test(value) : /^[a-z_:]+$/.test(value);
}

/** Nothing of what is no object. */
export function toObject(value: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  // An object that is no list has keys and values of some kind.
  return isObject ? (value as Record<string, unknown>) : {};
}
