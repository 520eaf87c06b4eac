create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'The ledger is append-only: % on % is refused. Write a correcting row instead.', tg_op, tg_table_name using errcode = 'restrict_violation';
end $$;
--> statement-breakpoint
create trigger spans_append_only before update or delete on spans for each row execute function refuse_change();
--> statement-breakpoint
create trigger spans_no_truncate before truncate on spans for each statement execute function refuse_change();
