// The statements of the version before history was partitioned that are different now. A node of
// that version goes on beside a newer one while an installation is upgraded; so they must work.

/** Leases to the node ($1) what is due ($2), at most so many ($3). */
export const previousClaim = `
  with due as (
    select id from executions
    where node_id is null and due_at <= $2
    order by due_at limit $3
    for update skip locked
  )
  update executions e set
    node_id = $1,
    status = 'running',
    started_at = coalesce(e.started_at, greatest(e.due_at, now()))
  from due, jobs j
  where e.id = due.id and j.id = e.job_id
  returning e.id, e.trigger, e.scheduled_for, e.due_at, e.started_at, e.attempt_count,
    e.interruptions, e.node_id, e.job_id, j.name as job_name, j.kind as job_kind, j.request,
    j.retry_policy, j.next_run_at`;

const isoFormat = `'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'`;

const tellNow = (facts: string, job: string) => `
  jsonb_set(${facts}, '{execution,usual_duration_ms}', coalesce((
    select to_jsonb(round((percentile_cont(0.5) within group (
      order by extract(epoch from (finished_at - started_at)) * 1000))::numeric))
    from (
      select status, started_at, finished_at from executions
      where job_id = ${job}.id order by id desc limit 20
    ) latest where status = 'succeeded'), 'null'))
  || jsonb_build_object('next_run_at',
    to_char(${job}.next_run_at at time zone 'UTC', ${isoFormat}))`;

/** Takes the settlements as a JSON array of rows. */
export const previousSettle = `
  with o as (
    select * from json_to_recordset($1::json) as o(
      id text, node_id text, attempts_before integer, status text, due_at timestamptz,
      finished_at timestamptz, reason text, warnings text[], completes_job boolean,
      events text[], facts jsonb, output text, interruption integer, number integer,
      a_status text, status_code integer, started_at timestamptz, latency_ms real, dns_ms real,
      connect_ms real, tls_ms real, first_byte_ms real, body_ms real, body_preview text,
      body_truncated boolean,
      response_headers jsonb, error_class text, error_message text)
  ),
  settled as (
    update executions e set
      status = o.status,
      node_id = null,
      due_at = o.due_at,
      finished_at = o.finished_at,
      started_at = case when o.number = 1 then o.started_at else e.started_at end,
      attempt_count = e.attempt_count + (o.number is not null)::integer,
      interruptions = e.interruptions + o.interruption,
      reason = o.reason,
      warnings = e.warnings
        || array(select w from unnest(o.warnings) as w where w <> all (e.warnings))
    from o
    where e.id = o.id
      and e.node_id is not distinct from o.node_id
      and e.attempt_count = o.attempts_before
      and e.due_at is not null
    returning e.id, e.workspace_id, e.job_id, e.scheduled_for
  ),
  recorded as (
    insert into attempts (execution_id, number, workspace_id, status, status_code, started_at,
      latency_ms, dns_ms, connect_ms, tls_ms, first_byte_ms, body_ms, body_preview,
      body_truncated, response_headers, error_class, error_message)
    select o.id, o.number, s.workspace_id, o.a_status, o.status_code, o.started_at,
      o.latency_ms, o.dns_ms, o.connect_ms, o.tls_ms, o.first_byte_ms, o.body_ms,
      o.body_preview, o.body_truncated, o.response_headers, o.error_class, o.error_message
    from settled s join o on o.id = s.id
    where o.number is not null
  ),
  completed as (
    update jobs j set state = 'completed', updated_at = o.finished_at
    from settled s join o on o.id = s.id
    where o.completes_job and j.id = s.job_id and j.state in ('active', 'paused')
      and j.next_run_at is null and (j.run_at is null or j.run_at = s.scheduled_for)
  ),
  told as (
    insert into deliveries (id, workspace_id, channel_id, channel_name, channel_type,
      destination_id, job_id, execution_id, event, facts, output, due_at, created_at)
    select new_id('dlv'), s.workspace_id, c.id, c.name, c.type, c.destination_id, s.job_id, s.id,
      r.event, ${tellNow("o.facts", "j")},
      case when c.config->'include_output' = 'true'::jsonb then left(o.output, 2000) end,
      o.finished_at, o.finished_at
    from settled s
    join o on o.id = s.id
    join jobs j on j.id = s.job_id
    join rules r on r.job_id = s.job_id and r.event = any(o.events)
    join channels c on c.id = r.channel_id
    on conflict (execution_id, channel_id, event) do nothing
    returning id
  )
  select s.id, (select count(*) from told) as deliveries from settled s`;
