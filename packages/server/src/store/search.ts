// Finds things of a workspace by name or id. Names are compared row by row, which for 10,000 jobs
// takes some 20 ms; ids by the beginning of an index.
import type { SearchResult } from "@trigrun/contract";
import { sql, type Tx } from "./db.ts";

const foundMax = 20;
// Fewer digits are the time of half the history.
const idBeginning = /^(?:job|chan|exec|dlv)_[0-9a-f]{4,32}$/;

export async function search(
  tx: Tx,
  workspaceId: string,
  text: string,
): Promise<SearchResult["items"]> {
  const isId = idBeginning.test(text);
  return isId ? await findById(tx, workspaceId, text) : await findByName(tx, workspaceId, text);
}

async function findByName(tx: Tx, workspaceId: string, text: string) {
  return await tx.rows<SearchResult["items"][number]>(sql`
    select kind, id, name, state from (
      select 'job' as kind, id, name, state from jobs
      where workspace_id = ${workspaceId} and deleted_at is null
      union all
      select 'channel', id, name, case when disabled_at is null then 'enabled' else 'disabled' end
      from channels where workspace_id = ${workspaceId}
    ) named
    where strpos(lower(name), lower(${text})) > 0
    order by not starts_with(lower(name), lower(${text})), lower(name), id limit ${foundMax}`);
}

async function findById(tx: Tx, workspaceId: string, beginning: string) {
  // After every id that begins so: its next character is a digit or one of a to f.
  const end = `${beginning}g`;
  return await tx.rows<SearchResult["items"][number]>(sql`
    (select 'job' as kind, id, name, state from jobs
      where workspace_id = ${workspaceId} and deleted_at is null
        and id >= ${beginning} and id < ${end} order by id desc limit ${foundMax})
    union all
    (select 'channel', id, name, case when disabled_at is null then 'enabled' else 'disabled' end
      from channels where workspace_id = ${workspaceId}
        and id >= ${beginning} and id < ${end} order by id desc limit ${foundMax})
    union all
    (select 'execution', e.id, j.name, e.status from executions e join jobs j on j.id = e.job_id
      where e.workspace_id = ${workspaceId}
        and e.id >= ${beginning} and e.id < ${end} order by e.id desc limit ${foundMax})
    union all
    (select 'delivery', id, channel_name, status from deliveries
      where workspace_id = ${workspaceId}
        and id >= ${beginning} and id < ${end} order by id desc limit ${foundMax})
    limit ${foundMax}`);
}
