-- Secrets, and the key that each sealed value needs. Every sealed column says its key version and
-- refers to that key's check: a key can be forgotten only when nothing is sealed with it any more,
-- whatever a node that stood still writes late.

-- A sealed value begins with its format (1 byte) and its key version (4 bytes): see vault.ts.
create function sealed_key_version(sealed bytea) returns bigint
language sql immutable strict parallel safe
return case when length(sealed) > 4 then get_byte(sealed, 1)::bigint * 16777216
  + get_byte(sealed, 2) * 65536 + get_byte(sealed, 3) * 256 + get_byte(sealed, 4) end;

-- The key that nodes seal with. They follow it within a beat of their heart.
alter table vault_checks add column is_current boolean not null default false;
update vault_checks set is_current = true
  where key_version = (select max(key_version) from vault_checks);
create unique index vault_checks_current_idx on vault_checks (is_current) where is_current;

-- The keys that the node holds, the one it seals with first.
alter table nodes add column key_versions bigint[];

create table secrets (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces,
  name text not null check (name ~ '^[A-Za-z0-9_-]{1,100}$'),
  sealed bytea not null,
  key_version bigint not null generated always as (sealed_key_version(sealed)) stored
    references vault_checks,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  constraint secrets_name_key unique (workspace_id, name)
);
create index secrets_list_idx on secrets (workspace_id, id desc);
-- To find what is sealed with an older key, and to prove that nothing is any more.
create index secrets_key_idx on secrets (key_version);

-- The names that a job's request refers to, whether there are such secrets or not.
alter table jobs add column secret_names text[] not null default '{}';
update jobs set secret_names = array(
    select distinct found[1]
    from regexp_matches(request::text, 'secret://([A-Za-z0-9_-]{1,100})', 'g') as found
  )
  where request::text like '%secret://%';
create index jobs_secrets_idx on jobs using gin (secret_names)
  where secret_names <> '{}' and deleted_at is null;

-- Sentences about what was odd though it did not stop the execution.
alter table executions add column warnings text[] not null default '{}';

alter table channels
  add column key_version bigint generated always as (sealed_key_version(secrets)) stored
    references vault_checks;

-- Sealed since it may hold a credential that is shown once; as bytes, so that its key is known.
-- What was kept in the clear before is let go: it would have been within a day.
delete from idempotency_keys;
alter table idempotency_keys
  drop column response,
  add column sealed bytea,
  add column key_version bigint generated always as (sealed_key_version(sealed)) stored
    references vault_checks;
create index channels_key_idx on channels (key_version);
create index idempotency_keys_key_idx on idempotency_keys (key_version);
