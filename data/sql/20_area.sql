-- Areas: where a point lies, and the rule that leaves partition the town.

-- Versions in force at a moment. A leaf is an area that is parent of nothing in force.
create or replace function leaf_versions(town int, moment timestamptz) returns setof area_version
language sql stable security definer set search_path = public, pg_temp as $$
    select v.* from area_version v
    where v.town_id = town and v.valid_from <= moment and moment < v.valid_to
      and not exists (select from area c join area_version cv on cv.area_id = c.area_id
                      where c.parent_id = v.area_id and cv.valid_from <= moment and moment < cv.valid_to)
$$;

-- The leaf of a point: touching counts, the lowest code wins. One row or none.
-- The point, not the column, is prepared, so the GiST index serves; cost follows the few boxes hit.
-- plpgsql, as in its like below: an SQL function would be planned again at every call.
create or replace function locate_leaf(town int, place geometry, moment timestamptz)
returns table (area_id int, area_version_id bigint, code text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
    return query select v.area_id, v.area_version_id, v.code from area_version v
    where v.town_id = town and town = scope_town() and v.geom && place and v.valid_from <= moment and moment < v.valid_to
      and not exists (select from area c join area_version cv on cv.area_id = c.area_id
                      where c.parent_id = v.area_id and cv.valid_from <= moment and moment < cv.valid_to)
      and st_intersects(v.geom, place)
    order by v.code collate "C" limit 1;
end $$;
comment on function locate_leaf is 'Leaf area of a point (EPSG:4490) at a moment; on shared borders the lowest code.';

-- The grid an incident belongs to: the version in force when it happened; before the first version, the first one.
create or replace function locate_leaf_at(town int, place geometry, moment timestamptz)
returns table (area_id int, area_version_id bigint, code text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query select * from locate_leaf(town, place, moment);
    if not found then
        return query select f.* from (select min(v.valid_from) as first_from from area_version v where v.town_id = town) o
            cross join lateral locate_leaf(town, place, o.first_from) f where moment < o.first_from;
    end if;
end $$;

-- A vertex lies on the 1e-7 degree lattice if it is the double nearest to a decimal of seven places.
create or replace function on_lattice(g geometry) returns boolean language sql immutable strict parallel safe as $$
    select coalesce(bool_and(x = round(x::numeric, 7)::float8 and y = round(y::numeric, 7)::float8), true)
    from (select st_x(p.geom) as x, st_y(p.geom) as y from st_dumppoints(g) p) v
$$;

-- Faults of the partition at one moment: gap, overlap, leaves_parent, orphan. None = the leaves partition the town.
create or replace function partition_faults(town int, moment timestamptz)
returns table (kind text, codes text[], place geometry)
language sql stable security definer set search_path = public, pg_temp as $$
    with live as materialized (
        select v.area_id, v.code, v.geom, a.parent_id, a.level from area_version v join area a using (area_id)
        where v.town_id = town and v.valid_from <= moment and moment < v.valid_to
    ), family as materialized (
        select p.code, p.geom, st_union(c.geom) as children, array_agg(c.code order by c.code) as child_codes
        from live p join live c on c.parent_id = p.area_id group by p.code, p.geom
    ), unequal as materialized (
        -- Not st_difference: GEOS takes its empty answer for a mistake if the two areas differ in the last digit of a
        -- double, and then moves vertices by up to 10 cm until something is left. st_symdifference is not checked so.
        select code, geom, (st_dump(st_collectionextract(st_symdifference(geom, children), 3))).geom as part from family
    ), sibling as (
        select a.code as a_code, b.code as b_code, st_intersection(a.geom, b.geom) as shared
        from live a join live b on a.parent_id = b.parent_id and a.area_id < b.area_id and a.geom && b.geom
        where st_relate(a.geom, b.geom, 'T********')
    )
    select case when st_intersects(geom, st_pointonsurface(part)) then 'gap' else 'leaves_parent' end as kind,
           array[code], st_multi(st_collect(part)) from unequal group by kind, code
    union all
    select 'overlap', array[a_code, b_code], st_collectionextract(shared, 3) from sibling
    union all
    select 'orphan', array[c.code], c.geom from live c
        where c.level <> 'town' and not exists (select from live p where p.area_id = c.parent_id)
    union all
    select 'invalid', array[code], geom from live where not st_isvalid(geom)
    union all
    select 'off_lattice', array[code], st_envelope(geom) from live where not on_lattice(geom)
$$;

-- Checks every moment from now on at which something changes: scheduled switches too.
create or replace function check_partition(town int) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare fault record;
begin
    for fault in
        select m.moment, f.kind, f.codes, st_asgeojson(f.place, 9) as place
        from (select distinct valid_from as moment from area_version where town_id = town
              union select distinct valid_to from area_version where town_id = town and valid_to < 'infinity') m
        cross join lateral partition_faults(town, m.moment) f
        where m.moment >= now() or m.moment = (select max(valid_from) from area_version
                                              where town_id = town and valid_from <= now())
           or m.moment = (select max(valid_to) from area_version where town_id = town and valid_to <= now())
        limit 1
    loop
        raise exception 'the areas would not partition the town: % of %', fault.kind, array_to_string(fault.codes, ', ')
            using errcode = 'OG001', detail = fault.place, hint = 'publish neighbours and parents together in one transaction';
    end loop;
end $$;

-- A write to areas queues one check for the end of the transaction and takes the town's lock,
-- so that two writers, each right alone, cannot be wrong together.
create or replace function area_written() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare town int;
begin
    if current_setting('transaction_isolation') = 'repeatable read' then
        -- its snapshot would not show what a writer before it committed
        raise exception 'areas are not written under repeatable read' using errcode = 'OG003';
    end if;
    for town in select distinct t.town_id from touched t order by 1 loop
        perform pg_advisory_xact_lock(4490, town);
        insert into partition_check values (town) on conflict do nothing;
    end loop;
    return null;
end $$;
create or replace function partition_check_due() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    delete from partition_check where town_id = new.town_id;
    if found then
        perform check_partition(new.town_id);
    end if;
    return null;
end $$;

drop trigger if exists area_version_inserted on area_version;
create trigger area_version_inserted after insert on area_version referencing new table as touched
    for each statement execute function area_written();
drop trigger if exists area_version_updated on area_version;
create trigger area_version_updated after update on area_version referencing new table as touched
    for each statement execute function area_written();
drop trigger if exists area_version_deleted on area_version;
create trigger area_version_deleted after delete on area_version referencing old table as touched
    for each statement execute function area_written();
drop trigger if exists area_updated on area;
create trigger area_updated after update on area referencing new table as touched
    for each statement execute function area_written();
drop trigger if exists area_inserted on area;
create trigger area_inserted after insert on area referencing new table as touched
    for each statement execute function area_written();
drop trigger if exists partition_check_at_commit on partition_check;
create constraint trigger partition_check_at_commit after insert on partition_check
    deferrable initially deferred for each row execute function partition_check_due();

-- History is not rewritten: of a version only its end may be set, once, and not into the past.
create or replace function area_version_guard() returns trigger language plpgsql as $$
begin
    if (old.area_id, old.town_id, old.version, old.code, old.valid_from) is distinct from
       (new.area_id, new.town_id, new.version, new.code, new.valid_from) or not (old.geom = new.geom and
       st_asbinary(old.geom) = st_asbinary(new.geom)) then
        raise exception 'a boundary version is not rewritten; add a version' using errcode = 'OG003';
    end if;
    if old.valid_to is distinct from new.valid_to and old.valid_to < 'infinity' and old.valid_to <= now() then
        raise exception 'the end of a past boundary version stands' using errcode = 'OG003';
    end if;
    return new;
end $$;
drop trigger if exists area_version_guard on area_version;
create trigger area_version_guard before update on area_version for each row execute function area_version_guard();

create or replace function area_guard() returns trigger language plpgsql as $$
begin
    if (old.area_id, old.town_id, old.code, old.level) is distinct from (new.area_id, new.town_id, new.code, new.level) then
        raise exception 'code and level of an area stand; codes are not reused' using errcode = 'OG003';
    end if;
    return new;
end $$;
drop trigger if exists area_guard on area;
create trigger area_guard before update on area for each row execute function area_guard();
