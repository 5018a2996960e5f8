"""Households, entities and incidents as points, kept in the process until they change; and in which leaf each lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from data import clock
from data.errors import Forbidden
from data.scope import scope_of
from gis.locate import AreaIndex
from gis.partition import Partition
from layers.area.versioned import Versioned
from layers.planning.reading import same, touched_by
from layers.planning.rules import RECENT_DAYS
from layers.planning.state import Base, State


@dataclass(frozen=True, eq=False)
class Points:
    """Points in degrees (EPSG:4490) with a weight for each figure they count in."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    weights: dict[str, NDArray[np.float64]] = field(repr=False)


# One statement a source; the columns after x and y are the weights.
_ADDRESSES = text("select st_x(geom) as x, st_y(geom) as y, households from address where town_id = :town_id")
_ENTITIES = text("""
    select st_x(geom) as x, st_y(geom) as y, 1 as entities from market_entity
    where town_id = :town_id and geom is not null and status <> 'closed'
""")
_INCIDENTS = text("""
    select st_x(geom) as x, st_y(geom) as y, (reported_at >= :since)::int as incidents_90d, is_open::int as open_incidents
    from incident where town_id = :town_id and geom is not null and (is_open or reported_at >= :since)
""")
# The version of a layer's tile of the whole world changes with every row of it.
_VERSION = text("select tile_version(:town_id, :layer, 0, 0, 0)")


def _source(name: str, layer: str, statement: Any, recent: bool = False) -> Versioned[Points]:
    def stamp(session: Session) -> str:
        version = session.execute(_VERSION, {"town_id": scope_of(session).town_id, "layer": layer}).scalar_one()
        return f"{version}/{clock.now():%Y-%m-%dT%H}" if recent else str(version)

    def build(session: Session) -> Points:
        since = clock.now() - timedelta(days=RECENT_DAYS)
        params = {"town_id": scope_of(session).town_id, **({"since": since} if recent else {})}
        result = session.execute(statement, params)
        names = list(result.keys())
        columns = np.array(result.all(), np.float64).reshape(-1, len(names)).T
        weights = {name: columns[2 + k] for k, name in enumerate(names[2:])}
        return Points(np.ascontiguousarray(columns[0]), np.ascontiguousarray(columns[1]), weights)

    return Versioned(f"plan {name}", stamp, build)


SOURCES = (
    _source("addresses", "address", _ADDRESSES),
    _source("entities", "market_entity", _ENTITIES),
    _source("incidents", "incident", _INCIDENTS, recent=True),
)


def current(session: Session) -> tuple[Points, ...]:
    """Return the points of the town, at most a second old.

    Raises
    ------
    Forbidden
        ``scope.forbidden``: the scope does not see the whole town, and what it counted would be wrong.
    """
    require_town(session)
    return tuple(source.get(session) for source in SOURCES)


def require_town(session: Session) -> None:
    """Refuse a scope that does not see the whole town: what it counted would be wrong."""
    if not scope_of(session).town_wide:
        raise Forbidden("scope.forbidden", "figures of a plan need the whole town in reach", permission="plan")


def leaf_numbers(part: Partition, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the number of the leaf of each point (EPSG:4490), −1 for none."""
    return _among(part, _leaves(part), lon, lat)


def located(state: State | Base, points: Points) -> NDArray[np.int64]:
    """Return the number of the leaf of each point in a state, −1 for none: touching counts, the lowest code wins.

    From the nearest state before that knows, only the points of the leaves touched since, and of those beside them, are
    looked up again.
    """
    known: NDArray[np.int64] | None = state.located.get(points)
    if known is None:
        before = state.before()
        while before is not None and points not in before.located:
            before = before.before()
        state.located[points] = known = (
            leaf_numbers(state.part, points.lon, points.lat) if before is None else _moved(before, state, points)
        )
    return known


def _leaves(part: Partition) -> list[str]:
    return [code for code in part.rows if code not in part.children]


def _among(part: Partition, codes: Iterable[str], lon: NDArray, lat: NDArray) -> NDArray[np.int64]:
    """Return the number of the leaf of each point among some leaves."""
    ordered = sorted(codes)
    number = {code: k for k, code in enumerate(part.leaves)}
    shapes = part.shapes(ordered)
    rows = AreaIndex(gpd.GeoSeries([shapes[code] for code in ordered], crs=4490)).locate(lon, lat)
    return np.append(np.array([number[code] for code in ordered], np.int64), -1)[rows]


def _moved(before: State | Base, state: State | Base, points: Points) -> NDArray[np.int64]:
    part, found = state.part, before.located[points].copy()
    touched = touched_by(part.history[len(before.part.history) :])
    leaves = _leaves(part)
    shapes = part.shapes(leaves)
    touched = {code for code in touched if not same(before.part, part, code)}
    changed = [shapes[code] for code in leaves if code in touched]
    if not changed:
        return found
    # whoever touches a changed leaf, in a corner too, may give up or get points on its border
    beside = {leaves[k] for k in shapely.STRtree([shapes[code] for code in leaves]).query(changed, "intersects")[1]}
    number = {code: k for k, code in enumerate(part.leaves)}
    again = np.isin(found, [number[code] for code in beside | touched if code in number])
    found[again] = _among(part, beside, points.lon[again], points.lat[again])
    return found
