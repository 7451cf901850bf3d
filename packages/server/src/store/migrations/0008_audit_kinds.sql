-- The audit log of one kind of row, such as all that was done to secrets, is read by an index as
-- every other filter of it is. While it is built, some seconds for a million entries, writes of
-- the API wait; reads and runs go on.
create index if not exists audit_log_kind_idx on audit_log (workspace_id, resource_kind, id desc)
  where resource_kind is not null;
