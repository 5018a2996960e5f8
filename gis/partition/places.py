"""Where areas fail to be a partition, as things that can be counted, measured and drawn."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import geopandas
import numpy as np
import pyproj
import shapely

from gis.errors import GisError
from gis.lattice import from_integers

# What areas can be; then what an operation on them can be refused for.
KINDS = (
    "duplicate_code", "unknown_parent", "empty", "invalid", "overlap", "leaves_parent", "gap",
    "crosses", "outline", "not_divided", "no_border", "emptied", "unknown_area", "unknown_vertex", "in_the_way", "no_change",
)  # fmt: skip

_SENTENCE = {
    "duplicate_code": "areas have the same code",
    "unknown_parent": "areas name a parent that is not there",
    "empty": "areas have no polygon",
    "invalid": "polygons cross themselves",
    "overlap": "places lie in two areas of one level",
    "leaves_parent": "places lie in an area but outside its parent",
    "gap": "places lie in a parent but in none of its areas",
    "crosses": "places of other areas lie in the way of the line",
    "outline": "places of the outline of the whole would change",
    "not_divided": "areas are not divided by the line into as many pieces as there are codes",
    "no_border": "lines do not begin and end on one border between the two areas",
    "emptied": "areas would have nothing left: merge them instead",
    "unknown_area": "areas are not there, or are no leaves",
    "unknown_vertex": "points are no vertex of a border",
    "in_the_way": "later changes are in the way",
    "no_change": "areas would stay as they are",
}


@dataclass(frozen=True)
class Fault:
    """One place where the areas are no partition.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    codes : tuple of str
        The areas it concerns: those that overlap; the area and the parent it leaves; the parents that are not filled.
    area_m2, width_m : float
        Size, and diameter of the largest circle that fits in; 0 where there is no geometry.
    geometry : Polygon, MultiPolygon, Point or None
        In degrees; for ``invalid`` the point where the polygon first crosses or touches itself.
    """

    kind: str
    codes: tuple[str, ...]
    area_m2: float
    width_m: float
    geometry: Any


def line_of(steps: np.ndarray) -> Any:
    """Return lattice points (n, 2) as a line in degrees; one alone as a point."""
    xy = from_integers(steps)
    return shapely.LineString(xy) if len(xy) > 1 else shapely.Point(xy[0])


@dataclass(frozen=True)
class Change:
    """One thing that repairing changed.

    Attributes
    ----------
    what : str
        ``'gap_closed'``, ``'overlap_removed'`` (``code`` got the place), ``'parent_grown'``, ``'parent_shrunk'`` (the
        border of ``code`` follows its areas), ``'made_valid'``.
    code : str
    area_m2, width_m : float
        For ``made_valid`` by how much the area became larger or smaller, and 0.
    geometry : Polygon, MultiPolygon or None
        The place that changed hands, in degrees; for ``made_valid`` the new polygon.
    """

    what: str
    code: str
    area_m2: float
    width_m: float
    geometry: Any


class PartitionError(GisError):
    """Areas that are no partition, with the places.

    ``code`` is ``partition.<kind>`` of the first kind of `KINDS` that occurs; ``faults`` are all of them; ``detail``
    holds counts by kind and the places as a GeoJSON FeatureCollection.
    """

    def __init__(self, faults: list[Fault]):
        counts = {kind: sum(f.kind == kind for f in faults) for kind in KINDS}
        counts = {kind: count for kind, count in counts.items() if count}
        said = "; ".join(f"{count} {_SENTENCE[kind]}" for kind, count in counts.items())
        super().__init__(f"partition.{next(iter(counts))}", said, {"counts": counts, "places": geojson(faults)})
        self.faults = faults

    @property
    def places(self) -> geopandas.GeoDataFrame:
        """The faults as a GeoDataFrame in EPSG:4490: kind, codes (joined by ;), area_m2, width_m."""
        return table(self.faults)


def refused(kind: str, codes: tuple[str, ...] = (), geometry: Any = None) -> PartitionError:
    """Return the error of one thing that cannot be done, with the areas it concerns and where (degrees)."""
    return PartitionError([Fault(kind, codes, 0.0, 0.0, geometry)])


def table(items: Iterable[Fault] | Iterable[Change]) -> geopandas.GeoDataFrame:
    """Return faults or changes as a GeoDataFrame in EPSG:4490, one row each, codes joined by ``;``."""
    rows = [dict(vars(item)) for item in items]
    for row in rows:
        if "codes" in row:
            row["codes"] = ";".join(row["codes"])
    if not rows:
        rows_columns = ["kind", "codes", "area_m2", "width_m", "geometry"]
        return geopandas.GeoDataFrame({c: [] for c in rows_columns}, geometry="geometry", crs="EPSG:4490")
    return geopandas.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4490")


def geojson(items: Iterable[Fault] | Iterable[Change]) -> dict[str, Any]:
    """Return faults or changes as a GeoJSON FeatureCollection, coordinates in EPSG:4490 with 7 decimals."""
    features = []
    for item in items:
        properties = {key: value for key, value in vars(item).items() if key != "geometry"}
        if "codes" in properties:
            properties["codes"] = list(properties["codes"])
        geometry = None if item.geometry is None else json.loads(shapely.to_geojson(item.geometry))
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features}


class Measure:
    """Areas and widths in metres of shapes in degrees.

    Parameters
    ----------
    metric_crs : str, optional
        Projected CRS in metres; without it an equal-area projection centred on the shapes.
    around : array of geometry
        Shapes in degrees that the projection is made for.
    """

    def __init__(self, metric_crs: str | None, around):
        west, south, east, north = shapely.total_bounds(around)
        if metric_crs is None:
            lon, lat = (0.0, 0.0) if np.isnan(west) else ((west + east) / 2, (south + north) / 2)
            metric_crs = f"+proj=laea +lat_0={lat} +lon_0={lon} +ellps=GRS80 +units=m"
        self._there = pyproj.Transformer.from_crs("EPSG:4490", metric_crs, always_xy=True)

    def project(self, geometry):
        """Return a shape, or array of shapes, in metres."""
        return shapely.transform(geometry, lambda xy: np.column_stack(self._there.transform(xy[:, 0], xy[:, 1])))

    def unproject(self, geometry):
        """Return a shape in metres, or array of shapes, in degrees."""
        return shapely.transform(
            geometry, lambda xy: np.column_stack(self._there.transform(xy[:, 0], xy[:, 1], direction="INVERSE"))
        )

    def project_lattice(self, steps) -> np.ndarray:
        """Return metres (n, 2) of lattice points (n, 2)."""
        xy = from_integers(steps)
        return np.column_stack(self._there.transform(xy[:, 0], xy[:, 1]))

    def of(self, geometry) -> tuple[float, float]:
        """Return area in m² and width in metres, the width within 2 %."""
        metric = self.project(geometry)
        return float(metric.area), _width(metric)


def _width(shape) -> float:
    """Return the diameter of the largest circle inside: the shape disappears when it shrinks by half of that.

    By halving the interval, since a search for the circle's centre takes long in slivers of kilometres by centimetres.
    """
    area, length = shape.area, shape.length
    if area <= 0.0 or length <= 0.0:
        return 0.0
    low, high = 0.0, 2.0 * np.sqrt(area / np.pi)
    guess = min(2.0 * area / length, high / 2)  # the width of a strip
    while high - low > 0.02 * high:
        if shape.buffer(-guess / 2, quad_segs=4).is_empty:
            high = guess
        else:
            low = guess
        guess = (low + high) / 2 if low else high / 2
        if high < 1e-6:
            break
    return float(high)
