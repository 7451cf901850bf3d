// Rules as rows: which channel is told about which event of which job. Every read is bounded by a
// workspace, and no rule ever joins a job and a channel of two.
import assert from "node:assert/strict";
import { ApiError, type Event, type Rule } from "@trigrun/contract";
import { newId } from "../id.ts";
import { empty, sql, type Tx } from "./db.ts";
import { type Page, type PageRequest, toPage } from "./page.ts";

// The row is the answer, field for field.
const columns = sql`r.id, r.job_id, r.channel_id, c.name as channel_name, c.type as channel_type,
  r.event`;

interface NewRule {
  readonly channel_id: string;
  readonly event: Event;
}

interface Attachment {
  readonly workspaceId: string;
  readonly jobId: string;
  readonly now: Date;
}

/**
 * Attaches the rules of a new job. Throws `validation_failed` with the path of each channel that
 * is not one of the workspace.
 */
export async function attachRules(
  tx: Tx,
  input: Attachment & { readonly rules: readonly NewRule[] },
): Promise<void> {
  const { rules } = input;
  if (rules.length === 0) return;
  const known = await lockChannels(tx, input.workspaceId, rules);
  const details = rules.flatMap((rule, index) =>
    known.has(rule.channel_id)
      ? []
      : [{ path: `notification_rules.${index}.channel_id`, message: notOurs }],
  );
  if (details.length > 0) throw toRefusal(details);
  for (const rule of rules) await upsertRule(tx, input, rule);
}

/** Attaches one rule to a job that the workspace has. Answers whether it is new. */
export async function attachRule(
  tx: Tx,
  input: Attachment & { readonly rule: NewRule },
): Promise<{ rule: Rule; isNew: boolean }> {
  const known = await lockChannels(tx, input.workspaceId, [input.rule]);
  if (!known.has(input.rule.channel_id)) {
    throw toRefusal([{ path: "channel_id", message: notOurs }]);
  }
  const { id, isNew } = await upsertRule(tx, input, input.rule);
  const [rule] = await tx.rows<Rule>(sql`
    select ${columns} from rules r join channels c on c.id = r.channel_id where r.id = ${id}`);
  assert(rule, "a rule is there after it was attached");
  return { rule, isNew };
}

const notOurs = "is not a channel of this workspace";

function toRefusal(details: readonly { path: string; message: string }[]): ApiError {
  const [first] = details;
  const message = `${first?.path} ${first?.message}.`;
  return new ApiError("validation_failed", message, { details });
}

/** Those of the channels that the workspace has. They cannot be deleted until the end of `tx`. */
async function lockChannels(
  tx: Tx,
  workspaceId: string,
  rules: readonly NewRule[],
): Promise<Set<string>> {
  const ids = rules.map((rule) => rule.channel_id);
  // A channel is deleted at this moment: either we wait and miss it, or the delete waits for us
  // and takes the new rule with it. By id, so that two jobs made at once do not lock crosswise.
  const rows = await tx.rows<{ id: string }>(sql`
    select id from channels where workspace_id = ${workspaceId} and id = any(${ids})
    order by id for key share`);
  return new Set(rows.map((row) => row.id));
}

async function upsertRule(
  tx: Tx,
  { workspaceId, jobId, now }: Attachment,
  { channel_id: channelId, event }: NewRule,
): Promise<{ id: string; isNew: boolean }> {
  const id = newId("rule", now);
  // The same pair is attached twice at once: the second waits for the first and gets its id.
  const [row] = await tx.rows<{ id: string }>(sql`
    insert into rules (id, workspace_id, job_id, channel_id, event, created_at)
    values (${id}, ${workspaceId}, ${jobId}, ${channelId}, ${event}, ${now})
    on conflict on constraint rules_pair_key do update set event = excluded.event
    returning id`);
  assert(row, "an upsert answers its row");
  return { id: row.id, isNew: row.id === id };
}

/** Undefined when the workspace has no such job, or has deleted it. */
export async function listRules(
  tx: Tx,
  input: { readonly workspaceId: string; readonly jobId: string; readonly page: PageRequest },
): Promise<Page<Rule> | undefined> {
  const { workspaceId, jobId, page } = input;
  const rows = await tx.rows<Rule>(sql`
    select ${columns} from rules r
    join channels c on c.id = r.channel_id
    join jobs j on j.id = r.job_id
    where r.job_id = ${jobId} and r.workspace_id = ${workspaceId} and j.deleted_at is null
      ${page.before === undefined ? empty : sql`and r.id < ${page.before}`}
    order by r.id desc limit ${page.limit + 1}`);
  if (rows.length === 0 && !(await hasJob(tx, workspaceId, jobId))) return undefined;
  return toPage(rows, page.limit, (row) => row);
}

/** True when the workspace has this job and has not deleted it. */
export async function hasJob(tx: Tx, workspaceId: string, jobId: string): Promise<boolean> {
  const rows = await tx.rows(sql`
    select 1 from jobs
    where id = ${jobId} and workspace_id = ${workspaceId} and deleted_at is null`);
  return rows.length > 0;
}

/** False when there is no such rule on this job. */
export async function removeRule(
  tx: Tx,
  input: { readonly workspaceId: string; readonly jobId: string; readonly ruleId: string },
): Promise<boolean> {
  const { workspaceId, jobId, ruleId } = input;
  const removed = await tx.run(sql`
    delete from rules
    where id = ${ruleId} and job_id = ${jobId} and workspace_id = ${workspaceId}`);
  return removed > 0;
}
