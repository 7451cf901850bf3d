// The audit log, as people read it: when, who, what, to which row, from where.
import type { AuditEntry } from "@trigrun/contract";
import { relative, renderTable, type View } from "../render.ts";

export function renderAuditLog(entries: readonly AuditEntry[], view: View): string {
  return renderTable(
    [
      { title: "WHEN", text: ({ at }) => relative(at, view), isRigid: true },
      { title: "WHO", text: toActor },
      { title: "ACTION", text: toAction, isRigid: true },
      { title: "ON", text: toResource },
      { title: "FROM", text: ({ address }) => address ?? "the host", isOptional: true },
    ],
    entries,
    view,
  );
}

function toActor({ actor: { kind, name, email } }: AuditEntry): string {
  if (kind === "user") return email ?? name ?? kind;
  if (kind === "token") return `token ${name ?? "?"}${email === null ? "" : ` of ${email}`}`;
  if (kind === "link") return email === null ? "link in a mail" : `link to ${email}`;
  return kind === "host" ? (name ?? kind) : kind;
}

function toAction({ action, outcome }: AuditEntry): string {
  return outcome === "done" ? action : `${action} (${outcome})`;
}

function toResource({ resource, changes: { count } }: AuditEntry): string {
  if (resource !== null) return `${resource.kind} ${resource.name ?? resource.id ?? "?"}`;
  return count === null ? "-" : `${count} rows`;
}
