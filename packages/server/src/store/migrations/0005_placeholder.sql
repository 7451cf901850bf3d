-- Keeps the number until its migration arrives.
select 1;
