-- Photos of incidents: written by who sees the case, or by the reporter who holds its query code.

-- Staff who see the case and do something with it, or the holder of the query code.
create or replace function may_add_photo(case_id uuid, code_hash bytea) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from incident i where i.incident_id = case_id and i.town_id = scope_town() and (
        coalesce(scope_is_staff() and incident_visible(i)
            and (scope_may('report') or scope_may('handle') or scope_may('accept')), false)
        or exists (select from incident_reporter r where r.incident_id = i.incident_id and r.query_code_hash = code_hash)))
$$;
create or replace function submit_photo(p jsonb) returns jsonb
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    case_row incident%rowtype; place geometry; written photo%rowtype; metric int;
begin
    if not may_add_photo((p->>'incident_id')::uuid, decode(p->>'query_code_hash', 'hex')) then
        return null;  -- not there, or not for this caller: the two are not told apart
    end if;
    select * into strict case_row from incident where incident_id = (p->>'incident_id')::uuid;
    if (select count(*) from photo where incident_id = case_row.incident_id) >= (p->>'most')::int
       and not exists (select from photo where incident_id = case_row.incident_id
                       and sha256 = decode(p->>'sha256', 'hex')) then
        return '{"full": true}';
    end if;
    if p->>'lon' is not null then
        place := st_setsrid(st_makepoint((p->>'lon')::float8, (p->>'lat')::float8), 4490);
    end if;
    select metric_srid into metric from town where town_id = case_row.town_id;
    insert into photo (town_id, incident_id, sha256, path, width_px, height_px, bytes, taken_at, exif_geom,
        exif_distance_m, uploaded_by)
    values (case_row.town_id, case_row.incident_id, decode(p->>'sha256', 'hex'), p->>'path', (p->>'width_px')::int,
        (p->>'height_px')::int, (p->>'bytes')::int, (p->>'taken_at')::timestamptz, place,
        st_distance(st_transform(place, metric), st_transform(case_row.geom, metric)), scope_user())
    on conflict on constraint photo_once do nothing returning * into written;
    if written.photo_id is null then  -- the same picture again
        select * into strict written from photo where incident_id = case_row.incident_id
            and sha256 = decode(p->>'sha256', 'hex');
    else
        insert into incident_log (incident_id, town_id, name, from_state, to_state, actor_user_id, facts)
        values (case_row.incident_id, case_row.town_id, 'photo', case_row.state, case_row.state, scope_user(),
            jsonb_build_object('photo_id', written.photo_id, 'distance_m', round(written.exif_distance_m::numeric, 1)));
        perform emit_event('incident', 'photo', case_row.incident_id::text,
            jsonb_build_object('layer', 'incident', 'id', case_row.incident_id, 'photo', written.photo_id),
            array_remove(array[case_row.grid_id, case_row.grid_now_id], null),
            array_remove(array[case_row.lead_org_id], null), array_remove(array[case_row.platform_code], null),
            array_remove(array[case_row.reporter_user_id], null), false);
    end if;
    return jsonb_build_object('id', written.photo_id, 'width', written.width_px, 'height', written.height_px,
        'taken_at', written.taken_at, 'exif', case when written.exif_geom is not null then jsonb_build_object(
            'lon', round(st_x(written.exif_geom)::numeric, 7), 'lat', round(st_y(written.exif_geom)::numeric, 7),
            'distance_m', round(written.exif_distance_m::numeric, 1)) end);
end $$;
comment on function submit_photo is
    'Adds a photo to an incident the caller sees or holds the query code of; NULL when neither. lon/lat EPSG:4490.';
