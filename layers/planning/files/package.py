"""A plan as layers of a GeoPackage: areas with their figures, borders, what is handed over, today's borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from data import audit
from data.scope import scope_of
from gis.lattice import from_integers
from gis.partition import Partition
from layers.planning import effects, impact, lineage, plans
from layers.planning.arcs import Arc
from layers.planning.files import courses
from layers.planning.impact import Change
from layers.planning.reading import different
from layers.planning.state import STATES, State

FIGURES = ("households", "entities", "incidents_90d", "open_incidents", "hours_week", "area_m2", "compactness")
# What lies along a border that was drawn beside the lattice is nothing that changes hands.
_LEAST_M2 = 1.0


@dataclass(frozen=True)
class Package:
    """Layers by name, in EPSG:4490, of a plan at a version."""

    version: int
    layers: dict[str, gpd.GeoDataFrame]


def package(session: Session, plan_id: UUID) -> Package:
    """Return a plan as layers. Needs ``export`` beside ``plan`` or ``review_plan``; is written to the record.

    The layer ``areas`` comes back by `layers.planning.files.drafting` without a change.

    Raises
    ------
    NotFound
        ``plan.not_found``.
    Forbidden
        ``scope.forbidden``.
    """
    scope_of(session).require("export")
    plan = plans.require(session, plan_id)
    state = STATES.get(session, plan, plan.version)
    what = impact.change(session, state)
    start = STATES.get(session, plan, 0)
    layers = {
        "areas": _areas(session, state, what),
        "borders": _borders(state),
        "handed_over": handed_over(state, what),
        "borders_today": _borders(start),
    }
    audit.record(session, "plan.export", "plan", plan_id, detail={name: len(frame) for name, frame in layers.items()})
    return Package(plan.version, layers)


def _areas(session: Session, state: State, what: Change) -> gpd.GeoDataFrame:
    part, base = state.part, state.base.part
    today, draft = effects.both(session, state)
    changed = set(different(base, part))
    rows = []
    for code in part.tree.code:
        values = part.rows[code].values
        words = {name: values.get(name) for name in ("name", "name_en", "level", "kind", "parent")}
        figures = {
            f"{name}{suffix}": told.get(code, {}).get(name)
            for name in FIGURES
            for suffix, told in (("_today", today), ("", draft))
        }
        rows.append(
            {
                "code": code, **words, "published_as": lineage.renumbered(code, what.names),
                "is_leaf": code not in part.children, "is_new": code not in base.rows,
                "is_changed": code in changed and code in base.rows, **figures,
            }
        )  # fmt: skip
    shapes = part.shapes(part.tree.code)
    return _frame(rows, [shapes[code] for code in part.tree.code])


def _frame(rows: list[dict[str, Any]], shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=gpd.GeoSeries(shapes, crs=4490))


def _borders(state: State) -> gpd.GeoDataFrame:
    arcs: list[Arc] = list(state.arcs.values())
    today = courses.as_today(state)
    rows = [{"left": arc.left, "right": arc.right, "rank": arc.rank, "is_today": arc.id in today} for arc in arcs]
    return _frame(rows, [shapely.LineString(from_integers(arc.points)) for arc in arcs])


def handed_over(state: State, what: Change) -> gpd.GeoDataFrame:
    """Return the pieces that go from one leaf to another: from, to (code it is published with), names, m²."""
    old, new = state.base.part, state.part
    rows, shapes = [], []
    for share in what.shares:
        code = lineage.renumbered(share.new, what.names)
        if code == share.old or share.area_m2 < _LEAST_M2:
            continue
        piece = _areal(shapely.intersection(new.shapes([share.new])[share.new], old.shapes([share.old])[share.old]))
        names = {"from_name": _name(old, share.old), "to_name": _name(new, share.new)}
        rows.append({"from_code": share.old, "to_code": code, **names, "area_m2": round(share.area_m2, 1)})
        shapes.append(piece)
    if not rows:
        return _frame([], []).assign(from_code=[], to_code=[], from_name=[], to_name=[], area_m2=[])
    return _frame(rows, shapes)


def _name(part: Partition, code: str) -> str | None:
    return part.rows[code].values.get("name")


def _areal(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Return the polygons of a shape: of an intersection lines and points may come along."""
    return shapely.MultiPolygon([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])
