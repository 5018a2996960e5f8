"""The areas in force at a moment, as one value that answers for any number of points."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from data.clock import now
from data.scope import scope_of
from gis.locate import AreaIndex
from layers.area import queries
from layers.area.versioned import Versioned


@dataclass(frozen=True)
class Leaf:
    """The leaf of a point, with the village it belongs to (itself, if the village has no grids; None in a zone)."""

    area_id: int
    version_id: int
    code: str
    name: str
    name_en: str | None
    level: str
    village_code: str | None
    village_name: str | None
    village_name_en: str | None


@dataclass(frozen=True)
class TownAreas:
    """Areas of a town at one moment.

    Attributes
    ----------
    frame : GeoDataFrame
        All areas, sorted by code, EPSG:4490; columns of `queries.IN_FORCE`.
    leaves : tuple of Leaf
        Those that are parent of no other, in the order of the rows of `index`.
    metric_crs : str
        `EPSG:N`, metres.
    """

    frame: gpd.GeoDataFrame
    leaves: tuple[Leaf, ...]
    metric_crs: str
    timezone: str
    index: AreaIndex = field(repr=False)

    @cached_property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """West, south, east, north of all areas in degrees; None without areas."""
        if not self.leaves:
            return None
        west, south, east, north = self.frame.total_bounds.tolist()
        return west, south, east, north

    @cached_property
    def ids(self) -> NDArray[np.int64]:
        """`area_id` of each leaf."""
        return np.array([leaf.area_id for leaf in self.leaves], dtype=np.int64)

    @cached_property
    def version_ids(self) -> NDArray[np.int64]:
        """`area_version_id` of each leaf."""
        return np.array([leaf.version_id for leaf in self.leaves], dtype=np.int64)

    def leaf(self, lon: float, lat: float) -> Leaf | None:
        """Return the leaf of a point (EPSG:4490 degrees), None outside; equal to `locate_leaf` of the database."""
        row = int(self.index.locate(lon, lat))
        return None if row < 0 else self.leaves[row]


def build(frame: pd.DataFrame, metric_srid: int, timezone: str) -> TownAreas:
    """Return the value for rows of `queries.IN_FORCE`."""
    shapes = gpd.GeoDataFrame(
        frame.drop(columns="wkb"), geometry=shapely.from_wkb([bytes(wkb) for wkb in frame["wkb"]]), crs=4490
    )
    shapes["parent"] = shapes["parent"].astype(object).where(shapes["parent"].notna(), None)
    parents = set(shapes["parent"].dropna())
    is_leaf = ~shapes["code"].isin(parents)
    by_id = {row.area_id: row for row in shapes.itertuples(index=False)}
    leaves = tuple(_leaf(row, by_id) for row in shapes[is_leaf].itertuples(index=False))
    return TownAreas(shapes, leaves, f"EPSG:{metric_srid}", timezone, AreaIndex(shapes[is_leaf].geometry))


def _leaf(row: Any, by_id: dict[int, Any]) -> Leaf:
    above = by_id.get(row.parent_id)
    village = row if row.level == "village" else above if above is not None and above.level == "village" else None
    return Leaf(
        int(row.area_id), int(row.area_version_id), row.code, row.name, _text(row.name_en), row.level,
        village.code if village else None, village.name if village else None,
        _text(village.name_en) if village else None,
    )  # fmt: skip


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def load(session: Session, moment: datetime) -> TownAreas:
    """Return the areas in force at a moment."""
    town_id = scope_of(session).town_id
    town = session.execute(queries.TOWN, {"town_id": town_id}).one()
    rows = session.execute(queries.IN_FORCE, {"town_id": town_id, "moment": moment})
    frame = pd.DataFrame(rows.mappings().all(), columns=list(rows.keys()))
    return build(frame, town.metric_srid, town.timezone)


def _stamp(session: Session) -> str:
    return session.execute(queries.STAMP, {"town_id": scope_of(session).town_id, "moment": now()}).scalar_one()


CURRENT: Versioned[TownAreas] = Versioned("area", _stamp, lambda session: load(session, now()))


def current(session: Session) -> TownAreas:
    """Return the areas in force now; kept between calls, at most a second old."""
    return CURRENT.get(session)


class History:
    """The areas at any moment of the past, each set loaded once: for imports of many rows with their own times."""

    def __init__(self, session: Session) -> None:
        self._session = session
        found = session.execute(queries.MOMENTS, {"town_id": scope_of(session).town_id}).scalars()
        self._moments = np.array([pd.Timestamp(moment).value for moment in found], dtype=np.int64)
        self._known: dict[int, TownAreas] = {}

    def locate(self, lon: NDArray, lat: NDArray, at: pd.DatetimeIndex) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return `area_id` and `area_version_id` of each point at its moment, −1 where it was in no area.

        Before the first boundary the first one counts, as in `locate_leaf_at`.
        """
        area_ids = np.full(len(lon), -1, dtype=np.int64)
        version_ids = area_ids.copy()
        if not len(self._moments):
            return area_ids, version_ids
        epochs = np.searchsorted(self._moments, at.as_unit("ns").asi8, side="right") - 1
        epochs = np.maximum(epochs, 0)
        for epoch in np.unique(epochs):
            mine = epochs == epoch
            areas = self._areas(int(epoch))
            rows = areas.index.locate(lon[mine], lat[mine])
            inside = rows >= 0
            area_ids[np.flatnonzero(mine)[inside]] = areas.ids[rows[inside]]
            version_ids[np.flatnonzero(mine)[inside]] = areas.version_ids[rows[inside]]
        return area_ids, version_ids

    def _areas(self, epoch: int) -> TownAreas:
        if epoch not in self._known:
            moment = pd.Timestamp(self._moments[epoch], tz="UTC").to_pydatetime()
            self._known[epoch] = load(self._session, moment)
        return self._known[epoch]
