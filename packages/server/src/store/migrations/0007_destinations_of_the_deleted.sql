-- A delivery that was still to end when destinations came, though its channel had been deleted, was
-- given one that does not exist, and so was never claimed. Here it gets its destination, and then
-- its end, with the reason. A version between gave it one at once:
-- also: 0002_destinations.sql 5d827bf0ac4d55f860f73fe121831a820b177aee517899a041fb106fe6943a62
insert into destinations (id, workspace_id, key)
select distinct destination_id, workspace_id, channel_id from deliveries d
where status in ('pending', 'processing')
  and not exists (select from destinations where id = d.destination_id)
on conflict do nothing;
