-- Receipts, audit, jobs.
create or replace function record_audit(action text, subject text, subject_id text, reason text, detail jsonb,
                                        request_id text) returns void
language sql security definer set search_path = public, pg_temp as $$
    insert into audit (town_id, user_id, action, subject, subject_id, reason, detail, request_id)
    values (scope_town(), scope_user(), $1, $2, $3, $4, coalesce($5, '{}'), $6)
$$;
-- Seals the rows since the last seal: hash of the rows, chained to the seal before. A changed or missing row shows.
create or replace function audit_rows_hash(first_id bigint, last_id bigint) returns bytea
language sql stable security definer set search_path = public, pg_temp as $$
    select sha256(convert_to(coalesce(string_agg(row_to_json(a)::text, e'\n' order by audit_id), ''), 'UTF8'))
    from (select audit_id, town_id, user_id, action, subject, subject_id, reason, detail, request_id,
                 to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
          from audit where audit_id between first_id and last_id) a
$$;
create or replace function seal_audit() returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare last audit_seal%rowtype; first_id bigint; last_id bigint; n int; rows_hash bytea;
begin
    perform pg_advisory_xact_lock(6060);
    select * into last from audit_seal order by seal_id desc limit 1;
    -- ids of transactions still open could fill in below; leave the last seconds to the next seal
    select min(audit_id), max(audit_id), count(*) into first_id, last_id, n from audit
    where audit_id > coalesce(last.last_audit_id, 0) and at < now() - interval '5 seconds';
    if n = 0 then return 0; end if;
    rows_hash := audit_rows_hash(first_id, last_id);
    insert into audit_seal (first_audit_id, last_audit_id, rows_sealed, rows_hash, chain_hash)
    values (first_id, last_id, n, rows_hash, sha256(coalesce(last.chain_hash, '') || rows_hash));
    return n;
end $$;
-- Seals that no longer fit their rows or their predecessor; none = the record stands as written.
create or replace function broken_seals() returns setof bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select seal_id from (
        select s.*, lag(chain_hash) over (order by seal_id) as before from audit_seal s) s
    where rows_hash <> audit_rows_hash(first_audit_id, last_audit_id)
       or chain_hash <> sha256(coalesce(before, '') || rows_hash)
       or rows_sealed <> (select count(*) from audit where audit_id between first_audit_id and last_audit_id)
$$;

drop function if exists enqueue_job(text, jsonb, text, timestamptz);
create or replace function enqueue_job(kind text, args jsonb, key text, run_at timestamptz, most_attempts int) returns uuid
language sql security definer set search_path = public, pg_temp as $$
    insert into job (town_id, kind, args, key, run_at, max_attempts, created_by)
    values (scope_town(), $1, coalesce($2, '{}'), $3, coalesce($4, now()), $5, scope_user())
    on conflict on constraint job_key_unique do update
        set run_at = least(job.run_at, excluded.run_at) where job.state = 'waiting'
    returning job_id
$$;

-- Months of the partitioned tables, from the last full one to some ahead. The default partition takes what is older.
create or replace function ensure_partitions(months_ahead int default 3) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare parent text; month date; name text;
begin
    foreach parent in array array['event', 'audit', 'incident_log'] loop
        for i in 0..months_ahead loop
            month := (date_trunc('month', now()) + make_interval(months => i))::date;
            name := format('%s_%s', parent, to_char(month, 'YYYYMM'));
            if to_regclass(name) is null then
                begin
                    execute format('create table %I partition of %I for values from (%L) to (%L)',
                        name, parent, month::timestamp at time zone 'UTC',
                        (month + interval '1 month')::timestamp at time zone 'UTC');
                    execute format('alter table %I enable row level security', name);
                exception when check_violation then
                    null;  -- the default partition already holds rows of that month; they stay there
                end;
            end if;
        end loop;
    end loop;
end $$;
select ensure_partitions();
-- Events are kept for some days; what is older asks for a reload. The last one stays, so that a cursor can be judged.
create or replace function drop_old_events(keep interval default '3 days') returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare n bigint;
begin
    delete from event where at < now() - keep and position < (select max(e.position) from event e);
    get diagnostics n = row_count;
    return n;
end $$;
