"""Proposals for the grids of an area: blocks between roads and water put together, several to choose from, beside today."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.errors import Invalid
from data.scope import scope_of
from gis import proposing
from gis.errors import GisError
from gis.locate import AreaIndex
from gis.partition.blocks import Blocks, blocks
from gis.proposing import Proposal, Units, Weights
from layers.planning import effects, plans, points
from layers.planning.asked import Proposing
from layers.planning.state import STATES, State

# Smaller pieces between two roads are no units of their own.
LEAST_BLOCK_M2 = 3_000.0
# Beyond so many units a search would hold up whoever waits: refused.
MOST_UNITS = 4_000

_LINES = text("""
    select st_asbinary(geom) from road where town_id = :town_id and geom && st_geomfromwkb(:around, 4490)
    union all
    select st_asbinary(geom) from base_feature
    where town_id = :town_id and theme = 'water' and geom && st_geomfromwkb(:around, 4490) and not st_geometrytype(geom) = 'ST_Point'
""")
_PLATES = text("""
    select st_x(geom) as x, st_y(geom) as y, households, coalesce(natural_village, '') as place from address
    where town_id = :town_id and geom && st_geomfromwkb(:around, 4490)
""")


def proposed(session: Session, plan_id: UUID, given: Proposing) -> dict[str, Any]:
    """Return proposals for one area of a draft, and what it is like in the draft now. Changes nothing.

    Each proposal has its figures, its grids as GeoJSON (EPSG:4490), and the operation that draws it.

    Raises
    ------
    NotFound
        ``plan.not_found``.
    Invalid
        ``proposal.area``: it has no grids of its own; ``proposal.count`` ``.load`` ``.unit`` ``.too_many``: why nothing can be found.
    """
    points.require_town(session)
    plan = plans.require(session, plan_id)
    now, base = STATES.get(session, plan, plan.version), STATES.get(session, plan, 0)
    kept, divided = _exclusive(now, given.area), _divided(session, now, base, given.area)
    count = given.count or len(divided.leaves)
    bounds = _bounds(session, now, given)
    weights = Weights(**given.weights.model_dump())
    aims = proposing.variants(weights)
    try:
        found = _best(
            divided.units,
            {name: proposing.propose(divided.units, count, one, bounds, seed=given.seed) for name, one in aims.items()},
            aims,
            bounds,
        )
    except GisError as fault:
        raise Invalid(fault.code, str(fault), **_placed(fault.detail, divided)) from fault
    before = divided if now.version == 0 else _divided(session, base, base, given.area)
    drawn = _Drawn(divided, given.area, kept)
    return {
        "version": now.version,
        "area": given.area,
        "units": len(divided.units),
        "places": divided.places,
        "bounds": [one if np.isfinite(one) else None for one in bounds],
        "today": before.figures(weights, bounds),
        "draft": divided.figures(weights, bounds),
        "proposals": [{"name": name, **_figures(one), **drawn.told(one)} for name, one in _distinct(found).items()],
    }


def units(session: Session, plan_id: UUID, area: str) -> dict[str, Any]:
    """Return the blocks of an area of a draft as GeoJSON (EPSG:4490): leaf, households and natural village of each.

    Raises
    ------
    NotFound
        ``plan.not_found``.
    Invalid
        ``proposal.area`` ``.too_many``.
    """
    points.require_town(session)
    plan = plans.require(session, plan_id)
    now = STATES.get(session, plan, plan.version)
    if area not in now.part.children:
        raise Invalid("proposal.area", f"{area[:80]} has no grids of its own", fields={"area": "no grids"})
    made = _blocks(session, now, area)
    found, places = _units(session, now, None, made, [])
    assert found.together is not None
    features = []
    for k, shape in enumerate(made.shapes):
        place = places[found.together[k]] if found.together[k] >= 0 else None
        told = {"leaf": made.leaf[k], "households": int(found.load[k]), "natural_village": place}
        features.append(
            {"type": "Feature", "id": k, "properties": told, "geometry": json.loads(shapely.to_geojson(shape))}
        )
    return {"type": "FeatureCollection", "version": now.version, "features": features}


@dataclass(frozen=True)
class _Divided:
    """An area as units: ``leaf`` is the number of the grid that each is in, among ``leaves``; ``free`` those of ordinary grids."""

    made: Blocks
    units: Units
    leaves: list[str]
    leaf: NDArray[np.int64]
    free: NDArray[np.bool_]
    places: int

    def figures(self, weights: Weights, bounds: tuple[float, float]) -> dict[str, Any]:
        """Return what the area is like as it is."""
        return _figures(proposing.measured(self.units, self.leaf, len(self.leaves), weights, bounds))


def _divided(session: Session, state: State, base: State, area: str) -> _Divided:
    """Return the units of an area at a version; what a proposal is to stay close to is today's grid of each."""
    leaves = _leaves(state, area)
    made = _blocks(session, state, area)
    # blocks of exclusive grids are in none of those that are drawn
    leaf = np.array([leaves.index(code) if code in leaves else -1 for code in made.leaf], np.int64)
    whole, places = _units(session, state, base, made, leaves)
    free = leaf >= 0
    return _Divided(made, proposing.among(whole, free), leaves, leaf[free], free, len(places))


def _placed(detail: dict[str, Any], divided: _Divided) -> dict[str, Any]:
    """Return why there is no proposal, with the units concerned as GeoJSON (EPSG:4490)."""
    if not isinstance(detail.get("units"), list):
        return detail
    shapes = divided.made.shapes[divided.free][detail["units"]]
    found = [{"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(one))} for one in shapes]
    return {**detail, "units": len(found), "places": {"type": "FeatureCollection", "features": found}}


def _leaves(now: State, area: str) -> list[str]:
    """Return the grids of an area that are to be drawn anew: its ordinary ones, else all."""
    below = now.part.children.get(area, ())
    if not below or any(code in now.part.children for code in below):
        raise Invalid(
            "proposal.area", f"{area[:80]} has no grids of its own to be drawn anew", fields={"area": "no grids"}
        )
    ordinary = set(effects.base_grids(now.part))
    return [code for code in below if code in ordinary] or list(below)


def _exclusive(now: State, area: str) -> list[str]:
    """Return the grids of an area that stay as they are."""
    drawn = _leaves(now, area)
    return [code for code in now.part.children[area] if code not in drawn]


def _blocks(session: Session, now: State, area: str) -> Blocks:
    around = shapely.to_wkb(shapely.box(*now.part.shapes([area])[area].bounds))
    params = {"town_id": scope_of(session).town_id, "around": around}
    lines = [shapely.from_wkb(bytes(wkb)) for wkb in session.execute(_LINES, params).scalars()]
    made = blocks(
        now.part,
        area,
        [shape for line in lines for shape in shapely.get_parts(line)],
        now.base.metric_crs,
        LEAST_BLOCK_M2,
    )
    if len(made) > MOST_UNITS:
        raise Invalid("proposal.too_many", f"{len(made)} blocks are more than {MOST_UNITS}: propose for a smaller area")
    return made


def _units(
    session: Session, now: State, base: State | None, made: Blocks, leaves: list[str]
) -> tuple[Units, list[str]]:
    """Return the blocks as units with their households, and the names of the natural villages they belong to."""
    frame = gpd.GeoDataFrame(
        {"code": [f"{k:06d}" for k in range(len(made))]}, geometry=list(made.shapes), crs="EPSG:4490"
    )
    around = shapely.to_wkb(shapely.box(*frame.total_bounds))
    rows = session.execute(_PLATES, {"town_id": scope_of(session).town_id, "around": around}).all()
    x, y, households = (np.array([row[k] for row in rows], np.float64) for k in range(3))
    at = AreaIndex(frame).locate(x, y).astype(np.int64)
    load = np.bincount(at[at >= 0], households[at >= 0], len(made)).astype(float)
    metric = now.base.measure.project(made.shapes)
    together, names = _most(at, [str(row.place) for row in rows], np.maximum(households, 0.5), len(made))
    today = np.full(len(made), -1, np.int64)
    if base is not None:
        before, codes = _before(base, made, x, y, at, households)
        today = np.array([leaves.index(codes[k]) if k >= 0 and codes[k] in leaves else -1 for k in before], np.int64)
    middle = np.column_stack([shapely.get_x(shapely.centroid(metric)), shapely.get_y(shapely.centroid(metric))])
    return Units(load, shapely.area(metric), made.outer_m, made.beside, made.length_m, middle, together, today), names


def _before(
    base: State, made: Blocks, x: NDArray[np.float64], y: NDArray[np.float64], at: NDArray[np.int64],
    households: NDArray[np.float64],
) -> tuple[NDArray[np.int64], list[str]]:  # fmt: skip
    """Return the leaf of today of each unit: that of most of its households, else of a point inside it."""
    around = shapely.box(*shapely.total_bounds(made.shapes))
    near = {code: one for code, one in base.part.shapes(base.part.leaves).items() if one.intersects(around)}
    codes, index = list(near), AreaIndex(gpd.GeoSeries(list(near.values()), crs="EPSG:4490"))
    inner = shapely.point_on_surface(made.shapes)
    unit = np.concatenate([at, np.arange(len(made))])
    leaf = index.locate(np.concatenate([x, shapely.get_x(inner)]), np.concatenate([y, shapely.get_y(inner)]))
    # a point inside counts where nobody lives
    weight = np.concatenate([households, np.full(len(made), 1e-6)])
    return _most(unit, [codes[k] if k >= 0 else "" for k in leaf], weight, len(made), codes)


def _most(
    at: NDArray[np.int64], names: list[str], weight: NDArray[np.float64], count: int, known: list[str] | None = None
) -> tuple[NDArray[np.int64], list[str]]:
    """Return for each unit the number of the name with most of its households, −1 for none, and the names."""
    held: list[Counter[str]] = [Counter() for _ in range(count)]
    for unit, name, households in zip(at.tolist(), names, weight.tolist(), strict=True):
        if unit >= 0 and name:
            held[unit][name] += households
    known = sorted({name for one in held for name in one}) if known is None else known
    number = {name: k for k, name in enumerate(known)}
    most = [one.most_common(1)[0][0] if one else None for one in held]
    return np.array([-1 if name is None else number[name] for name in most], np.int64), known


def _bounds(session: Session, now: State, given: Proposing) -> tuple[float, float]:
    expected = effects.limits(session).households("grid", now.part.rows[given.area].values.get("kind")) or (0, np.inf)
    low = expected[0] if given.least is None else given.least
    high = expected[1] if given.most is None else given.most
    if low > high:
        raise Invalid(
            "proposal.bounds", "the fewest households are more than the most", fields={"least": "more than most"}
        )
    return float(low), float(high)


def _best(
    units: Units, found: dict[str, Proposal], aims: dict[str, Weights], bounds: tuple[float, float]
) -> dict[str, Proposal]:
    """Return for each aim the best of all plans that were found: another search may have come farther."""
    best = {}
    for name, weights in aims.items():
        seen = [proposing.measured(units, one.grid, len(one.load), weights, bounds) for one in found.values()]
        best[name] = min(seen, key=lambda one: (len(one.outside), one.cost))
    return best


def _distinct(found: dict[str, Proposal]) -> dict[str, Proposal]:
    """Leave out what is the same plan under another name."""
    seen: set[bytes] = set()
    kept = {}
    for name, one in found.items():
        if one.grid.tobytes() not in seen:
            seen.add(one.grid.tobytes())
            kept[name] = one
    return kept


def _figures(one: Proposal) -> dict[str, Any]:
    moved = None if np.isnan(one.moved) else round(one.moved, 4)
    return {
        "households": [int(load) for load in one.load], "spread": round(one.spread, 4),
        "difference": int(one.load.max() - one.load.min()), "border_m": round(one.cut_m), "compactness": round(one.compactness, 4),
        "split": one.split, "moved": moved, "outside": len(one.outside),
    }  # fmt: skip


@dataclass(frozen=True)
class _Drawn:
    """How a plan of units is drawn: free blocks go to grids, the others stay in the exclusive leaves ``kept``."""

    divided: _Divided
    area: str
    kept: list[str]

    def told(self, one: Proposal) -> dict[str, Any]:
        """Return the grids as GeoJSON, and the operation that makes them: None where it is what is there."""
        made, known, count = self.divided.made, self.divided.leaves, len(one.load)
        is_same = count == len(known) and np.array_equal(one.grid, self.divided.leaf)
        codes: list[str | None] = [known[k] if k < len(known) else None for k in range(count)]
        grid = np.full(len(made), -1, np.int64)
        grid[self.divided.free] = one.grid
        for n, code in enumerate(self.kept):
            grid[[leaf == code for leaf in made.leaf]] = count + n
        names: list[tuple[str, dict[str, Any]]] = [(code or "", {}) for code in [*codes, *self.kept]]
        features, leaves = [], []
        for k, (_, polygons, _) in enumerate(made.redraw(self.area, grid, names).leaves):
            given = [*codes, *self.kept][k]
            leaves.append({"polygons": polygons, "values": {}, **({"code": given} if given else {})})
            if k < count:
                shape = shapely.MultiPolygon([(rings[0], rings[1:]) for rings in polygons])
                properties = {"code": given, "households": int(one.load[k]), "outside": k in one.outside}
                geometry = json.loads(shapely.to_geojson(shape))
                features.append({"type": "Feature", "properties": properties, "geometry": geometry})
        operation = {"kind": "redraw", "area": self.area, "leaves": leaves, "width_m": 0.0}
        return {
            "grids": {"type": "FeatureCollection", "features": features},
            "operation": None if is_same else operation,
        }
