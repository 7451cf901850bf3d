-- The audit log: who did what to which row, and from where. It refers to nothing, so that an entry
-- outlives whatever it tells of; names stand in it as they were. Nodes of the version before write
-- none, and are not hindered.

create table audit_log (
  id text collate "C" primary key,
  at timestamptz(3) not null default now(),
  -- Null only on a database that has no workspace yet.
  workspace_id text collate "C",
  action text not null,
  outcome text not null check (outcome in ('done', 'refused')),
  actor_kind text not null check (actor_kind in ('user', 'token', 'link', 'host', 'nobody')),
  -- Of a token: its maker.
  actor_user_id text collate "C",
  actor_token_id text collate "C",
  actor_session_id text collate "C",
  actor_name text,
  actor_email text,
  resource_kind text,
  resource_id text collate "C",
  resource_name text,
  address text,
  request_id text,
  -- Names of fields, and values of those that cannot hold a credential.
  changes jsonb not null
);
create index audit_log_list_idx on audit_log (workspace_id, id desc);
create index audit_log_action_idx on audit_log (workspace_id, action, id desc);
create index audit_log_resource_idx on audit_log (workspace_id, resource_id, id desc)
  where resource_id is not null;
create index audit_log_user_idx on audit_log (workspace_id, actor_user_id, id desc)
  where actor_user_id is not null;
create index audit_log_token_idx on audit_log (workspace_id, actor_token_id, id desc)
  where actor_token_id is not null;
create index audit_log_email_idx on audit_log (workspace_id, lower(actor_email), id desc)
  where actor_email is not null;
create index audit_log_age_idx on audit_log (at);

-- An entry is never changed. It is deleted only when it is older than what the pruner says in its
-- own transaction; nothing else sets `trigrun.audit_log_ends`.
create function keep_audit_log() returns trigger
language plpgsql as $$
declare
  ends timestamptz;
begin
  if tg_op = 'DELETE' then
    ends := nullif(current_setting('trigrun.audit_log_ends', true), '')::timestamptz;
    if old.at < ends then
      return old;
    end if;
  end if;
  raise exception 'the audit log only grows: % is refused', lower(tg_op)
    using errcode = 'integrity_constraint_violation';
end $$;
create trigger audit_log_kept before update or delete on audit_log
  for each row execute function keep_audit_log();
create trigger audit_log_not_emptied before truncate on audit_log
  for each statement execute function keep_audit_log();
