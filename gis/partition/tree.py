"""The tree of areas: which area lies in which, as the codes say it."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.errors import GisError
from gis.partition.noding import Ints


@dataclass(frozen=True)
class Tree:
    """Areas by row of their frame.

    Attributes
    ----------
    code : list of str
    parent : ndarray of int
        Row of the parent, −1 for a root.
    leaf : ndarray of bool
        Areas that no other names as its parent.
    depth : ndarray of int
        0 for a root.
    """

    code: list[str]
    parent: Ints
    leaf: NDArray[np.bool_]
    depth: Ints

    def ancestors(self, row: int) -> list[int]:
        """Return the rows above an area, the nearest first."""
        out = []
        row = int(self.parent[row])
        while row >= 0:
            out.append(row)
            row = int(self.parent[row])
        return out

    def at_depth(self, depth: int) -> Ints:
        """Return for each area its ancestor (or itself) at a depth, −1 where it lies higher."""
        out = np.arange(len(self.code))
        for _ in range(int(self.depth.max(initial=0))):
            out = np.where(self.depth[out] > depth, self.parent[out], out)
        return np.where(self.depth[out] == depth, out, -1)


def read(areas: geopandas.GeoDataFrame) -> tuple[Tree, list[tuple[str, int]]]:
    """Return the tree of a frame with columns code and parent, and the rows that spoil it as (kind, row).

    Kinds: ``duplicate_code``; ``unknown_parent`` (a leaf whose parent is not there although others have theirs, or
    areas that are each other's parents). A parent that is not in the frame, as the county of a town, makes a root.

    Raises
    ------
    GisError
        ``partition.columns``, ``partition.crs``, ``areas.not_polygon``.
    """
    _check_frame(areas)
    code = [str(c) for c in areas["code"]]
    row = {c: k for k, c in reversed(list(enumerate(code)))}
    bad = [("duplicate_code", k) for k, c in enumerate(code) if row[c] != k]
    named = [None if pd.isna(p) or str(p) == "" else str(p) for p in areas["parent"]]
    parent = np.array([-1 if p is None else row.get(p, -1) for p in named], np.int64)
    leaf = np.ones(len(code), bool)
    leaf[parent[parent >= 0]] = False
    if not leaf.all():
        bad += [("unknown_parent", k) for k, p in enumerate(named) if p is not None and leaf[k] and p not in row]
    depth = np.zeros(len(code), np.int64)
    up = parent.copy()
    for _ in range(len(code) + 1):
        if not np.any(up >= 0):
            break
        depth += up >= 0
        up = np.where(up >= 0, parent[up], -1)
    loop = np.flatnonzero(up >= 0)
    bad += [("unknown_parent", int(k)) for k in loop]
    return Tree(code, parent, leaf, depth), bad


def _check_frame(areas: geopandas.GeoDataFrame) -> None:
    missing = {"code", "parent"} - set(areas.columns)
    if missing:
        raise GisError("partition.columns", f"the areas have no column {', '.join(sorted(missing))}")
    if areas.crs is not None and not areas.crs.is_geographic:
        raise GisError(
            "partition.crs",
            f"areas must be in degrees (EPSG:4490), not in {areas.crs.to_string()}: use areas.to_crs(4490) first",
        )
    if np.any(~np.isin(shapely.get_type_id(areas.geometry.values), (-1, 3, 6))):
        raise GisError("areas.not_polygon", "areas must be Polygons or MultiPolygons")
