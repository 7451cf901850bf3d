// What stands otherwise than a moment ago, for those who watch. One statement for all of them, by
// indexes that are there anyway: writing an execution costs nothing more for being watched.
import type { Changes } from "@trigrun/contract";
import { raw, type Sql, sql, type Tx } from "./db.ts";
import { idFloor } from "./id-bound.ts";

type ExecutionChange = Changes["executions"][number];
type DeliveryChange = Changes["deliveries"][number];

export type Standing = { readonly workspaceId: string } & (
  | { readonly kind: "execution"; readonly row: ExecutionChange }
  | { readonly kind: "delivery"; readonly row: DeliveryChange }
);

export interface Watched {
  readonly workspaceIds: readonly string[];
  /** What had not ended when it was looked at last. */
  readonly openIds: readonly string[];
  /** Rows made since then are looked at whatever their state. */
  readonly since: Date;
  readonly tokenIds: readonly string[];
  readonly sessionIds: readonly string[];
  readonly now: Date;
}

export interface Seen {
  readonly standing: readonly Standing[];
  /** Of the tokens and sign-ins, those that still open their workspace: `<id> <workspace id>`. */
  readonly alive: ReadonlySet<string>;
}

/** Of each workspace, so many of each state, and so many new ones. */
export const changesMax = 500;

interface Row {
  kind: "execution" | "delivery" | "alive";
  id: string;
  workspace_id: string;
  job_id: string | null;
  execution_id: string | null;
  channel_id: string | null;
  status: string | null;
  attempt_count: number | null;
}

const executionColumns = sql`'execution' as kind, id, workspace_id, job_id,
  null::text as execution_id, null::text as channel_id, status, attempt_count`;
const deliveryColumns = sql`'delivery' as kind, id, workspace_id, job_id, execution_id, channel_id,
  status, attempt_count`;

export async function readChanges(tx: Tx, watched: Watched): Promise<Seen> {
  const { workspaceIds, openIds, tokenIds, sessionIds, now } = watched;
  const executions = newestOf("executions", executionColumns, {
    floor: idFloor("execution", watched.since),
    states: ["queued", "running"],
  });
  const deliveries = newestOf("deliveries", deliveryColumns, {
    floor: idFloor("delivery", watched.since),
    states: ["pending", "processing"],
  });
  const rows = await tx.rows<Row>(sql`
    select found.* from unnest(${workspaceIds}::text[]) as w (id)
      cross join lateral (${executions} union all ${deliveries}) found
    union all select ${executionColumns} from executions where id = any(${openIds}::text[])
    union all select ${deliveryColumns} from deliveries where id = any(${openIds}::text[])
    union all select 'alive', t.id, t.workspace_id, null, null, null, null, null from api_tokens t
      left join memberships m on m.id = t.member_id and m.workspace_id = t.workspace_id
      where t.id = any(${tokenIds}::text[]) and t.revoked_at is null
        and (t.expires_at is null or t.expires_at > ${now})
        and (t.member_id is null or m.id is not null)
    union all select 'alive', s.id, s.workspace_id, null, null, null, null, null from sessions s
      join memberships m on m.user_id = s.user_id and m.workspace_id = s.workspace_id
      where s.id = any(${sessionIds}::text[]) and s.expires_at > ${now}`);
  const alive = rows.filter(({ kind }) => kind === "alive");
  return {
    standing: rows.flatMap(toStanding),
    alive: new Set(alive.map((row) => `${row.id} ${row.workspace_id}`)),
  };
}

/** Of the workspace `w`, the newest rows and the newest of each state that is not an end. */
function newestOf(
  table: "executions" | "deliveries",
  columns: Sql,
  { floor, states }: { floor: string; states: readonly string[] },
): Sql {
  const parts = [
    sql`id >= ${floor}`,
    // Written out, so that the planner sees that the index of states holds them.
    ...states.map((state) => raw(`status = '${state}'`)),
  ].map(
    (condition) => sql`(select ${columns} from ${raw(table)}
      where workspace_id = w.id and ${condition} order by id desc limit ${changesMax})`,
  );
  const [first = sql``, second = sql``, third = sql``] = parts;
  return sql`${first} union all ${second} union all ${third}`;
}

function toStanding(row: Row): Standing[] {
  const { kind, id, workspace_id: workspaceId, job_id, execution_id, channel_id } = row;
  const attempt_count = row.attempt_count ?? 0;
  if (kind === "execution" && job_id !== null) {
    // The states of this table, by its CHECK constraint.
    const status = row.status as ExecutionChange["status"];
    return [{ kind, workspaceId, row: { id, job_id, status, attempt_count } }];
  }
  if (kind === "delivery" && channel_id !== null) {
    // As above.
    const status = row.status as DeliveryChange["status"];
    const facts = { id, job_id, execution_id, channel_id, status, attempt_count };
    return [{ kind, workspaceId, row: facts }];
  }
  return [];
}
