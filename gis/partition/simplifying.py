"""Simpler borders for small scales, the same for both neighbours and for every level."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas
import numpy as np
import shapely

from gis.lattice import from_integers
from gis.partition.model import Partition, draft, without_parents
from gis.partition.noding import Ints
from gis.partition.places import Measure
from gis.partition.rings import polygons


def simplify(
    areas: geopandas.GeoDataFrame | Partition, tolerances: Mapping[int, float], metric_crs: str | None = None
) -> dict[int, geopandas.GeoDataFrame]:
    """Return the areas with simpler borders, for each zoom as a partition of its own.

    The leaves are simplified together as a coverage (Visvalingam–Whyatt), keeping the places where three areas meet;
    the parents are then built from them, so that the borders of all levels lie upon each other.

    Parameters
    ----------
    areas : GeoDataFrame or Partition
        A partition; see `Partition.from_areas` for the frame and for the errors raised where it is none.
    tolerances : mapping of int to float
        For each zoom the tolerance in metres: a vertex goes if the triangle with its neighbours is smaller than the
        square of it. 0 changes nothing.
    metric_crs : str, optional
        Projected CRS in metres; an equal-area one around the areas by default.

    Returns
    -------
    dict of int to GeoDataFrame
        Index, columns and order as given; all vertices are vertices of the given borders.
    """
    partition = areas if isinstance(areas, Partition) else Partition.from_areas(areas)
    steps = partition.faces.points
    measure = Measure(metric_crs, partition.frame.geometry.values)
    metric = measure.project_lattice(steps)
    leaves = np.flatnonzero(partition.tree.leaf)
    place = np.full(len(partition.tree.code) + 1, -1)
    place[leaves] = np.arange(len(leaves))
    numbered = _number(steps)
    fine = polygons(partition.faces, place[partition.owner], len(leaves), lambda ring: metric[numbered(ring)])
    back = _number(metric)
    out = {}
    for zoom, tolerance in tolerances.items():
        coarse = shapely.coverage_simplify(fine, tolerance) if tolerance > 0 else fine
        shapes = np.empty(len(partition.frame), object)
        shapes[leaves] = shapely.transform(coarse, lambda xy: from_integers(steps[back(xy)]))
        frame = geopandas.GeoSeries(shapes, index=partition.frame.index, crs=partition.frame.crs)
        out[zoom] = _rebuilt(partition.frame.set_geometry(frame))
    return out


def _number(table: np.ndarray):
    """Return a function that gives the row in the table of each of (n, 2) rows that are all in it."""
    kind = [("x", table.dtype), ("y", table.dtype)]
    keys = np.ascontiguousarray(table).view(kind).ravel()
    order = np.argsort(keys, order=("x", "y"))
    keys = keys[order]
    return lambda rows: order[np.searchsorted(keys, np.ascontiguousarray(rows).view(kind).ravel())]


def _rebuilt(frame: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Return all levels built from simplified leaves."""
    cut, _ = draft(frame)
    cut = without_parents(cut)
    # In degrees a border can pass on the other side of a vertex that it nearly touches: the place goes to the first.
    owner: Ints = np.array([over[0] if over else -1 for over in cut.leaves], np.int64)
    return Partition.of_draft(cut, owner).areas()
