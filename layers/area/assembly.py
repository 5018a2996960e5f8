"""From areas as a file gives them to areas as the town stores them: one partition, parents from children. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis import partition
from gis.locate import AreaIndex
from gis.partition import Change, Fault, Partition

LEVELS = ("town", "village", "zone", "grid")
COLUMNS = ("level", "code", "name", "name_en", "kind", "parent", "geometry")
DERIVED = "derived"
# Zooms that have a simplified coverage; 99 is the full boundary. A tile takes the nearest zoom at or above its own.
SHAPE_ZOOMS = (8, 9, 10, 11, 12, 13, 14, 15, 16)
FULL_ZOOM = 99
_EQUATOR_M = 40_075_016.68557849
_TILE_PX = 512
_TOLERANCE_PX = 0.75
_PARENTS = {"village": ("town",), "zone": ("town",), "grid": ("village", "town")}
_WORDS = {
    "gap": "nobody covers",
    "overlap": "covered more than once",
    "leaves_parent": "outside its parent",
    "invalid": "not a valid polygon",
    "empty": "nothing is left of it",
    "duplicate_code": "the code comes twice",
    "unknown_parent": "its parent is not there",
}


@dataclass(frozen=True)
class Assembly:
    """Areas of one town as they are to be.

    Attributes
    ----------
    areas : `COLUMNS`; parents whose boundary is not given have no geometry.
    given : codes of areas that came with a boundary.
    """

    areas: gpd.GeoDataFrame
    metric_crs: str
    given: frozenset[str]

    def faults(self) -> list[Fault]:
        """Return every place where the areas do not partition the town; none means they can be published."""
        return partition.faults(self.areas, self.metric_crs)

    def repaired(self, up_to_m: float) -> tuple[Assembly, list[Change]]:
        """Return the assembly with faults up to a width in metres closed, and every change.

        Raises
        ------
        PartitionError : faults that are wider, with their places.
        """
        areas, changes = partition.repair(self.areas, up_to_m, self.metric_crs)
        return Assembly(areas, self.metric_crs, self.given), changes

    @cached_property
    def _partition(self) -> Partition:
        return Partition.from_areas(self.areas)

    @cached_property
    def frame(self) -> gpd.GeoDataFrame:
        """The areas with their final polygons, parents before children, then by code."""
        rows = self._partition.areas()
        rows["geometry"] = shapely.normalize(rows.geometry.to_numpy())
        rank = rows["level"].map(LEVELS.index).rename("rank")
        return rows.loc[pd.concat([rank, rows["code"]], axis=1).sort_values(["rank", "code"]).index].reset_index(
            drop=True
        )

    def simplified(self) -> dict[int, dict[str, shapely.Geometry]]:
        """Return for each zoom the shape of each area in EPSG:3857, simplified as one coverage: no gap at any zoom."""
        south, north = self.frame.total_bounds[[1, 3]]
        pixel_m = _EQUATOR_M * np.cos(np.radians((south + north) / 2)) / _TILE_PX
        tolerances = {zoom: float(pixel_m / 2**zoom * _TOLERANCE_PX) for zoom in SHAPE_ZOOMS} | {FULL_ZOOM: 0.0}
        return {
            zoom: dict(zip(frame["code"], frame.geometry.to_crs(3857).to_numpy(), strict=True))
            for zoom, frame in partition.simplify(self._partition, tolerances, self.metric_crs).items()
        }


def assemble(areas: gpd.GeoDataFrame, town_code: str, town_name: str, metric_crs: str) -> Assembly:
    """Return what areas make together.

    Parameters
    ----------
    areas : all areas of the town with the columns `COLUMNS`; parents by code. Without a row of level `town` its
        boundary is the union of the rest; a parent whose `source` is `derived` counts as not given.
    town_code, town_name : of the town, for a derived boundary. metric_crs : `EPSG:N`, metres, for widths and sizes.
    """
    rows = pd.DataFrame(areas).astype(object)
    if "source" not in rows:
        rows["source"] = None
    if "name_en" not in rows:
        rows["name_en"] = None
    if not (rows["level"] == "town").any():
        rows = pd.concat([_town_row(town_code, town_name), rows], ignore_index=True)
    rows["parent"] = [
        _parent(level, parent, town_code) for level, parent in zip(rows["level"], rows["parent"], strict=True)
    ]
    derived = (rows["source"] == DERIVED) & rows["code"].isin(set(rows["parent"].dropna()))
    rows["geometry"] = [None if hide else shape for hide, shape in zip(derived, rows["geometry"], strict=True)]
    frame = gpd.GeoDataFrame(rows.reset_index(drop=True), geometry="geometry", crs=4490)
    return Assembly(frame, metric_crs, frozenset(frame.loc[frame.geometry.notna(), "code"]))


def _parent(level: str, parent: Any, town_code: str) -> str | None:
    if level == "town":
        return None
    return parent if isinstance(parent, str) and parent else town_code


def _town_row(code: str, name: str) -> pd.DataFrame:
    row = {"level": "town", "code": code, "name": name, "name_en": None, "kind": "town", "parent": None}
    return pd.DataFrame([{**row, "geometry": None, "source": DERIVED}], dtype=object)


def leaf_index(areas: gpd.GeoDataFrame) -> AreaIndex:
    """Return an index of the leaves of areas as given, for checks before anything is stored."""
    leaves = areas[~areas["code"].isin(set(areas["parent"].dropna()))].sort_values("code")
    return AreaIndex(leaves.geometry)


def may_lie_in(level: str, parent: str | None) -> bool:
    """Tell whether an area of a level may lie in one of another level; None for no parent: towns only."""
    return parent is None if level == "town" else parent in _PARENTS.get(level, ())


def missing_parents(areas: pd.DataFrame) -> list[tuple[str, str]]:
    """Return (code, parent) of areas whose parent is none of the areas or of a level it cannot have."""
    levels = dict(zip(areas["code"], areas["level"], strict=True))
    return [
        (code, parent)
        for code, level, parent in zip(areas["code"], areas["level"], areas["parent"], strict=True)
        if isinstance(parent, str) and levels.get(parent) not in _PARENTS.get(level, ())
    ]


def describe(fault: Fault) -> str:
    """Return a fault in one line: what, how large, where, of which areas."""
    size = f"{fault.area_m2:,.1f} m², up to {fault.width_m:.2f} m wide, " if fault.area_m2 else ""
    where = ""
    if fault.geometry is not None:
        point = fault.geometry.representative_point()
        where = f"at {point.x:.6f}, {point.y:.6f} "
    return f"{fault.kind}: {_WORDS[fault.kind]}, {size}{where}({', '.join(fault.codes)})"


def faults_geojson(faults: Iterable[Fault]) -> dict[str, Any]:
    """Return faults as a FeatureCollection: kind, codes, size, where."""
    return partition.geojson(list(faults))


__all__ = [
    "COLUMNS", "DERIVED", "LEVELS", "Assembly", "Change", "Fault", "assemble", "describe", "faults_geojson",
    "leaf_index", "may_lie_in", "missing_parents",
]  # fmt: skip
