-- Outbox and tile versions.

-- Rows of events after a cursor, oldest first. A row counts as readable only when no older transaction can still
-- commit: reading by position alone skips writers that commit late. The relay reads for all viewers of this server
-- and filters by each viewer's scope.
create or replace function read_events(after_xid xid8, after_position bigint, max_rows int)
returns table (xid xid8, "position" bigint, town_id int, topic text, kind text, ref text, area_ids int[], org_ids int[],
               platforms text[], user_ids int[], is_public boolean, payload jsonb, at timestamptz)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    if scope_purpose() <> 'relay' then
        raise exception 'only the relay reads all events' using errcode = 'insufficient_privilege';
    end if;
    return query
        select e.xid, e.position, e.town_id, e.topic, e.kind, e.ref, e.area_ids, e.org_ids, e.platforms, e.user_ids,
               e.is_public, e.payload, e.at
        from event e
        where (e.xid, e.position) > (after_xid, after_position) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
        order by e.xid, e.position limit max_rows;
end $$;
-- The cursor of this moment: everything readable now lies at or before it.
create or replace function event_horizon() returns table (xid xid8, "position" bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select e.xid, e.position from event e where e.xid < pg_snapshot_xmin(pg_current_snapshot())
    order by e.xid desc, e.position desc limit 1
$$;
-- The oldest cursor that can still be resumed: the first event kept. NULL = none was ever dropped.
create or replace function event_floor() returns table (xid xid8, "position" bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select e.xid, e.position from event e order by e.xid, e.position limit 1
$$;
create or replace function emit_event(topic text, kind text, ref text, payload jsonb, area_ids int[], org_ids int[],
                                      platforms text[], user_ids int[], is_public boolean) returns void
language sql security definer set search_path = public, pg_temp as $$
    insert into event (town_id, topic, kind, ref, payload, area_ids, org_ids, platforms, user_ids, is_public)
    values (require_town(), $1, $2, $3, $4, coalesce($5, '{}'), coalesce($6, '{}'), coalesce($7, '{}'),
            coalesce($8, '{}'), coalesce($9, false))
$$;

-- Region of a point or box: the z13 tile, x and y.
create or replace function tile_region(lon_m double precision, lat_m double precision, out x int, out y int)
language sql immutable parallel safe as $$
    select least(8191, greatest(0, floor((lon_m + 20037508.342789244) / 4891.96981024998)::int)),
           least(8191, greatest(0, floor((20037508.342789244 - lat_m) / 4891.96981024998)::int))
$$;
-- After each statement on a table with geom_3857: one row a region touched. Rows are only ever added (and merged by
-- compact_tile_changes, which keeps sums), so writers never wait for each other and the sum tells every commit.
create or replace function tile_changed(layer text, town int, boxes geometry[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if cardinality(boxes) = 1 and geometrytype(boxes[1]) = 'POINT' then  -- the one report that comes in: a third of the cost
        insert into tile_change (town_id, layer, region_x, region_y, changes)
        select town, layer, r.x, r.y, 1 from tile_region(st_x(boxes[1]), st_y(boxes[1])) r;
        return;
    end if;
    insert into tile_change (town_id, layer, region_x, region_y, changes)
    select town, layer, rx, ry, count(*) from unnest(boxes) b(g)
    cross join lateral tile_region(st_xmin(g), st_ymax(g)) as low
    cross join lateral tile_region(st_xmax(g), st_ymin(g)) as high
    cross join lateral generate_series(low.x, high.x) as rx
    cross join lateral generate_series(low.y, high.y) as ry
    where g is not null and not st_isempty(g)
    group by rx, ry;
end $$;
-- plpgsql, here and below: planned once a connection, where each call of a function in SQL would plan it anew.
create or replace function tile_version(town int, layer_id text, z int, x int, y int) returns bigint
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
    wide int := greatest(0, 13 - z);
    deep int := greatest(0, z - 13);
begin
    return (select coalesce(sum(changes), 0)::bigint from tile_change
        where town_id = town and town = scope_town() and layer = layer_id
          and region_x between (x >> deep) << wide and (((x >> deep) + 1) << wide) - 1
          and region_y between (y >> deep) << wide and (((y >> deep) + 1) << wide) - 1);
end $$;
-- What a request for a tile needs first: its version, and the platforms that clusters count by.
create or replace function tile_context(layer_id text, z int, x int, y int, out version bigint, out platforms text[])
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    version := tile_version(scope_town(), layer_id, z, x, y);
    platforms := array(select p.code from platform p where p.town_id = scope_town() order by p.sort, p.code);
end $$;
create or replace function compact_tile_changes() returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare merged int;
begin
    if not pg_try_advisory_xact_lock(3857) then return 0; end if;
    with old as (
        delete from tile_change t using (
            select town_id, layer, region_x, region_y from tile_change
            group by 1, 2, 3, 4 having count(*) > 1) d
        where (t.town_id, t.layer, t.region_x, t.region_y) = (d.town_id, d.layer, d.region_x, d.region_y)
        returning t.*)
    insert into tile_change (town_id, layer, region_x, region_y, changes)
    select town_id, layer, region_x, region_y, sum(changes) from old group by 1, 2, 3, 4;
    get diagnostics merged = row_count;
    return merged;
end $$;

-- Generic statement trigger: tile_touch('layer-id'). For tables with town_id and geom_3857.
create or replace function tile_touch_new() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare town int;
begin
    for town in select distinct town_id from new_rows loop
        perform tile_changed(tg_argv[0], town, (select array_agg(geom_3857) from new_rows where town_id = town));
    end loop;
    return null;
end $$;
create or replace function tile_touch_old() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare town int;
begin
    for town in select distinct town_id from old_rows loop
        perform tile_changed(tg_argv[0], town, (select array_agg(geom_3857) from old_rows where town_id = town));
    end loop;
    return null;
end $$;
create or replace function tile_touch_both() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare town int;
begin
    for town in select town_id from new_rows union select town_id from old_rows loop
        perform tile_changed(tg_argv[0], town, (select array_agg(geom_3857) from
            (select geom_3857 from new_rows where town_id = town union all
             select geom_3857 from old_rows where town_id = town) g));
    end loop;
    return null;
end $$;
create or replace procedure watch_tiles(table_name regclass, layer text) language plpgsql as $$
begin
    execute format('drop trigger if exists tile_insert on %s', table_name);
    execute format('drop trigger if exists tile_update on %s', table_name);
    execute format('drop trigger if exists tile_delete on %s', table_name);
    execute format('create trigger tile_insert after insert on %s referencing new table as new_rows
        for each statement execute function tile_touch_new(%L)', table_name, layer);
    execute format('create trigger tile_update after update on %s referencing old table as old_rows new table as new_rows
        for each statement execute function tile_touch_both(%L)', table_name, layer);
    execute format('create trigger tile_delete after delete on %s referencing old table as old_rows
        for each statement execute function tile_touch_old(%L)', table_name, layer);
end $$;
-- The layer names here are storage names: a registry layer says which of them its tiles depend on.
call watch_tiles('incident', 'incident');
call watch_tiles('market_entity', 'market_entity');
call watch_tiles('service_site', 'service_site');
call watch_tiles('area_version', 'area');
call watch_tiles('area_shape', 'area');
call watch_tiles('road', 'road');
call watch_tiles('base_feature', 'base_feature');
call watch_tiles('address', 'address');
