"""SQL of areas that is more than one row of one table."""

from __future__ import annotations

from sqlalchemy import text

TOWN = text("select * from town where town_id = :town_id")

# Equal text, equal boundaries in force: rows are only added or ended. A scheduled switch changes the two maxima.
STAMP = text("""
    select concat_ws('/', count(*), max(area_version_id), count(*) filter (where valid_to < 'infinity'),
        max(valid_from) filter (where valid_from <= :moment), max(valid_to) filter (where valid_to <= :moment),
        (select md5(string_agg(concat_ws('|', area_id, name, name_en, kind), ';' order by area_id)) from area
         where town_id = :town_id))
    from area_version where town_id = :town_id
""")

# Every area in force at a moment, each with its boundary as WKB; by code, as the rule for shared borders wants.
IN_FORCE = text("""
    select a.area_id, v.area_version_id, a.level, a.code, a.name, a.name_en, a.kind, p.code as parent, a.parent_id,
        v.version, v.area_m2, v.valid_from, v.source, st_x(v.label_point) as label_lon,
        st_y(v.label_point) as label_lat, st_asbinary(v.geom) as wkb
    from area_version v join area a using (area_id) left join area p on p.area_id = a.parent_id
    where v.town_id = :town_id and v.valid_from <= :moment and :moment < v.valid_to
    order by a.code collate "C"
""")
# The same before the first boundary was there: what happened earlier belongs to the first one.
FIRST_MOMENT = text("select min(valid_from) from area_version where town_id = :town_id")
# Moments at which boundaries change, ascending.
MOMENTS = text("""
    select moment from (select valid_from as moment from area_version where town_id = :town_id
        union select valid_to from area_version where town_id = :town_id and valid_to < 'infinity') m order by moment
""")

# Lists for readers: no boundary, and one boundary.
LIST = text("""
    select a.code, a.name, a.name_en, a.level, a.kind, p.code as parent, v.version, v.area_m2, v.valid_from,
        st_x(v.label_point) as lon, st_y(v.label_point) as lat,
        array[st_xmin(v.geom), st_ymin(v.geom), st_xmax(v.geom), st_ymax(v.geom)] as bbox
    from area_version v join area a using (area_id) left join area p on p.area_id = a.parent_id
    where v.town_id = :town_id and v.valid_from <= :moment and :moment < v.valid_to
        and (cast(:level as text) is null or a.level = :level) and (cast(:parent as text) is null or p.code = :parent)
    order by case a.level when 'town' then 0 when 'village' then 1 when 'zone' then 2 else 3 end, a.code collate "C"
""")
ONE = text("""
    select a.code, a.name, a.name_en, a.level, a.kind, p.code as parent, v.version, v.area_m2, v.valid_from,
        st_x(v.label_point) as lon, st_y(v.label_point) as lat,
        array[st_xmin(v.geom), st_ymin(v.geom), st_xmax(v.geom), st_ymax(v.geom)] as bbox,
        st_asgeojson(v.geom, 7)::jsonb as geometry
    from area_version v join area a using (area_id) left join area p on p.area_id = a.parent_id
    where v.town_id = :town_id and a.code = :code and v.valid_from <= :moment and :moment < v.valid_to
""")

ADD_AREA = text("""
    insert into area (town_id, level, code, name, name_en, kind, parent_id)
    values (:town_id, :level, :code, :name, :name_en, :kind, :parent_id) returning area_id
""")
CHANGE_AREA = text("""
    update area set name = :name, name_en = :name_en, kind = :kind, parent_id = :parent_id where area_id = :area_id
""")
END_VERSION = text("""
    update area_version set valid_to = :moment where area_id = any (:area_ids) and town_id = :town_id
        and valid_from < :moment and valid_to > :moment
""")
# Area in square metres of the town's metric system; the label point is chosen by the caller.
ADD_VERSION = text("""
    insert into area_version (area_id, town_id, version, code, geom, label_point, area_m2, valid_from, source)
    select :area_id, :town_id, coalesce((select max(version) from area_version where area_id = :area_id), 0) + 1, :code,
        st_geomfromwkb(:wkb, 4490), st_setsrid(st_makepoint(:lon, :lat), 4490), :area_m2, :moment, :source
    returning area_version_id
""")
ADD_SHAPES = text("""
    insert into area_shape (area_version_id, town_id, zoom, geom_3857)
    select version_id, :town_id, :zoom, st_geomfromwkb(wkb, 3857)
    from unnest(cast(:version_ids as bigint[]), cast(:wkbs as bytea[])) as s(version_id, wkb)
""")
DROP_SHAPES = text("delete from area_shape where area_version_id = any (:version_ids)")

# The ground that came to another area at a moment, in pieces: what an area of some codes has now and had not before,
# and the other way round.
CHANGED_HANDS = """
    before as (
        select code, geom from area_version where town_id = :town_id and code = any (:codes) and valid_to = cast(:moment as timestamptz)
    ), after as (
        select code, geom from area_version where town_id = :town_id and code = any (:codes) and valid_from = cast(:moment as timestamptz)
    ), changed_hands as materialized (
        select st_transform(d.geom, 3857) as geom_3857 from before b full join after a using (code),
            lateral st_dump(coalesce(st_symdifference(b.geom, a.geom), b.geom, a.geom)) d
    )
"""
# After a publication: what lies in another leaf than before. Incidents are not touched here (event area.published).
# Without codes everything is looked at; with them what lies where an area changed at the moment, by the index.
REBIN = {
    table: text(f"""
        with {CHANGED_HANDS}, looked as materialized (
            select o.{key} from changed_hands c join {table} o on o.geom_3857 && c.geom_3857
            union
            select o.{key} from {table} o where cast(:codes as text[]) is null and o.geom is not null
        )
        update {table} t set grid_id = f.area_id
        from looked join {table} o using ({key}) left join lateral locate_leaf(o.town_id, o.geom, :at) f on true
        where o.{key} = t.{key} and o.town_id = :town_id and o.grid_id is distinct from f.area_id
        returning true
    """)
    for table, key in (("address", "address_id"), ("market_entity", "entity_id"), ("service_site", "site_id"))
}
