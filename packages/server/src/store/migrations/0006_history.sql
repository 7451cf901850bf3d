-- History by months: executions, attempts, deliveries and their attempts become partitioned tables,
-- so that old months are dropped instead of deleted. The tables of before become the partitions
-- that hold all that no month does: what was there, and deliveries that tell of no execution.
-- No row is moved. See docs/adr/0021-history.md.

-- The smallest id that a row made at this instant can have: the bounds of partitions by id.
create or replace function id_at(prefix text, at timestamptz) returns text
language sql immutable parallel safe
return prefix || '_' || lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0');

-- Where the first month begins: late enough that nothing from there on exists before the last step,
-- though a migration that was cut off is only gone on with the other day.
create table if not exists history_begins (at timestamptz(3) not null);
delete from history_begins;
insert into history_begins
  select (date_trunc('month', now() at time zone 'UTC') + interval '2 months') at time zone 'UTC';

-- An attempt is kept at least as long as its execution, which may be planned some seconds before
-- its slot; so the ids of a month begin an hour early, and those of what follows another hour.
create or replace view history_tables as
  select t.name, t.key, t.first
  from history_begins, lateral (values
    ('executions', 'scheduled_for', at::text),
    ('attempts', 'execution_id', id_at('exec', at - interval '1 hour')),
    ('deliveries', 'execution_id', id_at('exec', at - interval '1 hour')),
    ('delivery_attempts', 'delivery_id', id_at('dlv', at - interval '2 hours'))
  ) as t (name, key, first);

do $$
declare
  t record;
begin
  for t in select * from history_tables loop
    execute format('alter table %I drop constraint if exists default_ends', t.name);
    execute format(
      'alter table %I add constraint default_ends check (%I is null or %2$I < %L) not valid',
      t.name, t.key, t.first);
  end loop;
end $$;

-- step: every row is looked at here, while everybody reads and writes on.
alter table executions validate constraint default_ends;
alter table attempts validate constraint default_ends;
alter table deliveries validate constraint default_ends;
alter table delivery_attempts validate constraint default_ends;

-- step: names change hands, under a lock that nobody reads or writes through, for milliseconds.
-- A reader that holds a table for longer (a backup) must not make everybody wait behind this.
set local lock_timeout = '10s';
lock table executions, attempts, deliveries, delivery_attempts in access exclusive mode;

do $$
declare
  t record;
  part record;
  statements text[];
  begins text;
begin
  select to_char(at at time zone 'UTC', 'YYYY_MM') into begins from history_begins;
  for t in select * from history_tables loop
    statements := '{}';
    for part in
      select c.relname as name, i.indisprimary as is_primary, pg_get_indexdef(c.oid) as made_by,
        pg_get_constraintdef(p.oid) as definition
      from pg_index i join pg_class c on c.oid = i.indexrelid
      left join pg_constraint p on p.conindid = c.oid and p.contype = 'p'
      where i.indrelid = t.name::regclass
    loop
      execute format('alter index %I rename to %I', part.name,
        regexp_replace(part.name, '^' || t.name, t.name || '_default'));
      -- A key of the whole table has to hold what it is partitioned by; where it does not, each
      -- partition has the key for itself.
      if not part.is_primary then
        statements := statements || part.made_by;
      elsif part.definition like '%(' || t.key || ',%' then
        statements := statements
          || format('alter table %I add constraint %I %s', t.name, part.name, part.definition);
      end if;
    end loop;
    for part in
      select conname as name, pg_get_constraintdef(oid) as definition
      from pg_constraint where conrelid = t.name::regclass and contype = 'f'
    loop
      statements := statements
        || format('alter table %I add constraint %I %s', t.name, part.name, part.definition);
    end loop;
    for part in
      select tgname as name, pg_get_triggerdef(oid) as made_by
      from pg_trigger where tgrelid = t.name::regclass and not tgisinternal
    loop
      execute format('drop trigger %I on %I', part.name, t.name);
      statements := statements || part.made_by;
    end loop;
    execute format('alter table %I rename to %I', t.name, t.name || '_default');
    execute format('create table %I (like %I including defaults including constraints)'
      ' partition by range (%I)', t.name, t.name || '_default', t.key);
    execute format('alter table %I drop constraint default_ends', t.name);
    for part in select statement from unnest(statements) as statement loop
      execute part.statement;
    end loop;
    execute format('alter table %I attach partition %I default', t.name, t.name || '_default');
    -- The last partition has no end: if nobody makes new ones, it takes the rows.
    execute format('create table %I partition of %I for values from (%L) to (maxvalue)',
      t.name || '_' || begins, t.name, t.first);
  end loop;
  execute format('alter table %I add primary key (id)', 'executions_' || begins);
  execute format('alter table %I add primary key (id)', 'deliveries_' || begins);
  execute format('alter table %I set (fillfactor = 85)', 'executions_' || begins);
  execute format('alter table %I set (fillfactor = 85)', 'deliveries_' || begins);
end $$;

drop view history_tables;
drop table history_begins;

-- How many days the workspace keeps what has ended; null for what the installation keeps.
alter table workspaces add column history_days integer
  constraint history_has_bounds check (history_days between 1 and 1825);
