-- Incidents from a file, many at once. The loader has found each place; this function keeps the rules: permission,
-- town, areas of that town, one row an external id, a log line for each stage reached. It never overwrites. Rows without
-- a number draw one of the day they were reported. Days that nobody reports on any more get no sequence: a file of ten
-- years would make thousands. There the serials go on from the highest; one import of a town waits for the other.
drop function if exists submit_incidents(jsonb);
create or replace function submit_incidents(rows jsonb) returns table (n int, outcome text, fields text[])
language plpgsql security definer set search_path = public, pg_temp
-- the planner takes the parts of the statement for a hundred rows; joined by nested loops, 5,000 cost a millisecond each
set enable_nestloop = off as $$
declare town int := require_town(); town_code text; zone text;
begin
    if not scope_may('import') then
        raise exception 'this scope may not import' using errcode = 'insufficient_privilege';
    end if;
    select t.code, t.timezone into strict town_code, zone from town t where t.town_id = town;
    perform pg_advisory_xact_lock(hashtext('import of incidents'), town);
    return query
    with sent as materialized (
        select r.*, (r.reported_at at time zone zone)::date as day,
            coalesce((select i.incident_id from incident i where i.town_id = town and i.external_ref = r.external_ref),
            -- an export comes back with our own ids
                (select i.incident_id from incident i where i.town_id = town and i.incident_id = case
                when r.external_ref ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then r.external_ref::uuid end)) as known
        from jsonb_to_recordset(rows) as r(
            n int, incident_id uuid, case_no text, external_ref text, title text, description text, category_id int,
            platform_code text, lead_org_id int, urgency text, state text, channel text, raw_lon float8, raw_lat float8,
            source_crs text, accuracy_m float8, address_text text, lon float8, lat float8, place_level text,
            place_score float8, radius_m float8, place_how jsonb, grid_shares jsonb, triage_reason text, grid_id int,
            grid_version_id bigint, grid_now_id int, occurred_at timestamptz, reported_at timestamptz,
            closed_at timestamptz, amber_at timestamptz, due_at timestamptz, suggestion jsonb, attributes jsonb,
            reporter_name text, reporter_phone text, given text[])
    ), open_day as materialized (
        select d.day, case when to_regclass(case_serial_name(town, d.day)) is null and d.day < current_date - 7
            then free_case_serial(town, town_code, d.day) end as first
        from (select distinct r.day from sent r where r.case_no is null and r.known is null) d
    ), drawn as materialized (
        select r.n, case when d.first is null then next_case_no(town, town_code, r.day)
            else case_no_of(town_code, r.day, d.first - 1 + r.place) end as case_no
        from (select w.n, w.day, row_number() over (partition by w.day order by w.reported_at, w.n) as place
            from sent w where w.case_no is null and w.known is null) r
        join open_day d using (day)
    ), given as materialized (
        select r.*, coalesce(r.case_no, d.case_no) as number from sent r left join drawn d using (n)
    ), made as (
        insert into incident (incident_id, town_id, case_no, external_ref, title, description, category_id,
            platform_code, lead_org_id, urgency, state, channel, raw_lon, raw_lat, source_crs, accuracy_m, provider,
            address_text, geom, place_level, place_score, radius_m, place_how, grid_shares, triage_reason, grid_id,
            grid_version_id, grid_now_id, occurred_at, reported_at, closed_at, clock_started_at, amber_at, due_at,
            suggestion, attributes, timer_at)
        select g.incident_id, town, g.number, g.external_ref, g.title, coalesce(g.description, ''), g.category_id,
            g.platform_code, g.lead_org_id, g.urgency, g.state, g.channel, g.raw_lon, g.raw_lat, g.source_crs,
            g.accuracy_m, 'import', g.address_text, st_setsrid(st_makepoint(g.lon, g.lat), 4490), g.place_level,
            g.place_score, g.radius_m, coalesce(g.place_how, '{}'), coalesce(g.grid_shares, '[]'), g.triage_reason,
            was.area_id, v.area_version_id, is_now.area_id, g.occurred_at, g.reported_at, g.closed_at, g.reported_at,
            coalesce(g.amber_at, g.reported_at + (g.due_at - g.reported_at) * 0.75), g.due_at, coalesce(g.suggestion, '{}'),
            coalesce(g.attributes, '{}'),
            -- the worker winds the clocks of what is open
            case when g.state not in ('declined', 'merged', 'closed', 'evaluated', 'archived', 'voided') then g.reported_at end
        from given g
        left join area was on was.area_id = g.grid_id and was.town_id = town
        left join area_version v on v.area_version_id = g.grid_version_id and v.area_id = was.area_id
        left join area is_now on is_now.area_id = g.grid_now_id and is_now.town_id = town
        where g.number is not null
        order by g.n
        on conflict do nothing returning incident_id
    ), logged as (
        insert into incident_log (incident_id, town_id, name, from_state, to_state, actor_user_id, at, facts)
        select g.incident_id, town, s.name, s.from_state, s.to_state, scope_user(), s.at, '{"imported": true}'
        from given g join made using (incident_id) cross join lateral (values
            ('report', null, 'reported', g.reported_at),
            -- a case that came in the midst of its way was not closed
            (case when g.state in ('declined', 'merged', 'closed', 'evaluated', 'archived', 'voided') then 'close' else 'import' end,
                'reported', g.state, case when g.state <> 'reported' then coalesce(g.closed_at, g.reported_at) end)
        ) as s(name, from_state, to_state, at) where s.at is not null
    ), told as (
        insert into incident_reporter (incident_id, town_id, name, phone, created_at)
        select g.incident_id, town, g.reporter_name, g.reporter_phone, g.reported_at
        from given g join made using (incident_id) where coalesce(g.reporter_name, g.reporter_phone) is not null
    )
    select g.n, case when m.incident_id is not null then 'added'
        when g.known is null then 'case_no_taken'
        when t.fields = '{}' then 'repeated'
        else 'differs' end, t.fields
    from given g left join made m using (incident_id)
    -- a subquery for each row, so that the index of incidents serves
    cross join lateral (select (select array(
        select d.field from (values
            ('title', g.title is distinct from i.title),
            ('description', g.description is distinct from i.description),
            ('category', g.category_id is distinct from i.category_id
                or g.attributes->>'category_given' is distinct from i.attributes->>'category_given'),
            ('address', g.address_text is distinct from i.address_text),
            ('place', g.raw_lon is distinct from i.raw_lon or g.raw_lat is distinct from i.raw_lat),
            ('crs', g.raw_lon = i.raw_lon and g.raw_lat = i.raw_lat and g.source_crs is distinct from i.source_crs),
            ('reported_at', abs(extract(epoch from g.reported_at - i.reported_at)) >= 1),
            ('occurred_at', abs(extract(epoch from g.occurred_at - i.occurred_at)) >= 1),
            ('state', g.state is distinct from i.state and not (g.state = 'closed' and i.state in ('evaluated', 'archived')))
        ) as d(field, differs)
        where d.differs and d.field = any (g.given)
            -- one place may come in two systems
            and not (d.field in ('place', 'crs') and coalesce(st_dwithin(i.geom::geography,
                st_setsrid(st_makepoint(g.lon, g.lat), 4490)::geography, 1), false))
        ) from incident i where i.incident_id = g.known)) as t(fields);
end $$;
comment on function submit_incidents is
    'Incidents of a file: added, repeated (external id known: nothing changes), differs (known, and these fields of the row say otherwise: nothing changes) or case_no_taken, by row number. Of `given` are the fields that the row holds.';
