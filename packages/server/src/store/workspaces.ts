// Workspaces: what owns everything else. The first one is made by the first start.
import type { Workspace } from "@trigrun/contract";
import { newId } from "../id.ts";
import { empty, sql, type Tx } from "./db.ts";
import { type Page, type PageRequest, toPage } from "./page.ts";
import type { TokenRole } from "./tokens.ts";

// Any number that no other lock of this product uses; "work" in ASCII.
const setupLock = 0x77_6f_72_6b;

/**
 * The workspace of a fresh install, made when there is none. Nodes that start at once on an empty
 * database wait for each other here until the transaction ends, so what the caller makes in the
 * same transaction is made once, too.
 */
export async function ensureFirstWorkspace(tx: Tx, now: Date): Promise<{ readonly id: string }> {
  await tx.run(sql`select pg_advisory_xact_lock(${setupLock})`);
  const [found] = await tx.rows<{ id: string }>(
    sql`select id from workspaces order by created_at, id limit 1`,
  );
  if (found) return found;
  const id = newId("workspace", now);
  await insertWorkspace(tx, { id, name: "Default", timezone: "UTC", now });
  return { id };
}

interface Row {
  id: string;
  name: string;
  timezone: string;
  history_days: number | null;
  created_at: Date;
}

const columns = sql`w.id, w.name, w.timezone, w.history_days, w.created_at`;

function toWorkspace({ id, name, timezone, history_days, created_at }: Row): Workspace {
  return { id, name, timezone, history_days, created_at: created_at.toISOString() };
}

export async function insertWorkspace(
  tx: Tx,
  input: {
    readonly id: string;
    readonly name: string;
    readonly timezone: string;
    readonly now: Date;
  },
): Promise<void> {
  await tx.run(sql`
    insert into workspaces (id, name, timezone, created_at)
    values (${input.id}, ${input.name}, ${input.timezone}, ${input.now})`);
}

export async function findWorkspace(tx: Tx, id: string): Promise<Workspace | undefined> {
  const [row] = await tx.rows<Row>(sql`select ${columns} from workspaces w where w.id = ${id}`);
  return row && toWorkspace(row);
}

/** Undefined fields stay as they are. */
export async function saveWorkspace(
  tx: Tx,
  id: string,
  patch: {
    readonly name?: string | undefined;
    readonly timezone?: string | undefined;
    readonly history_days?: number | null | undefined;
  },
): Promise<void> {
  await tx.run(sql`
    update workspaces set name = coalesce(${patch.name ?? null}, name),
      timezone = coalesce(${patch.timezone ?? null}, timezone)
      ${patch.history_days === undefined ? empty : sql`, history_days = ${patch.history_days}`}
    where id = ${id}`);
}

export interface Belonging {
  readonly workspace: Workspace;
  readonly memberId: string;
  readonly role: TokenRole;
  readonly joinedAt: Date;
}

type BelongingRow = Row & { member_id: string; role: TokenRole; joined_at: Date };

function toBelonging(row: BelongingRow): Belonging {
  const { member_id: memberId, role, joined_at: joinedAt } = row;
  return { workspace: toWorkspace(row), memberId, role, joinedAt };
}

// The answer of a sign-in names them all; whoever has more pages through `GET /v1/workspaces`.
const listedMax = 100;

/** The workspaces of a person, the one joined first first. */
export async function listBelongings(tx: Tx, userId: string): Promise<Belonging[]> {
  const rows = await tx.rows<BelongingRow>(sql`
    select ${columns}, m.id as member_id, m.role, m.created_at as joined_at
    from memberships m join workspaces w on w.id = m.workspace_id
    where m.user_id = ${userId} order by m.id limit ${listedMax}`);
  return rows.map(toBelonging);
}

/** Undefined when the person does not belong to it, or there is no such workspace. */
export async function findBelonging(
  tx: Tx,
  userId: string,
  workspaceId: string,
): Promise<Belonging | undefined> {
  const [row] = await tx.rows<BelongingRow>(sql`
    select ${columns}, m.id as member_id, m.role, m.created_at as joined_at
    from memberships m join workspaces w on w.id = m.workspace_id
    where m.user_id = ${userId} and m.workspace_id = ${workspaceId}`);
  return row && toBelonging(row);
}

/** A page of the workspaces of a person, newest membership first. */
export async function pageBelongings(
  tx: Tx,
  userId: string,
  page: PageRequest,
): Promise<Page<Belonging>> {
  const rows = await tx.rows<BelongingRow>(sql`
    select ${columns}, m.id as member_id, m.role, m.created_at as joined_at
    from memberships m join workspaces w on w.id = m.workspace_id
    where m.user_id = ${userId}
      ${page.before === undefined ? empty : sql`and m.id < ${page.before}`}
    order by m.id desc limit ${page.limit + 1}`);
  const cut = toPage(
    rows.map((row) => ({ id: row.member_id, row })),
    page.limit,
    ({ row }) => toBelonging(row),
  );
  return cut;
}
