-- Likely the same thing reported before: near, lately, of the same minor class or with a like title, in the caller's scope.
-- A report that nobody has filed counts under the class that was suggested for it, however unsurely.
-- plpgsql: planned once a connection; under row-level security each call would be planned anew, for longer than it runs.
-- The box in 3857 lets the GiST index serve (degrees of latitude stretch by 1/cos there); metres are measured in the
-- town's own metric system. Point in EPSG:4490.
create or replace function find_duplicates(case_id uuid, words text, category int, lon float8, lat float8, reach_m float8,
    accuracy_most_m float8, moment timestamptz, within_h int, likeness float8)
returns table (id uuid, case_no text, title text, state text, is_open boolean, reported_at timestamptz, platform text,
               grid text, grid_name text, distance_m float8, same_category boolean, photo uuid)
language plpgsql stable security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    place geometry := st_setsrid(st_makepoint(lon, lat), 4490);
    metric int := (select t.metric_srid from town t where t.town_id = scope_town());
    here geometry := st_transform(place, metric);
    box geometry := st_expand(to_mercator(place), (reach_m + accuracy_most_m) / cos(radians(lat)) * 1.01);
    span interval := make_interval(hours => within_h);
begin
    return query
        select i.incident_id, i.case_no, i.title, i.state, i.is_open, i.reported_at, i.platform_code, g.code, g.name,
            round(d.metres::numeric, 1)::float8, coalesce(c.likely = category, false),
            (select p.photo_id from photo p where p.incident_id = i.incident_id order by p.created_at limit 1)
        from scoped_incident i
        cross join lateral (select st_distance(st_transform(i.geom, metric), here) as metres) d
        cross join lateral (select coalesce(i.category_id, (select k.category_id from category k
            where k.town_id = i.town_id and k.code = i.suggestion ->> 'category')) as likely) c
        left join area g on g.area_id = coalesce(i.grid_now_id, i.grid_id)
        where i.geom_3857 && box and i.reported_at > moment - span and i.reported_at < moment + span
          and not exists (select from incident_distinct x where x.incident_id = least(i.incident_id, case_id)
              and x.other_id = greatest(i.incident_id, case_id))
          and i.incident_id <> case_id and i.state not in ('voided', 'declined')
          and (c.likely = category or similarity(i.title, words) >= likeness)
          and d.metres <= reach_m + least(coalesce(i.accuracy_m, 0), accuracy_most_m)
        order by coalesce(c.likely = category, false) desc, d.metres, i.reported_at limit 5;
end $$;
comment on function find_duplicates is
    'Likely duplicates of a report in the caller''s scope, five at most; lon/lat EPSG:4490, distances in metres.';
