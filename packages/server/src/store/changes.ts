// What stands otherwise than a moment ago, for those who watch. Two statements for all of them, by
// indexes that are there anyway: writing an execution costs nothing more for being watched. What
// waits for a disabled channel is not watched: there may be any number of it, and it stands still.
import type { Changes } from "@trigrun/contract";
import { raw, type Sql, sql, type Tx } from "./db.ts";
import { idFloor } from "./id-bound.ts";

type ExecutionChange = Changes["executions"][number];
type DeliveryChange = Changes["deliveries"][number];

export type Standing = {
  readonly workspaceId: string;
  /** It has not ended, and goes on without anybody's doing. */
  readonly isOpen: boolean;
} & (
  | { readonly kind: "execution"; readonly row: ExecutionChange; readonly scheduledFor: Date }
  | { readonly kind: "delivery"; readonly row: DeliveryChange; readonly isDigest: boolean }
);

export interface Watched {
  readonly workspaceIds: readonly string[];
  /** What was open when it was looked at last. */
  readonly open: readonly Standing[];
  /** Rows made since then are looked at whatever their state. */
  readonly since: Date;
  readonly tokenIds: readonly string[];
  readonly sessionIds: readonly string[];
  readonly now: Date;
}

export interface Seen {
  readonly standing: readonly Standing[];
  /** Workspaces of which there may be more than was looked at. */
  readonly overflown: ReadonlySet<string>;
  /** Of the tokens and sign-ins, those that still open their workspace: `<id> <workspace id>`. */
  readonly alive: ReadonlySet<string>;
}

// Of each workspace, so many of each state at most, and so many new ones.
const changesMax = 500;
// New ones, and those of the two states that are no ends, of executions and of deliveries.
const partsOfEach = 6;
// Of all workspaces together: some 300 ms of one connection at worst, each second. From 21 of them
// on, each has less than `changesMax`; 1,000, which is all that a node lets in, have ten of each.
const rowsMax = 60_000;
// As many as two nodes at work end in a second, and some more.
const openMax = 5_000;

interface Row {
  kind: "execution" | "delivery" | "alive";
  id: string;
  workspace_id: string;
  job_id: string | null;
  execution_id: string | null;
  channel_id: string | null;
  status: string | null;
  attempt_count: number | null;
  scheduled_for: Date | null;
  is_parked: boolean | null;
  is_digest: boolean | null;
}

const executionColumns = sql`'execution' as kind, id, workspace_id, job_id,
  null::text as execution_id, null::text as channel_id, status, attempt_count, scheduled_for,
  null::boolean as is_parked, null::boolean as is_digest`;
const deliveryColumns = sql`'delivery' as kind, id, workspace_id, job_id, execution_id, channel_id,
  status, attempt_count, null::timestamptz as scheduled_for, parked_for is not null as is_parked,
  event = 'digest' as is_digest`;
// For those that are no rows of history.
const noColumns = raw("null, null, null, null, null, null::timestamptz, null, null");

export async function readChanges(tx: Tx, watched: Watched): Promise<Seen> {
  const { workspaceIds, open, since } = watched;
  const eachMax = Math.min(changesMax, Math.floor(rowsMax / partsOfEach / workspaceIds.length));
  const rows = await readNewest(tx, watched, eachMax);
  const newest = rows.flatMap(toStanding);
  const found = new Set(newest.map(({ row }) => row.id));
  // What was open and is not among the newest has ended, unless there are too many of them.
  const { kept, cut } = share(open.filter(({ row }) => !found.has(row.id)));
  const gone = (await readAgain(tx, kept)).flatMap(toStanding);
  const alive = rows.filter(({ kind }) => kind === "alive");
  return {
    standing: [...newest, ...gone],
    overflown: new Set([...cut, ...findFull(newest, eachMax, since)]),
    alive: new Set(alive.map((row) => `${row.id} ${row.workspace_id}`)),
  };
}

function readNewest(tx: Tx, watched: Watched, eachMax: number): Promise<Row[]> {
  const { workspaceIds, tokenIds, sessionIds, since, now } = watched;
  const executions = (condition: Sql) =>
    newestOf(sql`select ${executionColumns} from executions`, condition, eachMax);
  const deliveries = (condition: Sql) =>
    newestOf(sql`select ${deliveryColumns} from deliveries`, condition, eachMax);
  // The states are written out, so that the planner sees that the index of states holds them.
  return tx.rows<Row>(sql`
    select found.* from unnest(${workspaceIds}::text[]) as w (id) cross join lateral (
      ${executions(sql`id >= ${idFloor("execution", since)}`)}
      union all ${executions(sql`status = 'queued'`)}
      union all ${executions(sql`status = 'running'`)}
      union all ${deliveries(sql`id >= ${idFloor("delivery", since)}`)}
      union all ${deliveries(sql`status = 'processing'`)}
      union all ${pendingOf(eachMax)}
    ) found
    union all select 'alive', t.id, t.workspace_id, ${noColumns} from api_tokens t
      left join memberships m on m.id = t.member_id and m.workspace_id = t.workspace_id
      where t.id = any(${tokenIds}::text[]) and t.revoked_at is null
        and (t.expires_at is null or t.expires_at > ${now})
        and (t.member_id is null or m.id is not null)
    union all select 'alive', s.id, s.workspace_id, ${noColumns} from sessions s
      join memberships m on m.user_id = s.user_id and m.workspace_id = s.workspace_id
      where s.id = any(${sessionIds}::text[]) and s.expires_at > ${now}`);
}

/** Of the workspace `w`. */
function newestOf(rows: Sql, condition: Sql, max: number): Sql {
  return sql`(${rows} where workspace_id = w.id and ${condition} order by id desc limit ${max})`;
}

/**
 * What is pending and not parked. By destination, as the index of what is due is: by workspace,
 * all that waits for a disabled channel would have to be read past.
 */
function pendingOf(max: number): Sql {
  return sql`(
    select waiting.* from destinations t cross join lateral (
      select ${deliveryColumns} from deliveries
      where destination_id = t.id and status = 'pending' and parked_for is null
      order by due_at limit ${max}
    ) waiting
    where t.workspace_id = w.id limit ${max})`;
}

/** These rows once more, in the months that hold them and in no other. */
async function readAgain(tx: Tx, standing: readonly Standing[]): Promise<Row[]> {
  if (standing.length === 0) return [];
  const executions = standing.filter((each) => each.kind === "execution");
  const slots = executions.map(({ scheduledFor }) => scheduledFor).sort((a, b) => +a - +b);
  const deliveries = standing.filter((each) => each.kind === "delivery");
  const ofExecutions = deliveries.filter(({ row }) => row.execution_id !== null);
  const tellOf = ofExecutions.flatMap(({ row }) => row.execution_id ?? []).sort();
  const ofNone = deliveries.filter(({ row }) => row.execution_id === null);
  // Where there are none, between nothing and nothing, which PostgreSQL does not even begin with.
  const between = (values: readonly (Date | string)[]) =>
    sql`between ${values.at(0) ?? null} and ${values.at(-1) ?? null}`;
  return await tx.rows<Row>(sql`
    select ${executionColumns} from executions
      where id = any(${idsOf(executions)}::text[]) and scheduled_for ${between(slots)}
    union all select ${deliveryColumns} from deliveries
      where id = any(${idsOf(ofExecutions)}::text[]) and execution_id ${between(tellOf)}
    union all select ${deliveryColumns} from deliveries
      where id = any(${idsOf(ofNone)}::text[]) and execution_id is null`);
}

function idsOf(standing: readonly Standing[]): string[] {
  return standing.map(({ row }) => row.id);
}

/** As many as are looked at again; who has few is not cut for the sake of who has many. */
function share(open: readonly Standing[]): {
  readonly kept: readonly Standing[];
  readonly cut: readonly string[];
} {
  const groups = [...groupByWorkspace(open)].sort(([, a], [, b]) => a.length - b.length);
  const kept: Standing[] = [];
  const cut: string[] = [];
  for (const [place, [workspaceId, group]] of groups.entries()) {
    const taken = group.slice(0, Math.floor((openMax - kept.length) / (groups.length - place)));
    if (taken.length < group.length) cut.push(workspaceId);
    kept.push(...taken);
  }
  return { kept, cut };
}

/** Workspaces of which some part has reached its bound. */
function findFull(newest: readonly Standing[], eachMax: number, since: Date): string[] {
  const floors = { execution: idFloor("execution", since), delivery: idFloor("delivery", since) };
  return [...groupByWorkspace(newest)].flatMap(([workspaceId, standing]) => {
    const parts = new Map<string, Set<string>>();
    const count = (part: string, id: string) => {
      parts.set(part, (parts.get(part) ?? new Set()).add(id));
    };
    for (const { kind, row, isOpen } of standing) {
      if (isOpen) count(row.status, row.id);
      if (row.id >= floors[kind]) count(kind, row.id);
    }
    return [...parts.values()].some(({ size }) => size >= eachMax) ? [workspaceId] : [];
  });
}

/** In one pass: a look has thousands of rows, of hundreds of workspaces. */
export function groupByWorkspace(standing: readonly Standing[]): ReadonlyMap<string, Standing[]> {
  const groups = new Map<string, Standing[]>();
  for (const each of standing) {
    const group = groups.get(each.workspaceId);
    if (group === undefined) groups.set(each.workspaceId, [each]);
    else group.push(each);
  }
  return groups;
}

const openStates: ReadonlySet<string> = new Set(["queued", "running", "pending", "processing"]);

function toStanding(row: Row): Standing[] {
  const { kind, id, workspace_id: workspaceId, job_id, execution_id, channel_id } = row;
  const attempt_count = row.attempt_count ?? 0;
  const isOpen = openStates.has(row.status ?? "") && row.is_parked !== true;
  const { scheduled_for: scheduledFor } = row;
  if (kind === "execution" && job_id !== null && scheduledFor !== null) {
    // The states of this table, by its CHECK constraint.
    const status = row.status as ExecutionChange["status"];
    const facts = { id, job_id, status, attempt_count };
    return [{ kind, workspaceId, isOpen, row: facts, scheduledFor }];
  }
  if (kind === "delivery" && channel_id !== null) {
    // As above.
    const status = row.status as DeliveryChange["status"];
    const facts = { id, job_id, execution_id, channel_id, status, attempt_count };
    return [{ kind, workspaceId, isOpen, row: facts, isDigest: row.is_digest === true }];
  }
  return [];
}
