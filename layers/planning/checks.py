"""What a plan still lacks (red), what to look at (amber), and what holds (green)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from data import clock
from data.scope import scope_of
from gis.lattice import from_integers
from gis.partition import Partition
from layers.area.service import label_point
from layers.planning import effects, plans, points, reading, rules
from layers.planning.effects import Figures
from layers.planning.rules import Limits
from layers.planning.state import STATES, State

Check = dict[str, Any]
# Whoever is responsible for an area on a day, and whoever a plan names.
_DUTIES = text("""
    select a.code, d.role from area_duty d join area a using (area_id)
    where d.town_id = :town_id and d.valid_from <= :today and :today <= d.valid_to
""")
_STAFF = text("select code, role from plan_staff where plan_id = :plan_id")
# Boundaries that were put in force, or set for a moment, after the plan was opened.
_OUTDATED = text("""
    select distinct code from area_version where town_id = :town_id
        and (valid_from > :moment or (valid_to > :moment and valid_to < 'infinity')) order by code
""")
# The box, not the column, is transformed, so that the index serves.
_CUT = text("""
    select st_asbinary(st_pointonsurface(b.geom)) from scoped_base_feature b
    join unnest(cast(:lines as bytea[])) l(wkb) on b.geom_3857 && st_transform(st_setsrid(st_geomfromwkb(l.wkb), 4490), 3857)
        and st_crosses(st_setsrid(st_geomfromwkb(l.wkb), 4490), b.geom)
    where b.town_id = :town_id and b.theme = 'building' group by b.base_feature_id, b.geom limit 500
""")


def checks(session: Session, plan_id: UUID) -> list[Check]:
    """Return the checks of a plan: level (red, amber, green), code, areas, count, places (GeoJSON, EPSG:4490)."""
    plan = plans.require(session, plan_id)
    return of_state(session, STATES.get(session, plan, plan.version))


def of_state(session: Session, now: State) -> list[Check]:
    """Return the checks of a state; red ones first, then amber, then what holds."""
    expected = effects.limits(session)
    told = effects.figures(now.part, now, points.current(session), expected)
    found = [
        *_red(session, now, expected),
        *_households(now.part, told, expected),
        *_entities(now.part, told),
        *_parts(now, told),
        *_villages(now),
        *_buildings(session, now),
    ]
    made = [check for check in found if check is not None]
    return [*sorted(made, key=lambda check: check["level"] != "red"), *_green(now.part)]


def _check(
    level: str, code: str, areas: Iterable[str], places: Sequence[Any], count: int | None = None
) -> Check | None:
    codes = sorted(areas)
    if not codes and not places:
        return None
    features = [{"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(place)} for place in places]
    collection = {"type": "FeatureCollection", "features": features}
    return {
        "level": level,
        "code": code,
        "codes": codes,
        "count": count or len(codes) or len(places),
        "places": collection,
    }


def _spots(part: Partition, codes: Iterable[str]) -> list[Any]:
    return [label_point(part.shapes([code])[code]) for code in sorted(codes)]


def _of_areas(level: str, code: str, part: Partition, codes: Iterable[str]) -> Check | None:
    found = list(codes)
    return _check(level, code, found, _spots(part, found))


def _red(session: Session, now: State, expected: Limits) -> list[Check | None]:
    part, town = now.part, {"town_id": scope_of(session).town_id}
    leaves = [code for code in part.rows if code not in part.children]
    unnamed = [code for code in leaves if not part.rows[code].values.get("name")]
    duties = session.execute(_DUTIES, {**town, "today": clock.now().date()}).all()
    there = {*map(tuple, duties), *map(tuple, session.execute(_STAFF, {"plan_id": now.plan_id}))}
    # a town that names nobody at all does not keep this book
    nobody = [
        code
        for code in effects.base_grids(part)
        if duties and any((code, role) not in there for role in expected.grid_duties)
    ]
    outdated = session.execute(_OUTDATED, {**town, "moment": now.base.moment}).scalars().all()
    return [
        _of_areas("red", "unnamed", part, unnamed),
        _of_areas("red", "nobody", part, nobody),
        _check("red", "outdated", outdated, []),
    ]


def _households(part: Partition, told: Mapping[str, Figures], expected: Limits) -> list[Check | None]:
    few, many = [], []
    for code in effects.base_grids(part):
        row = part.rows[code]
        above = part.rows[row.parent].values.get("kind") if row.parent and row.parent in part.rows else None
        bounds = expected.households(row.values.get("kind"), above)
        if bounds is not None:
            few += [code] if told[code]["households"] < bounds[0] else []
            many += [code] if told[code]["households"] > bounds[1] else []
    return [_of_areas("amber", "households_few", part, few), _of_areas("amber", "households_many", part, many)]


def _entities(part: Partition, told: Mapping[str, Figures]) -> list[Check | None]:
    grids = effects.base_grids(part)
    mean = float(np.mean([told[code]["entities"] for code in grids])) if grids else 0.0
    return [
        _of_areas(
            "amber",
            "entities_many",
            part,
            [code for code in grids if told[code]["entities"] > mean * rules.MANY_ENTITIES],
        )
    ]


def _parts(now: State, told: Mapping[str, Figures]) -> list[Check | None]:
    base = now.base.part
    torn = [
        code for code in now.part.rows
        if code not in now.part.children and told[code]["parts"] > 1
        and (code not in base.rows or len(shapely.get_parts(base.shapes([code])[code])) == 1)
    ]  # fmt: skip
    return [_of_areas("amber", "parts", now.part, torn)]


def _lines(now: State, ranks: Iterable[str]) -> list[Any]:
    wanted = set(ranks)
    return [
        shapely.LineString(from_integers(arc.points))
        for arc in now.arcs.values()
        if not arc.is_today and arc.rank in wanted
    ]


def _villages(now: State) -> list[Check | None]:
    moved = [
        code for code in reading.different(now.base.part, now.part)
        if code in now.base.part.rows and now.part.rows[code].values["level"] == "village"
        and not shapely.equals(now.part.shapes([code])[code], now.base.part.shapes([code])[code])
    ]  # fmt: skip
    return [_check("amber", "village_border", moved, _lines(now, ("village",)))] if moved else []


def _buildings(session: Session, now: State) -> list[Check | None]:
    drawn = _lines(now, ("grid", "village"))
    if not drawn:
        return []
    params = {"town_id": scope_of(session).town_id, "lines": [shapely.to_wkb(line) for line in drawn]}
    cut = [shapely.from_wkb(bytes(wkb)) for wkb in session.execute(_CUT, params).scalars()]
    return [_check("amber", "buildings", [], cut)]


def _green(part: Partition) -> list[Check]:
    """What no operation can break (gis.partition): it is said because people ask."""
    leaves = sum(code not in part.children for code in part.rows)
    empty = {"type": "FeatureCollection", "features": []}
    holds = ("no_gap", "no_overlap", "in_one_village")
    return [{"level": "green", "code": code, "codes": [], "count": leaves, "places": empty} for code in holds]
