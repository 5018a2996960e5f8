"""A plan as it goes on one sheet of paper: the map in metres, the grids with their figures, what follows what, who decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from data import clock
from data.scope import scope_of
from gis.partition import Partition
from layers.area import queries as area_queries
from layers.area.service import label_point
from layers.planning import effects, impact, plans, points, publishing, queries
from layers.planning.files import courses
from layers.planning.files.package import handed_over
from layers.planning.reading import different
from layers.planning.state import STATES, State

FIGURES = ("households", "entities", "open_incidents", "area_m2")
# A leaf whose shape differs by less has a vertex more on a straight border, and is as it was.
_SAME_M2 = 1.0
# Beyond this share of the town the whole of it is shown.
_MOST_OF_TOWN = 0.6
_AROUND = 0.08
_TOUCH_M = 0.01
_ROADS = text("""
    select class, st_asbinary(geom) as wkb from road where town_id = :town_id and geom && st_geomfromwkb(:around, 4490)
""")
_WATER = text("""
    select name, name_en, st_asbinary(geom) as wkb from base_feature
    where town_id = :town_id and theme = 'water' and geom && st_geomfromwkb(:around, 4490) and st_dimension(geom) > 0
""")


@dataclass(frozen=True)
class Area:
    """An area of the plan; ``shape`` in metres, ``spot`` where its name is written and ``room_m`` the radius of a circle there."""

    code: str
    name: str
    name_en: str | None
    level: str
    is_leaf: bool
    is_new: bool
    is_changed: bool
    is_about: bool
    shape: shapely.Geometry
    spot: shapely.Point
    room_m: float
    figures: dict[str, list[float | None]]


@dataclass(frozen=True)
class Border:
    """A border of the plan in metres; ``is_new``: it does not run where one runs today."""

    rank: str
    is_new: bool
    line: shapely.Geometry


@dataclass(frozen=True)
class SheetMap:
    """What is drawn, in metres of the town's own system.

    ``extent``: west, south, east, north of what the plan is about. ``north_deg``: how far true north lies to the right of up.
    """

    crs: str
    extent: tuple[float, float, float, float]
    town: shapely.Geometry
    north_deg: float
    areas: list[Area]
    borders: list[Border]
    gone: list[shapely.Geometry]
    handed: list[shapely.Geometry]
    roads: list[tuple[str, shapely.Geometry]]
    water: list[tuple[str | None, str | None, shapely.Geometry]]


def sheet(session: Session, plan_id: UUID) -> dict[str, Any]:
    """Return what the sheet of a plan says. Needs ``plan`` or ``review_plan``, and the whole town in reach.

    Returns
    -------
    dict
        ``map`` (`SheetMap`), ``plan``, ``grids`` (rows of the table, by village), ``succession``, ``approval`` (审图号, empty where the
        town has none), times on the town's clock.

    Raises
    ------
    NotFound
        ``plan.not_found``.
    """
    points.require_town(session)
    plan = plans.require(session, plan_id)
    state = STATES.get(session, plan, plan.version)
    town = session.execute(area_queries.TOWN, {"town_id": scope_of(session).town_id}).one()
    what = impact.change(session, state)
    drawn = _map(session, state, STATES.get(session, plan, 0), what)
    names = {code: row.values.get("name") for part in (state.base.part, state.part) for code, row in part.rows.items()}
    finals = {what.names.get(code, code): names[code] for code in what.names}
    return {
        "plan": _told(session, plan, ZoneInfo(town.timezone)),
        "map": drawn,
        "grids": _grids(drawn.areas, state.part),
        "succession": [
            {**row, "old_name": names.get(row["old_code"]), "new_name": finals.get(row["new_code"], names.get(row["new_code"]))}
            for row in publishing.succession(session, what)
        ],
        "approval": effects.limits(session).map_approval,
        "printed_at": _local(clock.now(), ZoneInfo(town.timezone)),
    }  # fmt: skip


def _told(session: Session, plan: Row, zone: ZoneInfo) -> dict[str, Any]:
    people = session.execute(queries.EDITORS, {"plan_id": plan.plan_id}).mappings().all()
    drawn_at = max((one["at"] for one in people), default=plan.created_at)
    return {
        "id": str(plan.plan_id), "name": plan.name, "state": plan.state, "version": plan.version, "based_on": _local(plan.based_on, zone),
        "drawn_by": [one["user"] or "" for one in people] or [plan.created_by_name or ""], "drawn_at": _local(drawn_at, zone),
        "submitted_by": plan.submitted_by_name, "submitted_at": _local(plan.submitted_at, zone),
        "approved_by": plan.approved_by_name, "approved_at": _local(plan.approved_at, zone),
        "published_by": plan.published_by_name, "published_at": _local(plan.published_at or plan.publish_at, zone),
    }  # fmt: skip


def _local(at: datetime | None, zone: ZoneInfo) -> str | None:
    return None if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _map(session: Session, state: State, start: State, what: impact.Change) -> SheetMap:
    project = state.base.measure.project
    changed = _changed(state)
    about = _about(state, changed)
    told = _figures(session, state)
    areas = [_area(state, code, changed, about, told) for code in state.part.tree.code]
    root = next(code for code, row in state.part.rows.items() if row.parent is None)
    town = next(area.shape for area in areas if area.code == root)
    extent = _extent(state, about, town)
    west, south, east, north = extent
    margin = _AROUND * max(east - west, north - south) * 4
    around = state.base.measure.unproject(shapely.box(west - margin, south - margin, east + margin, north + margin))
    params = {"town_id": scope_of(session).town_id, "around": shapely.to_wkb(shapely.box(*around.bounds))}
    handed = handed_over(state, what)
    return SheetMap(
        state.base.metric_crs, extent, town, _north_deg(state, extent), areas,
        _borders(state, start),
        _gone(state, start),
        [project(shape) for shape in handed.geometry if shape is not None and not shape.is_empty],
        [(row["class"], project(shapely.from_wkb(bytes(row["wkb"])))) for row in session.execute(_ROADS, params).mappings()],
        [
            (row["name"], row["name_en"], project(shapely.from_wkb(bytes(row["wkb"]))))
            for row in session.execute(_WATER, params).mappings()
        ],
    )  # fmt: skip


def _changed(state: State) -> set[str]:
    """Return the leaves that are new, called otherwise, or of another shape."""
    old, new = state.base.part, state.part
    found = set()
    for code in different(old, new):
        if code in new.children:
            continue
        if code not in old.rows or dict(old.rows[code].values) != dict(new.rows[code].values):
            found.add(code)
            continue
        both = [state.base.measure.project(part.shapes([code])[code]) for part in (old, new)]
        if shapely.symmetric_difference(*both).area > _SAME_M2:
            found.add(code)
    return found


def _about(state: State, changed: set[str]) -> set[str]:
    """Return the leaves that the sheet is about: those of every village that changes; all where nothing or nearly all does."""
    old, new = state.base.part, state.part
    gone = {code for code in old.rows if code not in new.rows and code not in old.children}
    parents = {new.rows[code].parent for code in changed} | {
        old.rows[code].parent for code in gone | (changed & set(old.rows))
    }
    villages = {code for code in parents if code and code in new.rows and new.rows[code].parent is not None}
    leaves = {code for code in new.rows if code not in new.children}
    found = changed | {code for code in leaves if new.rows[code].parent in villages}
    whole = sum(_m2(state, new, code) for code in leaves)
    return leaves if not found or sum(_m2(state, new, code) for code in found) > _MOST_OF_TOWN * whole else found


def _m2(state: State, part: Partition, code: str) -> float:
    return float(state.base.measure.project(part.shapes([code])[code]).area)


def _figures(session: Session, state: State) -> dict[str, dict[str, list[float | None]]]:
    today, draft = effects.both(session, state)
    return {
        code: {name: [today.get(code, {}).get(name), draft[code][name]] for name in FIGURES} for code in state.part.rows
    }


def _area(
    state: State, code: str, changed: set[str], about: set[str], told: dict[str, dict[str, list[float | None]]]
) -> Area:
    part, project = state.part, state.base.measure.project
    values, shape = part.rows[code].values, part.shapes([code])[code]
    metric, spot = project(shape), project(label_point(shape))
    return Area(
        code, values.get("name") or code[-3:], values.get("name_en"), values["level"], code not in part.children,
        code not in state.base.part.rows, code in changed, code in about, metric, spot,
        float(shapely.distance(spot, metric.boundary)), told[code],
    )  # fmt: skip


def _extent(state: State, about: set[str], town: shapely.Geometry) -> tuple[float, float, float, float]:
    project = state.base.measure.project
    shapes = [project(state.part.shapes([code])[code]) for code in about]
    west, south, east, north = shapely.total_bounds(shapes or [town]).tolist()
    return west, south, east, north


def _borders(state: State, start: State) -> list[Border]:
    """Return the borders, each divided into what runs where one runs today and what does not."""
    same = courses.as_today(state)
    today = shapely.union_all(courses.lines(state, start.arcs.values()))
    found = []
    arcs = list(state.arcs.values())
    for arc, line in zip(arcs, courses.lines(state, arcs), strict=True):
        fresh = None if arc.id in same else courses.elsewhere(line, today)
        rest = line if fresh is None else shapely.difference(line, fresh.buffer(_TOUCH_M))
        found += [Border(arc.rank, is_new, one) for is_new, one in ((True, fresh), (False, rest)) if one is not None]
    return [border for border in found if not border.line.is_empty]


def _gone(state: State, start: State) -> list[shapely.Geometry]:
    """Return today's borders, where no border runs any more."""
    now = shapely.union_all(courses.lines(state, state.arcs.values()))
    old = courses.lines(start, [arc for arc_id, arc in start.arcs.items() if arc_id not in state.arcs])
    found = [courses.elsewhere(line, now) for line in old]
    return [line for line in found if not line.is_empty]


def _north_deg(state: State, extent: tuple[float, float, float, float]) -> float:
    west, south, east, north = extent
    middle = state.base.measure.unproject(shapely.Point((west + east) / 2, (south + north) / 2))
    up = state.base.measure.project(shapely.Point(middle.x, middle.y + 0.01))
    here = state.base.measure.project(middle)
    return float(np.degrees(np.arctan2(up.x - here.x, up.y - here.y)))


def _grids(areas: list[Area], part: Partition) -> list[dict[str, Any]]:
    """Return the rows of the table: each village with its grids, zones at the end."""
    above = {area.code: area for area in areas}
    groups: dict[str, list[Area]] = {}
    for area in sorted(areas, key=lambda one: one.code):
        if area.is_leaf and area.is_about:
            groups.setdefault(part.rows[area.code].parent or "", []).append(area)
    order = sorted(groups, key=lambda code: (above[code].level != "village" if code in above else True, code))
    return [{"village": above.get(code), "grids": groups[code]} for code in order]
