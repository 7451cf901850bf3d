-- The first schema: everything belongs to a workspace, executions and deliveries are the queue.
-- Instants are timestamptz(3): a JavaScript Date holds milliseconds, and so does the wire.

-- The SQL twin of newId(): prefix, 12 hex digits of milliseconds, 20 random hex digits.
create function new_id(prefix text) returns text
language sql volatile parallel safe
return prefix || '_'
  || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0')
  || substr(replace(gen_random_uuid()::text, '-', ''), 1, 20);

create table workspaces (
  id text collate "C" primary key,
  name text not null,
  created_at timestamptz(3) not null default now()
);

-- Tokens are stored as SHA-256: the text itself is shown once and kept nowhere.
create table api_tokens (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces,
  name text not null,
  role text not null check (role in ('member', 'admin', 'owner')),
  token_hash bytea not null unique,
  -- True for the one that TRIGRUN_BOOTSTRAP_TOKEN names: the setting decides over its life.
  is_bootstrap boolean not null default false,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  last_used_at timestamptz(3)
);
create unique index api_tokens_bootstrap_idx on api_tokens (is_bootstrap)
  where is_bootstrap and revoked_at is null;

-- A value sealed with each key version: a start with the wrong encryption key is found by it.
create table vault_checks (
  key_version bigint primary key,
  sealed bytea not null,
  created_at timestamptz(3) not null default now()
);

-- A running process that may hold leases. Its leases live as long as `expires_at` is ahead.
create table nodes (
  id text collate "C" primary key,
  started_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null
);

create table jobs (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces,
  name text not null,
  kind text not null check (kind in ('recurring', 'cron', 'scheduled', 'one_time')),
  state text not null check (state in ('active', 'paused', 'draft', 'completed')),
  every_n_minutes integer check (every_n_minutes between 1 and 1440),
  anchor_at timestamptz(3),
  cron text,
  timezone text,
  run_at timestamptz(3),
  -- json and not jsonb: the keys of a user's body keep their order.
  request json not null,
  retry_policy jsonb not null,
  next_run_at timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  deleted_at timestamptz(3),
  constraint schedule_fits_kind check (
    (kind = 'recurring') = (every_n_minutes is not null and anchor_at is not null)
    and (kind = 'cron') = (cron is not null and timezone is not null)
    and (kind = 'scheduled') = (run_at is not null)
  ),
  constraint only_active_jobs_are_due check (
    next_run_at is null or (state = 'active' and deleted_at is null and kind <> 'one_time')
  )
);
create index jobs_due_idx on jobs (next_run_at) where next_run_at is not null;
create index jobs_list_idx on jobs (workspace_id, id desc) where deleted_at is null;
create index jobs_name_idx on jobs (workspace_id, name, id desc);

create function refuse_transition() returns trigger language plpgsql as $$
begin
  raise exception '% % may not go from % to %', tg_table_name, old.id, to_jsonb(old)->>tg_argv[0],
    to_jsonb(new)->>tg_argv[0] using errcode = 'check_violation';
end $$;

-- draft -> active <-> paused; a job that runs once completes, and a new schedule revives it.
create trigger jobs_transition before update of state on jobs for each row
  when (old.state <> new.state and not (
    (old.state = 'draft' and new.state = 'active')
    or (old.state = 'active' and new.state in ('paused', 'completed'))
    or (old.state = 'paused' and new.state in ('active', 'completed'))
    or (old.state = 'completed' and new.state = 'active')
  )) execute function refuse_transition('state');

--   queued ──claim──> running ──settle──> succeeded | failed
--      │ ▲              │ ▲ └─ retry: no lease, due_at ahead
--      │ └───release────┤
--      └────cancel──────┴─┴──> cancelled
--
-- `due_at` is when the next attempt is due, null once ended. `node_id` is the lease.
-- `attempt_count` counts what `attempts` holds, `interruptions` those that a dying node cut.
create table executions (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces,
  job_id text collate "C" not null references jobs,
  status text not null check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  trigger text not null check (trigger in ('schedule', 'manual', 'replay', 'creation')),
  scheduled_for timestamptz(3) not null,
  due_at timestamptz(3),
  started_at timestamptz(3),
  finished_at timestamptz(3),
  attempt_count integer not null default 0 check (attempt_count >= 0),
  interruptions integer not null default 0
    check (interruptions between 0 and attempt_count),
  node_id text collate "C",
  reason text,
  replay_of text collate "C",
  created_at timestamptz(3) not null default now(),
  constraint due_until_ended check ((status in ('queued', 'running')) = (due_at is not null)),
  constraint finished_when_ended check (
    (status in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)
  ),
  constraint only_running_is_leased check (node_id is null or status = 'running'),
  constraint queued_has_not_started check (
    status <> 'queued' or (started_at is null and attempt_count = 0)
  ),
  constraint started_when_run check (
    status not in ('running', 'succeeded', 'failed') or started_at is not null
  ),
  constraint attempted_when_judged check (
    status not in ('succeeded', 'failed') or attempt_count >= 1
  )
) with (fillfactor = 85);
-- One execution for each slot of a schedule, whatever the planners of many nodes believe.
create unique index executions_slot_idx on executions (job_id, scheduled_for)
  where trigger = 'schedule';
create index executions_due_idx on executions (due_at) where node_id is null and due_at is not null;
create index executions_leased_idx on executions (node_id) where node_id is not null;
create index executions_list_idx on executions (workspace_id, id desc);
create index executions_job_idx on executions (job_id, id desc);
create index executions_status_idx on executions (workspace_id, status, id desc)
  where status <> 'succeeded';

-- The transition table of executions, as CHECK cannot see the old row.
create trigger executions_transition before update of status on executions for each row
  when (old.status <> new.status and not (
    (old.status = 'queued' and new.status in ('running', 'cancelled'))
    or (old.status = 'running' and new.status in ('succeeded', 'failed', 'cancelled'))
    or (old.status = 'running' and new.status = 'queued' and new.attempt_count = 0)
  )) execute function refuse_transition('status');

-- No foreign key to executions: rows come only from the statement that settles the execution,
-- and a key would cost one more lookup on the busiest insert of the product.
create table attempts (
  execution_id text collate "C" not null,
  number integer not null check (number >= 1),
  workspace_id text collate "C" not null,
  status text not null check (status in ('SUCCESS', 'TIMEOUT', 'CONNECTION_ERROR', 'HTTP_ERROR')),
  status_code integer,
  started_at timestamptz(3) not null,
  latency_ms real,
  dns_ms real,
  connect_ms real,
  tls_ms real,
  first_byte_ms real,
  body_ms real,
  body_preview text,
  body_truncated boolean not null default false,
  response_headers jsonb,
  error_class text,
  error_message text,
  primary key (execution_id, number)
);

create table channels (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces,
  name text not null,
  type text not null,
  config jsonb not null,
  secrets bytea not null,
  disabled_at timestamptz(3),
  disabled_reason text,
  -- The tries that failed in a row up to now, over all deliveries, and since when.
  failures_in_row integer not null default 0 check (failures_in_row >= 0),
  failing_since timestamptz(3),
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint failing_with_failures check ((failures_in_row = 0) = (failing_since is null)),
  constraint channels_name_key unique (workspace_id, name),
  constraint disabled_with_reason check ((disabled_at is null) = (disabled_reason is null))
);
create index channels_list_idx on channels (workspace_id, id desc);

create table rules (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces,
  job_id text collate "C" not null references jobs,
  channel_id text collate "C" not null references channels on delete cascade,
  event text not null check (event in ('on_success', 'on_failure', 'on_completion')),
  created_at timestamptz(3) not null default now(),
  constraint rules_pair_key unique (job_id, channel_id, event)
);
create index rules_channel_idx on rules (channel_id);

--   pending ──claim──> processing ──settle──> sent | failed
--      ▲ │                 │ └─ retry ─┐
--      │ └─ channel gone ──┼──> failed │
--      └───────────────────┴───────────┘   failed | sent ──retry by hand──> pending
--
-- `round_start` is `attempt_count` when the current round of tries began.
create table deliveries (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces,
  channel_id text collate "C" not null,
  channel_name text not null,
  channel_type text not null,
  job_id text collate "C" not null,
  execution_id text collate "C" not null,
  event text not null check (event in ('on_success', 'on_failure', 'on_completion')),
  facts jsonb not null,
  output text,
  status text not null default 'pending'
    check (status in ('pending', 'processing', 'sent', 'failed')),
  due_at timestamptz(3),
  attempt_count integer not null default 0 check (attempt_count >= 0),
  round_start integer not null default 0,
  interruptions integer not null default 0 check (interruptions >= 0),
  node_id text collate "C",
  reason text,
  created_at timestamptz(3) not null default now(),
  finished_at timestamptz(3),
  constraint due_until_ended check ((status in ('pending', 'processing')) = (due_at is not null)),
  constraint finished_when_ended check (
    (status in ('sent', 'failed')) = (finished_at is not null)
  ),
  constraint only_processing_is_leased check ((status = 'processing') = (node_id is not null)),
  constraint sent_was_tried check (status <> 'sent' or attempt_count >= 1),
  constraint round_within_attempts check (round_start between 0 and attempt_count)
) with (fillfactor = 85);
-- One delivery for each event of an execution to a channel, however often it is settled.
create unique index deliveries_event_idx on deliveries (execution_id, channel_id, event);
create index deliveries_due_idx on deliveries (due_at) where status = 'pending';
create index deliveries_leased_idx on deliveries (node_id) where node_id is not null;
create index deliveries_list_idx on deliveries (workspace_id, id desc);
create index deliveries_channel_idx on deliveries (channel_id, id desc);
create index deliveries_job_idx on deliveries (job_id, id desc);
create index deliveries_status_idx on deliveries (workspace_id, status, id desc)
  where status <> 'sent';

create trigger deliveries_transition before update of status on deliveries for each row
  when (old.status <> new.status and not (
    (old.status = 'pending' and new.status in ('processing', 'failed'))
    or (old.status = 'processing' and new.status in ('pending', 'sent', 'failed'))
    or (old.status in ('sent', 'failed') and new.status = 'pending')
  )) execute function refuse_transition('status');

create table delivery_attempts (
  delivery_id text collate "C" not null,
  number integer not null check (number >= 1),
  workspace_id text collate "C" not null,
  verdict text not null check (verdict in ('sent', 'retry', 'permanent')),
  reason text not null,
  started_at timestamptz(3) not null,
  latency_ms real,
  dns_ms real,
  connect_ms real,
  tls_ms real,
  first_byte_ms real,
  body_ms real,
  request jsonb,
  response jsonb,
  error_class text,
  error_message text,
  next_attempt_at timestamptz(3),
  next_attempt_reason text,
  primary key (delivery_id, number)
);

-- The first answer of a POST that creates, kept for 24 hours. As json, not jsonb: the repeated
-- answer is the first one to the byte, with its fields in their order.
create table idempotency_keys (
  workspace_id text collate "C" not null references workspaces,
  key text not null,
  fingerprint bytea not null,
  status integer,
  response json,
  created_at timestamptz(3) not null default now(),
  primary key (workspace_id, key)
);
create index idempotency_keys_age_idx on idempotency_keys (created_at);
