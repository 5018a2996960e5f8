"""From areas as a file gives them to areas as the town stores them: one coverage, parents made of their children. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gis.locate import AreaIndex
from layers.area.overlay import NOISE_M, Change, Claim, Fault, Overlay, merged, overlay

LEVELS = ("town", "village", "zone", "grid")
COLUMNS = ("level", "code", "name", "name_en", "kind", "parent", "geometry")
DERIVED = "derived"
# Zooms that have a simplified coverage; 99 is the full boundary. A tile takes the nearest zoom at or above its own.
SHAPE_ZOOMS = (8, 9, 10, 11, 12, 13, 14, 15, 16)
FULL_ZOOM = 99
_EQUATOR_M = 40_075_016.68557849
_TILE_PX = 512
_TOLERANCE_PX = 0.75


@dataclass(frozen=True)
class Assembly:
    """Areas of one town, laid over each other.

    Attributes
    ----------
    areas : rows as given (`COLUMNS`), with a town if none was given.
    """

    areas: gpd.GeoDataFrame
    overlay: Overlay
    given: frozenset[str]

    def faults(self) -> list[Fault]:
        """Return every place where the areas do not partition the town; none means they can be published."""
        return self.overlay.faults()

    def repaired(self, up_to_m: float) -> tuple[Assembly, list[Change]]:
        """Return the assembly with faults up to a width in metres closed, and every change."""
        mended, changes = self.overlay.repaired(up_to_m)
        return Assembly(self.areas, mended, self.given), changes

    @cached_property
    def shapes(self) -> dict[str, shapely.MultiPolygon]:
        """The polygon of each area: leaves from faces, parents from their leaves."""
        shapes = self.overlay.areas()
        children = _children(self.areas)
        for code in _bottom_up(self.areas):
            if code in children:
                parts = [shapes[child] for child in children[code] if child in shapes]
                if parts:
                    shapes[code] = merged([polygon for part in parts for polygon in part.geoms])
        return shapes

    def vanished(self) -> list[str]:
        """Return codes of areas of which nothing is left."""
        return [code for code in self.areas["code"] if code not in self.shapes]

    def frame(self) -> gpd.GeoDataFrame:
        """Return the areas with their final polygons, parents before children, then by code."""
        rows = self.areas.copy()
        rows["geometry"] = [self.shapes.get(code) for code in rows["code"]]
        rows["rank"] = [LEVELS.index(level) for level in rows["level"]]
        rows = rows[rows["geometry"].notna()].sort_values(["rank", "code"], kind="stable").drop(columns="rank")
        return gpd.GeoDataFrame(rows.reset_index(drop=True), geometry="geometry", crs=4490)

    def simplified(self) -> dict[int, dict[str, shapely.MultiPolygon]]:
        """Return for each zoom the shape of each area in EPSG:3857, simplified as one coverage: no gap at any zoom."""
        children = _children(self.areas)
        leaves = [code for code in self.areas["code"] if code not in children and code in self.shapes]
        full = gpd.GeoSeries([self.shapes[code] for code in leaves], crs=4490).to_crs(3857).to_numpy()
        out: dict[int, dict[str, shapely.MultiPolygon]] = {}
        for zoom in (*SHAPE_ZOOMS, FULL_ZOOM):
            coarse = full
            if zoom != FULL_ZOOM:
                coarse = shapely.coverage_simplify(full, _EQUATOR_M / 2**zoom / _TILE_PX * _TOLERANCE_PX)
            shapes = {code: _multi(shape) for code, shape in zip(leaves, coarse, strict=True)}
            for code in _bottom_up(self.areas):
                parts = [shapes[child] for child in children.get(code, ()) if child in shapes]
                if parts:
                    shapes[code] = merged([polygon for part in parts for polygon in part.geoms])
            out[zoom] = {code: shape for code, shape in shapes.items() if not shape.is_empty}
        return out


def assemble(areas: gpd.GeoDataFrame, town_code: str, town_name: str, metric_crs: str) -> Assembly:
    """Lay areas over each other and return what they make.

    Parameters
    ----------
    areas : all areas of the town with the columns `COLUMNS`; parents by code. Without a row of level `town` its boundary
        is the union of the rest; a row whose `source` is `derived` counts as not given.
    town_code, town_name : of the town, for a derived boundary.
    metric_crs : `EPSG:N`, metres.

    Notes
    -----
    Rounding to the lattice is closed without asking (`NOISE_M`); everything wider shows in `faults`.
    """
    rows = pd.DataFrame(areas).copy()
    if "name_en" not in rows:
        rows["name_en"] = None
    derived = set(rows.loc[rows["source"] == DERIVED, "code"]) if "source" in rows else set()
    if not (rows["level"] == "town").any():
        rows = pd.concat([_town_row(town_code, town_name), rows], ignore_index=True)
        derived.add(town_code)
    rows.loc[(rows["level"] != "town") & rows["parent"].isna(), "parent"] = town_code
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=4490)
    children = _children(frame)
    claims = [
        Claim(row.code, row.parent if isinstance(row.parent, str) else None, row.code not in children, row.geometry)
        for row in frame.itertuples()
        if row.geometry is not None and not (row.code in children and row.code in derived)
    ]
    given = frozenset(claim.code for claim in claims if not claim.is_leaf)
    assembly, _ = Assembly(frame, overlay(claims, metric_crs), given).repaired(NOISE_M)
    return assembly


def leaf_index(areas: gpd.GeoDataFrame) -> AreaIndex:
    """Return an index of the leaves of areas as given, for checks before anything is stored."""
    children = _children(areas)
    leaves = areas[~areas["code"].isin(list(children))].sort_values("code")
    return AreaIndex(leaves.geometry)


def missing_parents(areas: pd.DataFrame) -> list[tuple[str, str]]:
    """Return (code, parent) of areas whose parent is none of the areas or of a level it cannot have."""
    levels = dict(zip(areas["code"], areas["level"], strict=True))
    allowed = {"village": ("town",), "zone": ("town",), "grid": ("village", "town")}
    return [
        (row.code, row.parent)
        for row in areas.itertuples()
        if isinstance(row.parent, str) and levels.get(row.parent) not in allowed.get(row.level, ())
    ]


def faults_geojson(faults: Iterable[Fault]) -> dict[str, Any]:
    """Return faults as a FeatureCollection: what, of which areas, how large, where."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "kind": fault.kind,
                    "codes": list(fault.codes),
                    "area_m2": round(fault.area_m2, 3),
                    "width_m": round(fault.width_m, 3),
                    "reason": str(fault),
                },
                "geometry": shapely.geometry.mapping(fault.place),
            }
            for fault in faults
        ],
    }


def _town_row(code: str, name: str) -> pd.DataFrame:
    return pd.DataFrame(
        [{"level": "town", "code": code, "name": name, "name_en": None, "kind": "town", "parent": None, "geometry": None,
          "source": DERIVED}]
    )  # fmt: skip


def _children(areas: pd.DataFrame) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for code, parent in zip(areas["code"], areas["parent"], strict=True):
        if isinstance(parent, str):
            children.setdefault(parent, []).append(code)
    return children


def _bottom_up(areas: pd.DataFrame) -> Sequence[str]:
    order = sorted(zip(areas["level"], areas["code"], strict=True), key=lambda item: -LEVELS.index(item[0]))
    return [code for _, code in order]


def _multi(shape: shapely.Geometry) -> shapely.MultiPolygon:
    return shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])


__all__ = [
    "COLUMNS",
    "DERIVED",
    "Assembly",
    "Change",
    "Fault",
    "assemble",
    "faults_geojson",
    "leaf_index",
    "missing_parents",
]
