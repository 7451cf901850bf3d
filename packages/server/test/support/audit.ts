// The rows of the audit log as tests read them: all of them, whichever workspace they belong to.
import { sql, type Tx } from "../../src/store/db.ts";

export interface AuditRow {
  readonly id: string;
  readonly workspace_id: string | null;
  readonly action: string;
  readonly outcome: string;
  readonly actor_kind: string;
  readonly actor_user_id: string | null;
  readonly actor_token_id: string | null;
  readonly actor_session_id: string | null;
  readonly actor_name: string | null;
  readonly actor_email: string | null;
  readonly resource_kind: string | null;
  readonly resource_id: string | null;
  readonly resource_name: string | null;
  readonly address: string | null;
  readonly request_id: string | null;
  readonly changes: {
    readonly fields: readonly string[];
    readonly values: Readonly<Record<string, unknown>>;
    readonly count: number | null;
    readonly made: string | null;
  };
}

export async function readAuditRows(tx: Tx): Promise<AuditRow[]> {
  return await tx.rows<AuditRow>(sql`select * from audit_log order by id`);
}

/** The rows that came into being by this work. */
export async function watchAudit<T>(
  tx: Tx,
  work: () => Promise<T>,
): Promise<{ readonly made: AuditRow[]; readonly answer: T }> {
  const before = new Set((await readAuditRows(tx)).map(({ id }) => id));
  const answer = await work();
  const made = (await readAuditRows(tx)).filter(({ id }) => !before.has(id));
  return { made, answer };
}
