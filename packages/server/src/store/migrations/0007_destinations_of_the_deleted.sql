-- A delivery that was still to end when destinations came, though its channel had been deleted, was
-- given one that does not exist, and so was never claimed. Here it gets its destination, and then
-- its end, with the reason.
insert into destinations (id, workspace_id, key)
select distinct destination_id, workspace_id, channel_id from deliveries d
where status in ('pending', 'processing')
  and not exists (select from destinations where id = d.destination_id)
on conflict do nothing;
