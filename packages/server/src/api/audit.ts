// What a request leaves in the audit log: who asked, by which route, about which row, with which
// fields. It writes in the transaction of the write, and never a value that could be a credential.
import assert from "node:assert/strict";
import {
  type AuditAction,
  type AuditResource,
  auditResources,
  idPrefixes,
  isRead,
  type Route,
} from "@trigrun/contract";
import { limitsOfStrangersEntry } from "../auth/limits.ts";
import {
  type AuditSubject,
  findAuditSubject,
  findJobNames,
  insertAuditEntries,
  insertAuditEntry,
  listAuditLog,
  type NewAuditEntry,
} from "../store/audit-log.ts";
import type { Tx } from "../store/db.ts";
import { toPageRequest } from "../store/page.ts";
import { countTry } from "../store/rate-windows.ts";
import { type Sent, toChanges, toObject } from "./audit-changes.ts";
import type { Actor, ApiHandlers, OwnEntry, RequestContext } from "./context.ts";
import type { Input } from "./input.ts";

export const auditHandlers: Pick<ApiHandlers, "listAuditLog"> = {
  async listAuditLog({ query }, { tx, workspaceId }) {
    const { actor, action, resource, from, to } = query;
    const filter = { actor, action, resource, from, to };
    return await listAuditLog(tx, workspaceId, filter, toPageRequest("audit", query));
  },
};

export interface AuditedCall {
  readonly key: string;
  readonly definition: Route;
  readonly input: Input;
  /** As they came, before any default. */
  readonly sent: Sent;
  readonly actor: Actor;
  readonly requestId: string;
  readonly now: Date;
  /** The transaction of the request; none where the handler opens its own. */
  readonly tx: Tx | null;
}

type Recorder = Pick<RequestContext, "record" | "omitEntry">;

/**
 * Does the work of a request and writes down that it was done, in the same transaction. A handler
 * that opens its own transaction writes by `record` itself; that it has is made sure of here.
 */
export async function withAudit(
  call: AuditedCall,
  work: (recorder: Recorder) => Promise<unknown>,
): Promise<unknown> {
  const { key, definition, tx } = call;
  let recorded = 0;
  let isOmitted = false;
  const recorder: Recorder = {
    async record(own, entry) {
      assert(!isRead(definition), `${key} only reads`);
      await insertAuditEntry(own, toOwnEntry(call, entry));
      recorded += 1;
    },
    omitEntry() {
      isOmitted = true;
    },
  };
  if (isRead(definition)) return await work(recorder);
  if (tx === null) {
    const body = await work(recorder);
    assert(recorded > 0 || isOmitted, `${key} has left nothing in the audit log`);
    return body;
  }
  // Before the work: what it deletes has no name afterwards.
  const found = await findSubject(call, tx);
  const body = await work(recorder);
  if (isOmitted) return body;
  const entry = toEntry(call, found, toObject(body));
  await insertAuditEntries(tx, await ofEach(tx, entry, toObject(body).items));
  return body;
}

/**
 * Of jobs that were asked for together and answered for one by one, an entry for each that it was
 * done to, so that each is found by its id. They are up to a hundred, so none lists the others.
 */
async function ofEach(tx: Tx, entry: NewAuditEntry, items: unknown): Promise<NewAuditEntry[]> {
  const done = findDone(items) ?? [];
  const { workspaceId } = entry;
  if (done.length === 0 || workspaceId === null) return [entry];
  const ids = done.flatMap((item) => toText(item.job_id) ?? []);
  const names = await findJobNames(tx, workspaceId, ids);
  const { job_ids: _, ...values } = entry.changes.values;
  return done.map((item) => {
    const id = toText(item.job_id) ?? null;
    const made = toText(item.execution_id) ?? null;
    return {
      ...entry,
      subject: { kind: "job", id, name: names.get(id ?? "") ?? null },
      changes: { ...entry.changes, values, made },
    };
  });
}

const failedSignIn = { kind: "nobody", userId: null } as const;

/**
 * A sign-in that failed, in a transaction of its own: the request comes to nothing. What would
 * flood the log is not written; the limits of `limitsOfSignIn` keep those tries out anyway.
 */
export async function recordFailedSignIn(
  context: RequestContext,
  account: { readonly email: string; readonly userId: string | null },
): Promise<void> {
  const { email, userId } = account;
  await context.services.db.transaction(async (tx) => {
    const limits = limitsOfStrangersEntry("logIn", userId);
    if ((await countTry(tx, limits, context.now)) !== undefined) return;
    await context.record(tx, {
      ...{ outcome: "refused", actor: failedSignIn, accountId: userId },
      subject: { kind: "user", id: userId, name: email },
    });
  });
}

function toBase({ key, definition, input, sent, actor, requestId, now }: AuditedCall) {
  // A route overlooks what it has no schema for; it is no field, and may be called anything.
  const query = definition.query && sent.query;
  const body = definition.body && sent.body;
  return {
    at: now,
    // The key of a route that writes: `withAudit` has looked.
    action: key as AuditAction,
    address: actor.address,
    requestId,
    changes: { ...toChanges({ query, body }, input), count: null, made: null },
  };
}

function toOwnEntry(call: AuditedCall, own: OwnEntry): NewAuditEntry {
  const { actor } = call;
  return {
    ...toBase(call),
    outcome: own.outcome ?? "done",
    workspaceId: own.workspaceId ?? (actor.workspaceId || null),
    accountId: own.accountId ?? own.actor?.userId ?? null,
    actor: own.actor ? { ...noIds, ...own.actor } : toIdentity(actor),
    subject: own.subject,
  };
}

function toEntry(
  call: AuditedCall,
  found: AuditSubject | undefined,
  answer: Readonly<Record<string, unknown>>,
): NewAuditEntry {
  const { actor } = call;
  const subject = toSubject(call, found, answer);
  const base = toBase(call);
  const { id } = answer;
  const made = typeof id === "string" && subject !== null && id !== subject.id ? id : null;
  const counts = [answer.count, answer.waited, findDone(answer.items)?.length];
  const count = counts.find((each) => typeof each === "number") ?? null;
  const own = subject?.kind === "workspace" ? subject.id : toObject(answer.workspace).id;
  return {
    ...base,
    outcome: "done",
    // Of a workspace that is made or entered it is the first line, or one of the next.
    workspaceId: typeof own === "string" ? own : actor.workspaceId || null,
    accountId: null,
    actor: toIdentity(actor),
    subject,
    changes: { ...base.changes, count, made },
  };
}

/** Of rows that were asked for together and answered for one by one. */
function findDone(items: unknown): Readonly<Record<string, unknown>>[] | undefined {
  if (!Array.isArray(items)) return undefined;
  return items.map(toObject).filter(({ outcome }) => outcome === "done");
}

const noIds = { userId: null, tokenId: null, sessionId: null, name: null };

function toIdentity(actor: Actor): NewAuditEntry["actor"] {
  const { userId, makerUserId, tokenId, sessionId } = actor;
  const person = sessionId === null ? "nobody" : "user";
  const kind = tokenId === null ? person : "token";
  return { kind, userId: userId ?? makerUserId, tokenId, sessionId, name: null };
}

/** What the path names, unless the answer is what was made below it. */
async function findSubject(
  { definition, input, actor }: AuditedCall,
  tx: Tx,
): Promise<AuditSubject | undefined> {
  if (definition.status === 201) return undefined;
  const id = toText(Object.values(toObject(input.params)).at(-1));
  if (id === undefined) return undefined;
  // Secrets go by their name as well.
  const kind = definition.resource === "secrets" ? "secret" : kindOf(id);
  if (kind === undefined) return undefined;
  return await findAuditSubject(tx, { workspaceId: actor.workspaceId, kind, id });
}

function toSubject(
  { definition, actor }: AuditedCall,
  found: AuditSubject | undefined,
  answer: Readonly<Record<string, unknown>>,
): AuditSubject | null {
  if (definition.resource === "self") return { kind: "user", id: actor.userId, name: null };
  const named = toText(answer.job_name) ?? toText(answer.channel_name);
  if (found !== undefined) return { ...found, name: found.name ?? named ?? null };
  const id = toText(answer.id);
  const kind = id === undefined ? undefined : kindOf(id);
  if (id === undefined || kind === undefined) return null;
  return { kind, id, name: nameOf(kind, answer) };
}

function nameOf(kind: AuditResource, answer: Readonly<Record<string, unknown>>): string | null {
  if (kind === "rule") return `${answer.event} to ${answer.channel_name}`;
  const { name, email, user } = answer;
  return toText(name) ?? toText(email) ?? toText(toObject(user).email) ?? null;
}

function kindOf(id: string): AuditResource | undefined {
  return auditResources.find((kind) => id.startsWith(`${idPrefixes[kind]}_`));
}

function toText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
