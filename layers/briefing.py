"""What a briefing for the joint meeting holds: figures with numerator and denominator, boundaries, open cases."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from data import clock
from layers import dashboard

PERIOD_DAYS = 30
# A briefing is read by people: the list stops here and says how many there are in all.
MAX_CASES = 500
# Borders simplified for a town on one screen.
MAP_ZOOM = 12

_TOWN = text("select code, name, name_en, timezone, synthetic, notice, map from town where town_id = scope_town()")
_PLATFORMS = text(
    "select code, name, name_en, symbol, colour_light as colour from platform where town_id = scope_town() order by sort, code"
)
_SHAPES = text("""
select s.level, s.code, s.name, s.name_en, st_asgeojson(st_transform(s.geom_3857, 4490), 6, 0) as geometry
from scoped_area_shape s
where s.zoom = (select min(zoom) from scoped_area_shape where zoom >= :zoom)
order by case s.level when 'grid' then 0 when 'zone' then 1 when 'village' then 2 else 3 end, s.code
""")
_WATER = text("""
select name, kind, st_asgeojson(st_simplify(geom, 0.0001), 6, 0) as geometry from scoped_base_feature
where theme = 'water' and kind in ('lake', 'bay', 'river', 'tidal_flat') and st_area(st_envelope(geom)) > 1e-6
""")
_ROADS = text("""
select name, class, st_asgeojson(st_simplify(geom, 0.0001), 6, 0) as geometry from scoped_road
where class in ('highway', 'primary', 'secondary')
""")
_CASES = text("""
select i.case_no, i.title, i.platform_code, i.state, i.urgency, i.reported_at, i.due_at, g.name as grid_name,
    g.name_en as grid_name_en, o.name as lead_org, i.supervision_level, st_x(i.geom) as lon, st_y(i.geom) as lat,
    i.due_at < :now and i.state <> 'suspended' as late
from scoped_incident i left join area g on g.area_id = coalesce(i.grid_now_id, i.grid_id)
left join organisation o on o.org_id = i.lead_org_id
where i.is_open order by i.due_at nulls last, i.seq limit :n
""")
_PERIOD = text("""
select coalesce(i.platform_code, '') as platform, count(*) filter (where i.reported_at >= :since) as reported,
    count(*) filter (where i.closed_at >= :since) as closed,
    count(*) filter (where i.closed_at >= :since and i.due_at is not null) as due,
    count(*) filter (where i.closed_at >= :since and i.closed_at <= i.due_at) as in_time
from scoped_incident i where i.reported_at >= :since or i.closed_at >= :since group by 1
""")
_VILLAGES = text("""
select v.code, v.name, v.name_en, st_x(v.label_point) as lon, st_y(v.label_point) as lat,
    count(i.incident_id) filter (where i.is_open) as open,
    count(i.incident_id) filter (where i.is_open and i.state <> 'suspended' and i.due_at < :now) as late,
    count(i.incident_id) filter (where i.reported_at >= :since) as reported
from scoped_area v
left join area g on g.area_id = v.area_id or g.parent_id = v.area_id
left join scoped_incident i on coalesce(i.grid_now_id, i.grid_id) = g.area_id and (i.is_open or i.reported_at >= :since)
where v.level = 'village' group by 1, 2, 3, 4, 5 order by open desc, v.code
""")


def frame(session: Session, exported_by: str) -> dict[str, Any]:
    """Return everything the document shows, as plain values; times with zone, geometry as GeoJSON (EPSG:4490).

    Reads what the session's scope may see and changes nothing.
    """
    moment: datetime = clock.now()
    values = {"now": moment, "since": moment - timedelta(days=PERIOD_DAYS), "zoom": MAP_ZOOM, "n": MAX_CASES}
    town = dict(session.execute(_TOWN).mappings().one())

    def features(statement: Any) -> list[dict[str, Any]]:
        rows = session.execute(statement, values if ":zoom" in str(statement) else {}).mappings()
        return [
            {
                "type": "Feature",
                "geometry": json.loads(row["geometry"]),
                "properties": {key: value for key, value in row.items() if key != "geometry"},
            }
            for row in rows
            if row["geometry"]
        ]

    def rows(statement: Any, *names: str) -> list[dict[str, Any]]:
        return [dict(row) for row in session.execute(statement, {name: values[name] for name in names}).mappings()]

    return {
        "town": town,
        "exported_by": exported_by,
        "at": moment,
        "period_days": PERIOD_DAYS,
        "summary": dashboard.summary(session),
        "platforms": rows(_PLATFORMS),
        "period": {row["platform"]: row for row in rows(_PERIOD, "since")},
        "villages": rows(_VILLAGES, "now", "since"),
        "areas": features(_SHAPES),
        "water": features(_WATER),
        "roads": features(_ROADS),
        "cases": rows(_CASES, "now", "n"),
    }
