// The SQL that warns of a disabled channel, for every statement that disables one.

// Beyond so many, a warning need not count what waits.
const waitingMax = 10_000;

/**
 * A CTE that tells of each channel in the CTE `died`, which has just been disabled, over another
 * one of its workspace. `publicUrl` is the parameter that holds it.
 */
export const warned = (publicUrl: string) => `warned as (
    insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
      destination_id, event, facts, due_at, created_at)
    select new_id('dlv'), c.workspace_id, other.id, other.name, other.type, other.destination_id,
      'channel_disabled',
      jsonb_build_object(
        'channel', jsonb_build_object('id', c.id, 'name', c.name, 'type', c.type),
        'reason', c.disabled_reason,
        'disabled_at', to_char(c.disabled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'waiting', (select count(*) from (select from deliveries w
          where w.workspace_id = c.workspace_id and w.status in ('pending', 'processing')
            and w.channel_id = c.id limit ${waitingMax}) w),
        'url', ${publicUrl} || '/channels/' || c.id
      ),
      c.disabled_at, c.disabled_at
    from died c cross join lateral (
      select o.* from channels o
      where o.workspace_id = c.workspace_id and o.disabled_at is null
        and o.destination_id <> c.destination_id and o.id not in (select id from died)
      -- The one that is known to work, and that most jobs tell.
      order by o.failing_since is not null,
        (select count(*) from rules r where r.channel_id = o.id) desc, o.id
      limit 1
    ) other
  )`;
