-- Destinations: what a receiver counts calls by, shared by all channels of a workspace that lead
-- there. Deliveries are claimed destination by destination, so that one waits for no other.

create table destinations (
  id text collate "C" primary key,
  workspace_id text collate "C" not null references workspaces,
  -- A hash of the address: it may hold a credential, and only equality matters.
  key text not null,
  -- The pace: one call every so many milliseconds, `burst` at once. Null: as many as there are.
  interval_ms double precision check (interval_ms > 0),
  burst integer not null default 1 check (burst >= 1),
  overflow text not null default 'wait' check (overflow in ('wait', 'digest')),
  -- When the calls made so far are paid for at this pace (a token bucket as one instant).
  paid_until timestamptz(3) not null default '-infinity',
  -- The receiver asked for a pause.
  resumes_at timestamptz(3),
  resumes_reason text,
  constraint destinations_key unique (workspace_id, key),
  constraint pause_has_a_reason check ((resumes_at is null) = (resumes_reason is null))
);

-- Until it is saved again, each channel of before is a destination of its own without a pace.
insert into destinations (id, workspace_id, key)
select 'dest_' || substr(id, 6), workspace_id, id from channels;

alter table channels
  add column destination_id text collate "C" references destinations,
  -- Seconds between tries; null for the product's own schedule.
  add column retry_schedule integer[]
    check (cardinality(retry_schedule) between 1 and 20);
update channels set destination_id = 'dest_' || substr(id, 6);
alter table channels alter column destination_id set not null;
create index channels_destination_idx on channels (destination_id);

--   pending ──claim──> processing ──settle──> sent | failed
--      │ ▲
--      │ └─ enabled again ── parked for its channel, which is disabled
--      └─ folded ──> parked for a digest, and ends as that does
--
-- A digest and the warning of a disabled channel tell of no single execution.
alter table deliveries
  add column destination_id text collate "C",
  add column parked_for text check (parked_for in ('channel', 'digest')),
  add column digest_id text collate "C",
  -- When the first try of this round of tries was made.
  add column round_began_at timestamptz(3),
  alter column job_id drop not null,
  alter column execution_id drop not null,
  drop constraint deliveries_event_check,
  drop constraint sent_was_tried;
update deliveries set destination_id = 'dest_' || substr(channel_id, 6);
alter table deliveries
  alter column destination_id set not null,
  add constraint deliveries_event_check check (
    event in ('on_success', 'on_failure', 'on_completion', 'digest', 'channel_disabled')
  ),
  add constraint tells_of_an_execution check (
    (event in ('on_success', 'on_failure', 'on_completion'))
      = (execution_id is not null and job_id is not null)
  ),
  add constraint sent_was_tried check (
    status <> 'sent' or attempt_count >= 1 or digest_id is not null
  ),
  add constraint only_pending_is_parked check (parked_for is null or status = 'pending'),
  add constraint folded_has_a_digest check (parked_for <> 'digest' or digest_id is not null);

drop index deliveries_due_idx;
create index deliveries_due_idx on deliveries (destination_id, due_at)
  where status = 'pending' and parked_for is null;
create index deliveries_digest_idx on deliveries (digest_id) where digest_id is not null;

drop trigger deliveries_transition on deliveries;
create trigger deliveries_transition before update of status on deliveries for each row
  when (old.status <> new.status and not (
    (old.status = 'pending' and new.status in ('processing', 'failed'))
    or (old.status = 'pending' and new.status = 'sent'
      and old.parked_for is not distinct from 'digest')
    or (old.status = 'processing' and new.status in ('pending', 'sent', 'failed'))
    or (old.status in ('sent', 'failed') and new.status = 'pending')
  )) execute function refuse_transition('status');
