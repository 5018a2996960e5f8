"""SQL of door plates and place names."""

from __future__ import annotations

from sqlalchemy import text

# Equal text, equal rows, for what a gazetteer is built of. tile_change grows with every change of a door plate; of
# market entities only coming and going counts, or each inspection would rebuild everything.
STAMP = text("""
    select concat_ws('/',
        tile_version(:town_id, 'address', 0, 0, 0),
        (select concat(count(*), '.', max(gazetteer_name_id), '.', count(*) filter (where reviewed)) from gazetteer_name
         where town_id = :town_id),
        (select concat(count(*), '.', max(seq)) from market_entity where town_id = :town_id),
        (select concat(count(*), '.', max(site_id)) from service_site where town_id = :town_id),
        (select concat(count(*), '.', max(road_id)) from road where town_id = :town_id))
""")
PLATES = text("""
    select plate_id, village_code, natural_village, villager_group, road, number, st_x(geom) as lon, st_y(geom) as lat
    from address where town_id = :town_id order by plate_id
""")
NAMES = text("""
    select kind, name, aliases, village_code, target, st_x(geom) as lon, st_y(geom) as lat, radius_m
    from gazetteer_name where town_id = :town_id and reviewed order by gazetteer_name_id
""")
# Roads that the gazetteer has no line for: their middle, half their length as the radius.
ROADS = text("""
    select name, st_x(p) as lon, st_y(p) as lat, radius_m from (
        select name, st_closestpoint(st_collect(geom), st_centroid(st_collect(geom))) as p,
            greatest(50, st_length(st_boundingdiagonal(st_transform(st_collect(geom), cast(:metric_srid as int)))) / 2)
                as radius_m
        from road where town_id = :town_id and name <> '' group by name) r
    order by name
""")
ENTITIES = text("""
    select entity_id::text as id, name, st_x(geom) as lon, st_y(geom) as lat from market_entity
    where town_id = :town_id and geom is not null and status <> 'closed'
    union all
    select code, name, st_x(geom), st_y(geom) from service_site where town_id = :town_id
    order by 1
""")
PREFIXES = text("select name, settings from town where town_id = :town_id")
PLATE_POINTS = text("""
    select plate_id, st_x(geom) as lon, st_y(geom) as lat from address
    where town_id = :town_id and plate_id = any (:plates)
""")
