"""SQL of incidents, beside what the layer says. Lists use the scoped view, single rows the policy."""

from __future__ import annotations

from sqlalchemy import text

from layers.area.queries import CHANGED_HANDS

# Straight to the driver (`data.session.call`): the one statement that every report waits for.
SUBMIT = "select submit_incident(%(report)s::jsonb)"
SUBMIT_PHOTO = text("select submit_photo(cast(:photo as jsonb))")

MAY_ADD_PHOTO = text("select may_add_photo(cast(:incident_id as uuid), decode(:code, 'hex'))")

# What the rules of a town are built from. Read as the system: the public may report, but not read the rules.
CATEGORIES = text("""
    select c.category_id, c.code, c.platform_code, c.name, c.name_en, c.minor, c.urgency, c.keywords, c.is_public,
        c.line, c.major, c.lead_org_id, c.limit_value, c.limit_unit, c.co_org_ids, o.code as lead_org, o.name as lead_org_name,
        array[c.name, c.filing_condition, c.closing_condition] as told
    from category c left join organisation o on o.org_id = c.lead_org_id where c.town_id = :town_id order by c.code
""")
RULES = text("""
    select r.code, r.words, r.not_words, r.channel, r.weight, c.code as category
    from suggestion_rule r join category c using (category_id) where r.town_id = :town_id order by r.code
""")
# The last cases that people have filed under a category: how things are put in this town.
DECIDED = text("""
    select c.code, i.title, i.description from incident i join category c using (category_id)
    where i.town_id = :town_id and i.state not in ('reported', 'verifying', 'declined', 'merged', 'voided')
    order by i.reported_at desc limit 1000
""")
LIMITS = text("select stage, urgency, value, unit from stage_limit where town_id = :town_id")
CALENDAR = text("select day, is_workday, periods, provisional from work_calendar where town_id = :town_id")
TOWN = text("select town_id, code, timezone, settings from town where town_id = :town_id")
# Changes when a row of any of these is written: the newest transaction that wrote one, and how many there are.
RULES_STAMP = text("""
    select string_agg(s, ' ') from (
        select count(*) || ':' || coalesce(max(xmin::text::bigint), 0) as s from category where town_id = :town_id
        union all select count(*) || ':' || coalesce(max(xmin::text::bigint), 0) from suggestion_rule
            where town_id = :town_id
        union all select count(*) || ':' || coalesce(max(xmin::text::bigint), 0) from stage_limit
            where town_id = :town_id
        union all select count(*) || ':' || coalesce(max(xmin::text::bigint), 0) from work_calendar
            where town_id = :town_id
        union all select count(*) || ':' || coalesce(max(xmin::text::bigint), 0) from organisation
            where town_id = :town_id
        union all select xmin::text from town where town_id = :town_id
        -- what was filed meanwhile is learnt once a day
        union all select current_date::text) t
""")

DUPLICATES = text("""
    select d.*, i.platform_code as platform, st_x(i.geom) as lon, st_y(i.geom) as lat, i.channel, o.name as lead_org_name
    from find_duplicates(cast(:incident_id as uuid), :title, :category_id, :lon, :lat, :reach_m,
        :accuracy_most_m, :moment, :within_h, :likeness) d
    join incident i on i.incident_id = d.id left join organisation o on o.org_id = i.lead_org_id
    order by d.same_category desc, d.distance_m, d.reported_at
""")

# One incident with everything but log, photos and reporter.
ONE = text("""
    select i.*, st_x(i.geom) as lon, st_y(i.geom) as lat, i.geom is not null as is_placed, c.code as category, c.self_handle,
        array(select a.user_id from incident_assignment a where a.incident_id = i.incident_id and a.duty = 'verify'
            and a.user_id is not null) as verifier_ids,
        case when i.state = 'evaluated' then (select max(l.at) from incident_log l
            where l.incident_id = i.incident_id and l.name = 'evaluate') end as evaluated_at,
        n.code as now_code, n.name as now_name, n.name_en as now_name_en,
        w.code as then_code, w.name as then_name, w.name_en as then_name_en
    from incident i left join area n on n.area_id = i.grid_now_id left join area w on w.area_id = i.grid_id
        left join category c using (category_id)
    where i.incident_id = :incident_id
""")
LOG = text("""
    select l.name, l.from_state, l.to_state, l.at, l.client_at, l.reason, l.facts,
        staff_name(l.actor_user_id) as actor, o.name as actor_org
    from incident_log l left join organisation o on o.org_id = l.actor_org_id
    where l.incident_id = :incident_id order by l.at, l.from_state is not null, l.log_id
""")
ORGS = text("select code, name from organisation where org_id = any (:ids) order by array_position(:ids, org_id)")
# Reports that were merged into this case: each keeps its reporter, who is told how it goes on.
MERGED_INTO = text("""
    select o.incident_id as id, o.case_no, o.title from incident i join incident o on o.incident_id = i.merged_into
    where i.incident_id = :incident_id
""")
MERGED = text("""
    select i.incident_id as id, i.case_no, i.title, i.channel, i.reported_at,
        exists (select from incident_reporter r where r.incident_id = i.incident_id) as has_reporter
    from incident i where i.merged_into = :incident_id order by i.reported_at, i.seq
""")
PHOTOS = text("""
    select photo_id, width_px, height_px, bytes, taken_at, exif_distance_m, st_x(exif_geom) as lon,
        st_y(exif_geom) as lat, created_at
    from photo where incident_id = :incident_id order by created_at, photo_id
""")
PHOTO = text("select photo_id, path, incident_id from photo where photo_id = :photo_id")
REPORTER = text("""
    select name, phone, is_anonymous from incident_reporter where incident_id = :incident_id
    order by incident_reporter_id limit 1
""")
# The point of an area that a label would stand on: where a case lies whose grid is all that is known.
AREA_POINT = text("""
    select a.area_id, st_x(v.label_point) as lon, st_y(v.label_point) as lat, sqrt(v.area_m2 / pi()) as radius_m
    from area a join area_version v using (area_id)
    where a.town_id = :town_id and a.code = :code and a.level in ('grid', 'zone', 'village')
      and v.valid_from <= server_now() and server_now() < v.valid_to
""")
PLACE = text("""
    update incident i set geom = p.point, place_level = :level, place_score = :score,
        radius_m = :radius_m, place_how = cast(:how as jsonb), grid_shares = cast(:shares as jsonb),
        triage_reason = :triage,
        grid_id = coalesce(was.area_id, at.area_id),
        grid_version_id = coalesce(was.area_version_id, at.area_version_id),
        grid_now_id = at.area_id, updated_at = :moment
    from (select st_setsrid(st_makepoint(:lon, :lat), 4490) as point) p
    left join lateral locate_leaf(cast(:town_id as int), p.point, cast(:moment as timestamptz)) at on true
    left join lateral locate_leaf_at(cast(:town_id as int), p.point, cast(:occurred as timestamptz)) was on true
    where i.incident_id = :incident_id and i.version = :version
    returning i.version
""")
SET_REASON = text("select set_config('onegrid.reason', :reason, true)")
PUBLIC_CATEGORIES = text("""
    select code, name, name_en, platform_code as platform, urgency, line, major, minor from category
    where town_id = :town_id and is_public order by code
""")

# After a publication: incidents where a boundary changed get the leaf in force now. The places are read through the scoped
# view, so that the index on geom_3857 serves and the cost follows the changed areas; rows that stay are not written.
REBIN = text(f"""
    with {CHANGED_HANDS}, moved as materialized (
        select distinct on (s.incident_id) s.incident_id, f.area_id
        from changed_hands c join scoped_incident s on s.geom_3857 && c.geom_3857
        left join lateral locate_leaf(s.town_id, s.geom, greatest(now(), cast(:moment as timestamptz))) f on true
        where s.grid_now_id is distinct from f.area_id and (s.is_open or not :only_open)
    )
    update incident i set grid_now_id = m.area_id from moved m where i.incident_id = m.incident_id
""")
