"""SQL of loading and importing."""

from __future__ import annotations

from sqlalchemy import text

FIND_TOWN = text("select * from town where code = :code")
# Of a town that was added empty, roles and platforms stand already as the defaults name them: those of the pack win.
PUT_ROLE = text("""
    insert into role (town_id, code, name, name_en, reach, permissions)
    values (:town_id, :code, :name, :name_en, :reach, :permissions)
    on conflict (town_id, code) do update set name = excluded.name, name_en = excluded.name_en, reach = excluded.reach,
        permissions = excluded.permissions
""")
DROP_OTHER_ROLES = text("""
    delete from role r where town_id = :town_id and code <> all (:codes)
      and not exists (select from user_role u where u.town_id = r.town_id and u.role_code = r.code)
""")
PUT_PLATFORM = text("""
    insert into platform (town_id, code, short, name, name_en, symbol, colour_dark, colour_light, sort, head_name,
        valid_from, valid_to)
    values (:town_id, :code, :short, :name, :name_en, :symbol, :colour_dark, :colour_light, :sort, :head_name,
        :valid_from, :valid_to)
    on conflict (town_id, code) do update set short = excluded.short, name = excluded.name, name_en = excluded.name_en,
        symbol = excluded.symbol, colour_dark = excluded.colour_dark, colour_light = excluded.colour_light,
        sort = excluded.sort, head_name = excluded.head_name, valid_from = excluded.valid_from,
        valid_to = excluded.valid_to
""")
DROP_OTHER_PLATFORMS = text("delete from platform where town_id = :town_id and code <> all (:codes)")

ADD_TOWN = text("""
    insert into town (code, name, name_en, metric_srid, timezone, synthetic, notice, map, settings, sources)
    values (:code, :name, :name_en, :metric_srid, :timezone, :synthetic, cast(:notice as jsonb), cast(:map as jsonb),
        cast(:settings as jsonb), cast(:sources as jsonb)) returning town_id
""")
CHANGE_TOWN = text("""
    update town set name = :name, name_en = :name_en, metric_srid = :metric_srid, timezone = :timezone,
        synthetic = :synthetic, notice = cast(:notice as jsonb), map = cast(:map as jsonb),
        settings = cast(:settings as jsonb), sources = cast(:sources as jsonb)
    where town_id = :town_id
""")
SET_MAP = text("update town set map = map || cast(:map as jsonb) where town_id = :town_id")
# What a town must not have yet for a pack to be loaded into it.
TOWN_CONTENT = text("""
    select (select count(*) from area where town_id = :town_id) as areas,
        (select count(*) from incident where town_id = :town_id) as incidents,
        (select count(*) from organisation where town_id = :town_id) as organisations,
        (select count(*) from address where town_id = :town_id) as addresses,
        (select count(*) from market_entity where town_id = :town_id) as entities
""")
LIST_TOWNS = text("""
    select t.code, t.name, t.name_en, t.timezone, t.metric_srid, t.synthetic,
        (select count(*) from area a where a.town_id = t.town_id and level = 'village') as villages,
        (select count(*) from area a where a.town_id = t.town_id and level = 'grid') as grids,
        (select count(*) from address a where a.town_id = t.town_id) as addresses,
        (select coalesce(sum(households), 0) from address a where a.town_id = t.town_id) as households,
        (select count(*) from market_entity e where e.town_id = t.town_id) as entities,
        (select count(*) from service_site s where s.town_id = t.town_id) as sites,
        (select count(*) from incident i where i.town_id = t.town_id) as incidents
    from town t where t.town_id = :town_id
""")

ORG_IDS = text("select code, org_id from organisation where town_id = :town_id")
CATEGORY_IDS = text(
    "select code, category_id, platform_code, lead_org_id, urgency from category where town_id = :town_id"
)
STAFF_IDS = text("select code, staff_id from staff where town_id = :town_id")
AREA_IDS = text("select code, area_id from area where town_id = :town_id")
PLATFORM_CODES = text("select code from platform where town_id = :town_id")
SET_PARENT_ORG = text("""
    update organisation o set parent_id = p.org_id
    from unnest(cast(:codes as text[]), cast(:parents as text[])) as s(code, parent)
    join organisation p on p.code = s.parent and p.town_id = :town_id
    where o.code = s.code and o.town_id = :town_id
""")
SET_MANAGING_ORG = text("""
    update platform f set managing_org_id = o.org_id
    from unnest(cast(:platforms as text[]), cast(:orgs as text[])) as s(platform, org)
    join organisation o on o.code = s.org and o.town_id = :town_id
    where f.code = s.platform and f.town_id = :town_id
""")
# A log line for what the file says has happened to a case: one a stage reached.
LOG_OF_LOADED = text("""
    insert into incident_log (incident_id, town_id, name, from_state, to_state, at, facts)
    select i.incident_id, i.town_id, s.name, s.from_state, s.to_state, s.at, '{"imported": true}'
    from incident i cross join lateral (values
        ('report', null, 'reported', i.reported_at),
        ('accept', 'reported', 'accepted', i.accepted_at),
        ('file', 'accepted', 'filed', i.filed_at),
        ('dispatch', 'filed', 'dispatched', i.dispatched_at),
        ('feed_back', 'handling', 'awaiting_inspection', i.handled_at),
        ('close', 'awaiting_inspection', case when i.is_open then 'closed' else i.state end, i.closed_at)
    ) as s(name, from_state, to_state, at)
    where i.town_id = :town_id and s.at is not null
""")
ANALYSE = ("incident", "incident_log", "address", "market_entity", "area_version", "area_shape", "road", "base_feature")
SET_HOUSEHOLDS = text("""
    update address a set households = s.households, residents = coalesce(s.residents, a.residents)
    from unnest(cast(:plates as text[]), cast(:households as int[]), cast(:residents as int[]))
        as s(plate_id, households, residents)
    where a.town_id = :town_id and a.plate_id = s.plate_id
        and (a.households, a.residents) is distinct from (s.households, coalesce(s.residents, a.residents))
    returning a.plate_id
""")
# Roads of a file replace those of the same reference; a road may come in several pieces.
DROP_ROADS = text("delete from road where town_id = :town_id and external_ref = any (:refs) returning external_ref")
ROADS_BY_REF = text("""
    select external_ref, name, class, st_asbinary(geom) as wkb from road
    where town_id = :town_id and external_ref = any (:refs)
""")
SUBMIT_INCIDENTS = text("select n, outcome, fields from submit_incidents(cast(:rows as jsonb))")
# A town without boundaries opens where its roads and door plates are.
SET_CENTRE = text("""
    update town t set map = t.map || jsonb_build_object('center', jsonb_build_array(
        round(((st_xmin(e.box) + st_xmax(e.box)) / 2)::numeric, 6), round(((st_ymin(e.box) + st_ymax(e.box)) / 2)::numeric, 6)))
    from (select coalesce((select st_extent(geom) from road where town_id = :town_id),
        (select st_extent(geom) from address where town_id = :town_id)) as box) e
    where t.town_id = :town_id and not t.map ? 'center' and e.box is not null
""")
CHECK_NOW = text("set constraints all immediate")
