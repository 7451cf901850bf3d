// The list of a long audit log: each filter goes by an index of its own, also for what is seldom,
// and reads no entry that it does not answer.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AuditFilter, listAuditLog } from "../../src/store/audit-log.ts";
import { raw, sql } from "../../src/store/db.ts";
import { createTestDatabase, type TestDatabase } from "../support/db.ts";
import { readsOf } from "../support/plans.ts";
import { insertWorkspace } from "../support/rows.ts";

// A shorter log is read whole for good reason.
const count = 20_000;
const often = { user: `user_${"a".repeat(32)}`, token: `tok_${"a".repeat(32)}` };
const seldom = { user: `user_${"b".repeat(32)}`, token: `tok_${"b".repeat(32)}` };

let test: TestDatabase;
let workspaceId: string;
beforeAll(async () => {
  test = await createTestDatabase();
  const { db } = test;
  workspaceId = await insertWorkspace(db);
  // Of two thousand entries one is of another person, by another token, about another kind of row.
  await db.run(sql`
    insert into audit_log (id, at, workspace_id, action, outcome, actor_kind, actor_user_id,
      actor_token_id, actor_email, resource_kind, resource_id, changes)
    select id_at('aud', at) || lpad(n::text, 20, '0'), at, ${workspaceId},
      case when is_seldom then 'inviteMember' else 'runJobNow' end, 'done', 'token',
      case when is_seldom then ${seldom.user} else ${often.user} end,
      case when is_seldom then ${seldom.token} else ${often.token} end,
      case when is_seldom then 'Seldom@example.com' else 'often@example.com' end,
      case when is_seldom then 'invitation' else 'job' end,
      case when is_seldom then 'inv_' else 'job_' end || lpad((n % 7)::text, 32, '0'), '{}'
    from generate_series(1, ${count}::int) n,
      lateral (select now() - make_interval(mins => ${count} - n) as at,
        n % 2000 = 1000 as is_seldom) as made`);
  await db.run(raw("analyze audit_log"));
});
afterAll(() => test.drop());

const page = { limit: 50, before: undefined };

describe("the list of 20,000 entries reads none that it does not answer", () => {
  it.each<[string, AuditFilter, number]>([
    ["without a filter", {}, page.limit],
    ["by a kind of row that is seldom", { resource: "invitation" }, 10],
    ["by a kind of row that has none", { resource: "member" }, 0],
    ["by action", { action: "inviteMember" }, 10],
    ["by person", { actor: seldom.user }, 10],
    ["by token", { actor: seldom.token }, 10],
    ["by address", { actor: "seldom@EXAMPLE.com" }, 10],
    ["by row", { resource: `inv_${"0".repeat(31)}6` }, 2],
  ])("%s", async (_, filter, answered) => {
    const reads = await readsOf(test.db, async (tx) => {
      const { items } = await listAuditLog(tx, workspaceId, filter, page);
      expect(items).toHaveLength(answered);
    });
    const told = reads.map((step) => [step["Node Type"], step["Rows Removed by Filter"] ?? 0]);
    expect(told).toHaveLength(1);
    expect(told[0]?.[0]).not.toBe("Seq Scan");
    expect(told[0]?.[1]).toBe(0);
  });
});
