// The audit log as rows: added in the transaction of the write that they tell of, listed, pruned by
// age. Names of whoever did it are looked up here, in the statement that adds the row; no value of
// a request passes unless its caller has chosen it.
import {
  type AuditAction,
  type AuditActor,
  type AuditEntry,
  type AuditOutcome,
  type AuditResource,
  auditResources,
} from "@trigrun/contract";
import { newId } from "../id.ts";
import { type Database, empty, type Sql, sql, type Tx } from "./db.ts";
import { idBoundAfter, idBoundBefore } from "./id-bound.ts";
import { type Page, type PageRequest, toPage } from "./page.ts";
import { createRecordset, type RecordOf } from "./recordset.ts";

export interface AuditSubject {
  readonly kind: AuditResource;
  readonly id: string | null;
  readonly name: string | null;
}

export interface NewAuditEntry {
  readonly at: Date;
  /** Null: that of `accountId`, or else the first one, which is the operator's. */
  readonly workspaceId: string | null;
  /** The account that it is about; it is told in the workspace that its sign-in opens. */
  readonly accountId: string | null;
  readonly action: AuditAction;
  readonly outcome: AuditOutcome;
  readonly actor: {
    readonly kind: AuditActor;
    /** Of a token: its maker. */
    readonly userId: string | null;
    readonly tokenId: string | null;
    readonly sessionId: string | null;
    /** Of a command; names of people and tokens are looked up. */
    readonly name: string | null;
  };
  readonly subject: AuditSubject | null;
  readonly address: string | null;
  readonly requestId: string | null;
  readonly changes: AuditEntry["changes"];
}

export const noChanges: AuditEntry["changes"] = { fields: [], values: {}, count: null, made: null };

const columns = {
  id: "text",
  at: "timestamptz",
  workspace_id: "text",
  account_id: "text",
  action: "text",
  outcome: "text",
  actor_kind: "text",
  user_id: "text",
  token_id: "text",
  session_id: "text",
  actor_name: "text",
  resource_kind: "text",
  resource_id: "text",
  resource_name: "text",
  address: "text",
  request_id: "text",
  // JSON.
  changes: "text",
} as const;

const entryRows = createRecordset("o", columns);

function toRow(entry: NewAuditEntry): RecordOf<typeof columns> {
  const { at, actor, subject } = entry;
  return {
    id: newId("audit", at),
    at,
    workspace_id: entry.workspaceId,
    account_id: entry.accountId,
    action: entry.action,
    outcome: entry.outcome,
    actor_kind: actor.kind,
    user_id: actor.userId,
    token_id: actor.tokenId,
    session_id: actor.sessionId,
    actor_name: actor.name,
    resource_kind: subject?.kind,
    resource_id: subject?.id,
    resource_name: subject?.name,
    address: entry.address,
    request_id: entry.requestId,
    changes: JSON.stringify(entry.changes),
  };
}

// The workspace of an account is that which `listBelongings` says first; the first of all that
// which `ensureFirstWorkspace` finds. Neither is looked for where the workspace is given.
const insertText = `
  insert into audit_log (id, at, workspace_id, action, outcome, actor_kind, actor_user_id,
    actor_token_id, actor_session_id, actor_name, actor_email, resource_kind, resource_id,
    resource_name, address, request_id, changes)
  select o.id, o.at,
    coalesce(o.workspace_id,
      (select workspace_id from memberships where user_id = o.account_id order by id limit 1),
      (select id from workspaces order by created_at, id limit 1)),
    o.action, o.outcome, o.actor_kind, u.id, o.token_id, o.session_id,
    coalesce(o.actor_name, t.name, u.name), u.email, o.resource_kind, o.resource_id,
    coalesce(o.resource_name,
      case o.resource_kind when 'user' then
        (select email from users where id = o.resource_id) end),
    o.address, o.request_id, o.changes::jsonb
  from ${entryRows.text}
  left join api_tokens t on t.id = o.token_id
  left join users u on u.id = o.user_id`;

/** In the transaction of the write: all are kept or none is. */
export async function insertAuditEntries(tx: Tx, entries: readonly NewAuditEntry[]): Promise<void> {
  const values = entryRows.toValues(entries.map(toRow));
  await tx.run({ name: "audit_log_insert", text: insertText, values });
}

export async function insertAuditEntry(tx: Tx, entry: NewAuditEntry): Promise<void> {
  await insertAuditEntries(tx, [entry]);
}

export interface HostDeed {
  readonly action: AuditAction;
  /** What was run on the host, as an operator would type it. */
  readonly command: string;
  readonly subject: AuditSubject | null;
  /** Null: that of the account, or else the first one. */
  readonly workspaceId: string | null;
  readonly accountId?: string;
  readonly values?: AuditEntry["changes"]["values"];
  readonly now: Date;
}

/** What is done on the host, where there is no request: by a command, or by a start. */
export async function insertHostEntry(tx: Tx, deed: HostDeed): Promise<void> {
  const { action, command, subject, workspaceId, accountId = null, values = {}, now } = deed;
  await insertAuditEntry(tx, {
    ...{ at: now, workspaceId, accountId, action, outcome: "done", subject },
    actor: { kind: "host", userId: null, tokenId: null, sessionId: null, name: command },
    ...{ address: null, requestId: null, changes: { ...noChanges, values } },
  });
}

type Nameable = Exclude<AuditResource, "execution" | "delivery" | "user" | "workspace">;

function named(kind: Nameable, workspaceId: string, id: string): Sql {
  const isIt = sql`t.workspace_id = ${workspaceId} and t.id = ${id}`;
  const inTable: Readonly<Record<Nameable, Sql>> = {
    job: sql`select t.id, t.name from jobs t where ${isIt}`,
    channel: sql`select t.id, t.name from channels t where ${isIt}`,
    secret: sql`
      select t.id, t.name from secrets t
      where t.workspace_id = ${workspaceId} and (t.id = ${id} or t.name = ${id})
      order by t.id = ${id} desc limit 1`,
    token: sql`select t.id, t.name from api_tokens t where ${isIt}`,
    invitation: sql`select t.id, t.email as name from invitations t where ${isIt}`,
    member: sql`
      select t.id, u.email as name from memberships t join users u on u.id = t.user_id
      where ${isIt}`,
    rule: sql`
      select t.id, t.event || ' to ' || c.name as name
      from rules t join channels c on c.id = t.channel_id where ${isIt}`,
  };
  return inTable[kind];
}

/**
 * What a path names, while it is still there. Executions and deliveries have no name of their own;
 * what is told beside them is in the answer of whatever was done to them.
 */
export async function findAuditSubject(
  tx: Tx,
  input: { readonly workspaceId: string; readonly kind: AuditResource; readonly id: string },
): Promise<AuditSubject | undefined> {
  const { workspaceId, kind, id } = input;
  if (kind === "execution" || kind === "delivery") return { kind, id, name: null };
  if (kind === "user" || kind === "workspace") return undefined;
  const [row] = await tx.rows<{ id: string; name: string }>(named(kind, workspaceId, id));
  return row && { kind, ...row };
}

/** Their names, by their ids. */
export async function findJobNames(
  tx: Tx,
  workspaceId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.rows<{ id: string; name: string }>(sql`
    select id, name from jobs where workspace_id = ${workspaceId} and id = any(${ids})`);
  return new Map(rows.map(({ id, name }) => [id, name]));
}

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: AuditAction | undefined;
  readonly resource?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

interface Row {
  id: string;
  at: Date;
  action: string;
  outcome: AuditOutcome;
  actor_kind: AuditActor;
  actor_user_id: string | null;
  actor_token_id: string | null;
  actor_session_id: string | null;
  actor_name: string | null;
  actor_email: string | null;
  resource_kind: AuditResource | null;
  resource_id: string | null;
  resource_name: string | null;
  address: string | null;
  request_id: string | null;
  changes: AuditEntry["changes"];
}

export async function listAuditLog(
  tx: Tx,
  workspaceId: string,
  filter: AuditFilter,
  page: PageRequest,
): Promise<Page<AuditEntry>> {
  const rows = await tx.rows<Row>(sql`
    select id, at, action, outcome, actor_kind, actor_user_id, actor_token_id, actor_session_id,
      actor_name, actor_email, resource_kind, resource_id, resource_name, address, request_id,
      changes
    from audit_log
    where workspace_id = ${workspaceId} ${toConditions(filter)}
      ${page.before === undefined ? empty : sql`and id < ${page.before}`}
    order by id desc limit ${page.limit + 1}`);
  return toPage(rows, page.limit, toEntry);
}

function toConditions({ actor, action, resource, from, to }: AuditFilter): Sql {
  return sql`
    ${actor === undefined ? empty : sql`and ${toActorCondition(actor)}`}
    ${action === undefined ? empty : sql`and action = ${action}`}
    ${resource === undefined ? empty : sql`and ${toResourceCondition(resource)}`}
    ${from === undefined ? empty : sql`and at >= ${from} and id > ${idBoundBefore("audit", from)}`}
    ${to === undefined ? empty : sql`and at < ${to} and id < ${idBoundAfter("audit", to)}`}`;
}

function toActorCondition(actor: string): Sql {
  if (actor.startsWith("user_")) return sql`actor_user_id = ${actor}`;
  if (actor.startsWith("tok_")) return sql`actor_token_id = ${actor}`;
  return sql`lower(actor_email) = lower(${actor})`;
}

function toResourceCondition(resource: string): Sql {
  const isKind = auditResources.some((kind) => kind === resource);
  return isKind ? sql`resource_kind = ${resource}` : sql`resource_id = ${resource}`;
}

function toEntry(row: Row): AuditEntry {
  const { resource_kind: kind } = row;
  return {
    id: row.id,
    at: row.at.toISOString(),
    action: row.action,
    outcome: row.outcome,
    actor: {
      kind: row.actor_kind,
      user_id: row.actor_user_id,
      token_id: row.actor_token_id,
      session_id: row.actor_session_id,
      name: row.actor_name,
      email: row.actor_email,
    },
    resource: kind && { kind, id: row.resource_id, name: row.resource_name },
    address: row.address,
    request_id: row.request_id,
    changes: row.changes,
  };
}

/** Deletes a batch of what is older than so many days. Answers how many rows went. */
export async function pruneAuditLog(
  db: Database,
  { days, limit }: { readonly days: number; readonly limit: number },
): Promise<number> {
  return await db.transaction(async (tx) => {
    // The trigger of the table lets nothing go but what is older than this.
    await tx.run(sql`
      select set_config('trigrun.audit_log_ends',
        (now() - make_interval(days => ${days}))::text, true)`);
    return await tx.run(sql`
      delete from audit_log where id in (
        select id from audit_log where at < now() - make_interval(days => ${days})
        order by at limit ${limit})`);
  });
}
