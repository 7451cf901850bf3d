-- What is due, the longest due first. Read along the index of what is due and no further than is
-- asked for: statistics know of no burst, and without it PostgreSQL takes ten thousand due rows for
-- a few, reads and sorts all of them for each claim, and so needs the square of their number. Only
-- a function has settings of its own; in this language it keeps its plan as well.
create or replace function due_executions(due_by timestamptz, most integer)
returns table (id text, scheduled_for timestamptz)
language plpgsql volatile rows 100
set enable_bitmapscan = off
set enable_seqscan = off
set enable_sort = off
as $$
begin
  -- Two nodes look at the same row: SKIP LOCKED makes the second one look past it.
  return query
    select e.id, e.scheduled_for::timestamptz from executions e
    where e.node_id is null and e.due_at <= due_by
    order by e.due_at limit most
    for update skip locked;
end $$;
