-- Incidents: the one way in, the events, the log.

create or replace function incident_visible(i incident) returns boolean language sql stable as $$
    select i.town_id = scope_town() and (scope_town_wide()
        or i.grid_id = any (scope_areas()) or i.grid_now_id = any (scope_areas())
        or i.lead_org_id = any (scope_orgs())
        or i.platform_code = any (scope_platforms())
        or i.reporter_user_id = scope_user()
        or i.incident_id = any (scope_assigned()))
$$;

-- The properties that lists, tiles' detail and events share; times as epoch seconds are in tiles only.
create or replace function incident_payload(i incident) returns jsonb
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return (select jsonb_build_object(
        'layer', 'incident', 'id', i.incident_id, 'seq', i.seq, 'case_no', i.case_no, 'title', i.title, 'platform', i.platform_code,
        'category', c.code, 'category_name', c.name, 'category_name_en', c.name_en, 'urgency', i.urgency,
        'state', i.state, 'is_open', i.is_open, 'channel', i.channel,
        'grid', g.code, 'grid_name', g.name, 'grid_name_en', g.name_en,
        'village', v.code, 'village_name', v.name, 'village_name_en', v.name_en,
        'lead_org', o.code, 'lead_org_name', o.name,
        'occurred_at', i.occurred_at, 'reported_at', i.reported_at, 'closed_at', i.closed_at,
        'clock_started_at', i.clock_started_at, 'amber_at', i.amber_at, 'due_at', i.due_at,
        'triage_reason', i.triage_reason, 'supervision_level', i.supervision_level,
        'lon', round(st_x(i.geom)::numeric, 7), 'lat', round(st_y(i.geom)::numeric, 7),
        'grid_shares', i.grid_shares, 'version', i.version)
    from (select 1) one
    left join category c on c.category_id = i.category_id
    left join organisation o on o.org_id = i.lead_org_id
    left join area g on g.area_id = coalesce(i.grid_now_id, i.grid_id)
    left join area v on v.area_id = case when g.level = 'village' then g.area_id else g.parent_id end
                    and v.level = 'village');
end $$;

-- One call writes receipt, incident, reporter, log; triggers add event and tile change. The same client id again
-- returns the first answer (repeated = true); with another body it is refused (OG409).
create or replace function submit_incident(p jsonb) returns jsonb
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    town town%rowtype;
    moment timestamptz := coalesce((p->>'now')::timestamptz, clock_timestamp());
    place geometry := case when p ? 'lon' and p->>'lon' is not null then
        st_setsrid(st_makepoint((p->>'lon')::float8, (p->>'lat')::float8), 4490) end;
    occurred timestamptz := coalesce((p->>'occurred_at')::timestamptz, moment);
    was_area int; was_version bigint; now_area int; now_version bigint; grid area%rowtype; village area%rowtype; earlier receipt%rowtype;
    id uuid := coalesce((p->>'id')::uuid, uuid7());
    number text; triage text := p->>'triage_reason'; answer jsonb;
begin
    if not scope_may('report') then
        raise exception 'this scope may not report' using errcode = 'insufficient_privilege';
    end if;
    select * into strict town from town where town_id = require_town();
    if place is not null then
        select area_id, area_version_id into now_area, now_version from locate_leaf(town.town_id, place, moment);
        if occurred = moment then
            was_area := now_area;
            was_version := now_version;
        else
            select area_id, area_version_id into was_area, was_version from locate_leaf_at(town.town_id, place, occurred);
        end if;
        if now_area is null then triage := coalesce(triage, 'outside_town'); end if;
        select a.* into grid from area a where a.area_id = coalesce(now_area, was_area);
        select a.* into village from area a where a.level = 'village'
            and a.area_id in (grid.area_id, grid.parent_id);
    else
        triage := coalesce(triage, 'place_not_found');
    end if;
    -- An earlier answer is looked for before a number is drawn, so that retries leave no gaps.
    if p ? 'client_id' then
        select * into earlier from receipt r where r.town_id = town.town_id and r.client_id = p->>'client_id';
    end if;
    if earlier.client_id is null then
        number := next_case_no(town.town_id, town.code, (moment at time zone town.timezone)::date);
        answer := jsonb_build_object('id', id, 'case_no', number,
            'grid', case when grid.area_id is not null then
                jsonb_build_object('code', grid.code, 'name', grid.name, 'name_en', grid.name_en) end,
            'village', case when village.area_id is not null then
                jsonb_build_object('code', village.code, 'name', village.name, 'name_en', village.name_en) end,
            'triage_reason', triage) || coalesce(p->'answer', '{}');
        if p ? 'client_id' then
            insert into receipt (town_id, client_id, user_id, body_hash, status, answer, at)
            values (town.town_id, p->>'client_id', scope_user(), decode(p->>'body_hash', 'hex'), 201, answer, moment)
            on conflict do nothing;
            if not found then  -- the same id, committed by another a moment ago
                select * into strict earlier from receipt r
                where r.town_id = town.town_id and r.client_id = p->>'client_id';
            end if;
        end if;
    end if;
    if earlier.client_id is not null then
        if earlier.body_hash <> decode(p->>'body_hash', 'hex') or earlier.user_id is distinct from scope_user() then
            raise exception 'this id was used for another report' using errcode = 'OG409';
        end if;
        return earlier.answer || '{"repeated": true}';
    end if;
    if exists (select from incident i where i.town_id = town.town_id and i.external_ref = p->>'external_ref') then
        raise exception 'this external_ref is the number of another case' using errcode = 'OG410', detail = coalesce(
            (select i.case_no from scoped_incident i where i.external_ref = p->>'external_ref'), '');
    end if;
    insert into incident (incident_id, town_id, case_no, title, description, category_id, platform_code, lead_org_id,
        urgency, state, channel, raw_lon, raw_lat, source_crs, accuracy_m, provider, address_text, geom, place_level,
        place_score, radius_m, place_how, grid_shares, triage_reason, grid_id, grid_version_id, grid_now_id,
        occurred_at, client_at, reported_at, clock_started_at, amber_at, due_at, suggestion, reporter_user_id,
        external_ref, attributes, clocks, whole_due_at, updated_at)
    values (id, town.town_id, number, p->>'title', coalesce(p->>'description', ''), (p->>'category_id')::int,
        p->>'platform_code', (p->>'lead_org_id')::int, coalesce(p->>'urgency', 'U3'), 'reported', p->>'channel',
        (p->>'raw_lon')::float8, (p->>'raw_lat')::float8, p->>'source_crs', (p->>'accuracy_m')::float8, p->>'provider',
        p->>'address_text', place, p->>'place_level', (p->>'place_score')::float8, (p->>'radius_m')::float8,
        coalesce(p->'place_how', '{}'), coalesce(p->'grid_shares', '[]'), triage,
        coalesce(was_area, now_area), coalesce(was_version, now_version), now_area,
        occurred, (p->>'client_at')::timestamptz, moment, moment, (p->>'amber_at')::timestamptz,
        (p->>'due_at')::timestamptz, coalesce(p->'suggestion', '{}'), scope_user(), p->>'external_ref',
        coalesce(p->'attributes', '{}'), coalesce(p->'clocks', '{}'), (p->>'whole_due_at')::timestamptz, moment);
    if p ? 'reporter' and p->'reporter' <> 'null' then
        insert into incident_reporter (incident_id, town_id, name, phone, is_anonymous, query_code_hash, created_at)
        values (id, town.town_id, p->'reporter'->>'name', p->'reporter'->>'phone',
            coalesce((p->'reporter'->>'anonymous')::boolean, false), decode(p->'reporter'->>'query_code_hash', 'hex'),
            moment);
    end if;
    insert into incident_log (incident_id, town_id, name, to_state, actor_user_id, at, client_at, facts)
    values (id, town.town_id, 'report', 'reported', scope_user(), moment, (p->>'client_at')::timestamptz,
        jsonb_build_object('channel', p->>'channel', 'place_level', p->>'place_level', 'triage_reason', triage));
    return answer;
end $$;
comment on function submit_incident is
    'Writes one report: receipt, incident, reporter, log. Input keys as columns; lon/lat EPSG:4490; now = server time.';

-- Case number: town 9 digits + day 8 + serial of the day (4 digits, more when a day needs them). A sequence a day, so
-- that writers do not wait for each other; numbers of rolled-back reports stay unused.
create or replace function case_serial_name(town int, day date) returns text language sql immutable as $$
    select format('case_serial_%s_%s', town, to_char(day, 'YYYYMMDD'))
$$;
create or replace function case_no_of(town_code text, day date, serial bigint) returns text language sql immutable as $$
    select town_code || to_char(day, 'YYYYMMDD') || lpad(serial::text, greatest(4, length(serial::text)), '0')
$$;
-- The serial after the highest that cases of a day bear; a range of numbers, so that the index serves.
create or replace function free_case_serial(town int, town_code text, day date) returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(max(right(case_no, -length(prefix))::bigint), 0) + 1
    from incident, (select town_code || to_char(day, 'YYYYMMDD') as prefix) p
    where town_id = town and case_no between prefix || '0' and prefix || repeat('9', 12)
        and starts_with(case_no, prefix) and right(case_no, -length(prefix)) ~ '^\d{4,12}$'
$$;
create or replace function next_case_no(town int, town_code text, day date) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare name text := case_serial_name(town, day);
begin
    if to_regclass(name) is null then
        perform pg_advisory_xact_lock(hashtext(name));
        begin
            -- What to_regclass says now may be older than the lock: a backend hears of new relations only when it next
            -- locks one. So the making itself decides who is first.
            execute format('create sequence %I', name);
            perform setval(name, free_case_serial(town, town_code, day), false);
        exception when duplicate_table then null;  -- made, with its start, by the one we waited for
        end;
    end if;
    return case_no_of(town_code, day, nextval(name));
end $$;
create or replace function drop_old_case_serials(keep_days int default 7) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare name text;
begin
    for name in select relname from pg_class where relkind = 'S' and relname ~ '^case_serial_\d+_\d{8}$'
        and to_date(right(relname, 8), 'YYYYMMDD') < current_date - keep_days loop
        execute format('drop sequence if exists %I', name);
    end loop;
end $$;

-- Each change of an incident raises its version; corrections leave a log row whoever makes them.
create or replace function incident_before_update() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    new.version := old.version + 1;
    -- Text, kind and place are corrected by those who take cases in; a transition may fix kind and lead.
    if (new.title, new.description, new.urgency, new.triage_reason, new.place_level, new.place_how, new.grid_shares, new.suggestion)
       is distinct from (old.title, old.description, old.urgency, old.triage_reason, old.place_level, old.place_how, old.grid_shares,
            old.suggestion) or st_asbinary(new.geom) is distinct from st_asbinary(old.geom)
       or ((new.category_id, new.platform_code, new.lead_org_id) is distinct from
           (old.category_id, old.platform_code, old.lead_org_id)
           and coalesce(current_setting('onegrid.transition', true), '') = '') then
        if not (scope_is_system() or scope_may('triage') or scope_may('accept')) then
            raise exception 'this scope may not correct a case' using errcode = 'insufficient_privilege';
        end if;
    end if;
    if (new.incident_id, new.town_id, new.case_no, new.seq, new.reported_at, new.occurred_at, new.grid_id,
        new.grid_version_id, new.raw_lon, new.raw_lat, new.source_crs, new.address_text)
       is distinct from (old.incident_id, old.town_id, old.case_no, old.seq, old.reported_at, old.occurred_at,
        old.grid_id, old.grid_version_id, old.raw_lon, old.raw_lat, old.source_crs, old.address_text)
       and not (old.grid_id is null and new.geom is distinct from old.geom
                and (new.incident_id, new.town_id, new.case_no, new.seq, new.reported_at, new.occurred_at)
                  = (old.incident_id, old.town_id, old.case_no, old.seq, old.reported_at, old.occurred_at))
       and new.geom is not distinct from old.geom then
        raise exception 'what was reported is not rewritten' using errcode = 'OG003';
    end if;
    return new;
end $$;
drop trigger if exists incident_before_update on incident;
create trigger incident_before_update before update on incident
    for each row execute function incident_before_update();

create or replace function incident_corrected() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    -- what a transition fixed stands in its own row
    if current_setting('onegrid.moved', true) = new.incident_id || ':' || new.version then return null; end if;
    insert into incident_log (incident_id, town_id, name, from_state, to_state, actor_user_id, reason, facts)
    values (new.incident_id, new.town_id, 'correct', old.state, new.state, scope_user(),
        nullif(current_setting('onegrid.reason', true), ''),
        (select coalesce(jsonb_object_agg(k, jsonb_build_object('from', a.v, 'to', b.v)), '{}')
         from jsonb_each_text(to_jsonb(old)) a(k, v) join jsonb_each_text(to_jsonb(new)) b(k, v) using (k)
         where a.v is distinct from b.v and k in ('title', 'description', 'category_id', 'platform_code', 'lead_org_id',
            'urgency', 'geom', 'grid_id', 'grid_now_id', 'triage_reason', 'place_level')));
    return null;
end $$;
drop trigger if exists incident_corrected on incident;
create trigger incident_corrected after update on incident for each row
    when ((old.title, old.description, old.category_id, old.platform_code, old.lead_org_id, old.urgency, old.triage_reason)
        is distinct from
        (new.title, new.description, new.category_id, new.platform_code, new.lead_org_id, new.urgency, new.triage_reason)
        -- as bytes: pg_restore runs with an empty search_path and finds no = of geometry
        or st_asbinary(old.geom) is distinct from st_asbinary(new.geom))
    execute function incident_corrected();

-- Events: one a row, or one for all when a statement writes many.
create or replace function incident_event() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare total int; one_town int;
begin
    select count(*) into total from new_rows;
    if total = 0 then return null; end if;
    if total > 200 then
        for one_town in select distinct town_id from new_rows loop
            insert into event (town_id, topic, kind, payload, area_ids, org_ids, platforms)
            select one_town, 'incident', 'bulk', jsonb_build_object('layer', 'incident', 'count', count(*)),
                array(select distinct unnest(array_agg(grid_id))), array(select distinct unnest(array_agg(lead_org_id))),
                array(select distinct unnest(array_agg(platform_code)))
            from new_rows where town_id = one_town;
        end loop;
    elsif tg_op = 'INSERT' then
        insert into event (town_id, topic, kind, ref, payload, area_ids, org_ids, platforms, user_ids)
        select n.town_id, 'incident', 'created', n.incident_id, incident_payload(n),
            array_remove(array[n.grid_id, n.grid_now_id], null), array_remove(array[n.lead_org_id], null),
            array_remove(array[n.platform_code], null), array_remove(array[n.reporter_user_id], null)
        from new_rows n order by n.seq;
    else
        insert into event (town_id, topic, kind, ref, payload, area_ids, org_ids, platforms, user_ids)
        select n.town_id, 'incident', 'updated', n.incident_id, incident_payload(n) || jsonb_build_object(
                'step', case when current_setting('onegrid.moved', true) = n.incident_id || ':' || n.version
                    then current_setting('onegrid.step', true) end,
                'lon_before', round(st_x(o.geom)::numeric, 7), 'lat_before', round(st_y(o.geom)::numeric, 7), 'scope_before',
                jsonb_build_object('area_ids', array_remove(array[o.grid_id, o.grid_now_id], null),
                    'org_ids', array_remove(array[o.lead_org_id], null), 'platforms', array_remove(array[o.platform_code], null))),
            array_remove(array[n.grid_id, n.grid_now_id], null),
            array_remove(array[n.lead_org_id], null) || array(select a.org_id from incident_assignment a
                where a.incident_id = n.incident_id and a.org_id is not null),
            array_remove(array[n.platform_code], null),
            array_remove(array[n.reporter_user_id], null) || array(select a.user_id from incident_assignment a
                where a.incident_id = n.incident_id and a.user_id is not null)
        from new_rows n join old_rows o using (incident_id) order by n.seq;
    end if;
    return null;
end $$;
drop trigger if exists incident_insert_event on incident;
create trigger incident_insert_event after insert on incident referencing new table as new_rows
    for each statement execute function incident_event();
drop trigger if exists incident_update_event on incident;
create trigger incident_update_event after update on incident referencing old table as old_rows new table as new_rows
    for each statement execute function incident_event();

-- Market entities and sites: the same, with the little that a map needs to reload.
create or replace function place_event() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare one_town int;
begin
    for one_town in select distinct town_id from new_rows loop
        insert into event (town_id, topic, kind, payload, area_ids, platforms)
        select one_town, tg_argv[0], case when count(*) = 1 then 'updated' else 'bulk' end,
            jsonb_build_object('layer', tg_argv[0], 'count', count(*), 'bbox', (select array[st_xmin(e), st_ymin(e), st_xmax(e), st_ymax(e)]
                from (select st_extent(geom) as e) x where e is not null)),
            array(select distinct g from unnest(array_agg(grid_id)) g where g is not null),
            array(select distinct q from unnest(array_agg(platform_code)) q where q is not null)
        from new_rows where town_id = one_town;
    end loop;
    return null;
end $$;
drop trigger if exists market_entity_insert_event on market_entity;
create trigger market_entity_insert_event after insert on market_entity referencing new table as new_rows
    for each statement execute function place_event('market-entity');
drop trigger if exists market_entity_update_event on market_entity;
create trigger market_entity_update_event after update on market_entity referencing new table as new_rows
    for each statement execute function place_event('market-entity');
drop trigger if exists service_site_insert_event on service_site;
create trigger service_site_insert_event after insert on service_site referencing new table as new_rows
    for each statement execute function place_event('service-site');
drop trigger if exists service_site_update_event on service_site;
create trigger service_site_update_event after update on service_site referencing new table as new_rows
    for each statement execute function place_event('service-site');
