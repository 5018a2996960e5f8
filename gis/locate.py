"""Which area a point lies in, exactly, one by one or by the million.

The rule is that of the database: a point belongs to every area whose closed polygon contains it, borders included
(``ST_Intersects``), and the lowest row wins. With rows sorted by code, both give the same answer for every double.
"""

from __future__ import annotations

import functools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import geopandas
import numpy as np
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

from gis import raster
from gis.crs import CrsError
from gis.edges import Edges, edges_of
from gis.errors import GisError

_CELLS_PER_EDGE = 12
_MIN_CELLS, _MAX_CELLS = 4_096, 2_000_000
_PARALLEL_FROM = 200_000
_BLOCK = 4_096
_M_PER_DEG = 110_000.0
_ARC = 16  # vertices of a quarter circle


@dataclass(frozen=True)
class Shares:
    """Border candidates of points whose position is uncertain by a radius.

    One entry of ``point``, ``row``, ``share`` for each area that the circle of a point crosses, the point's own area
    always among them; sorted by point, then by share from large to small, then by row.

    Attributes
    ----------
    point : ndarray of int
        Position of the point in the input.
    row : ndarray of int
        Row of the area.
    share : ndarray of float
        Part of the circle's area that lies in the area, 0 to 1.
    outside : ndarray of float
        One value a point: the part of its circle in no area. Where the areas do not overlap, the shares of a point and
        this add up to 1. NaN for a point without coordinates.
    """

    point: NDArray[np.intp]
    row: NDArray[np.intp]
    share: NDArray[np.float64]
    outside: NDArray[np.float64]

    def of(self, point: int) -> list[tuple[int, float]]:
        """Return ``[(row, share), …]`` of one point, the largest share first."""
        mine = slice(*np.searchsorted(self.point, [point, point + 1]))
        return list(zip(self.row[mine].tolist(), self.share[mine].tolist(), strict=True))


class AreaIndex:
    """Index of areas that answers in which of them a point lies.

    Parameters
    ----------
    areas : GeoDataFrame or GeoSeries
        Valid Polygons or MultiPolygons in degrees (x = longitude, y = latitude); rows sorted by code, so that the
        lowest row is the lowest code. None and empty geometries contain nothing. Areas may overlap, leave gaps and
        have holes.

    Raises
    ------
    GisError
        ``areas.not_polygon``, ``areas.not_finite``.

    Examples
    --------
    >>> halves = geopandas.GeoSeries([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    >>> AreaIndex(halves).locate([0.5, 1.0, 1.5, 3.0, float("nan")], [0.5] * 5).tolist()
    [0, 0, 1, -1, -1]
    """

    def __init__(self, areas: geopandas.GeoDataFrame | geopandas.GeoSeries):
        self.crs = areas.crs
        self._polygons = np.asarray(areas.geometry.values)
        _refuse_others(self._polygons)
        edges = _edges(self._polygons)
        self._frame = _frame(edges)
        self._raster = raster.build(edges, len(self._polygons), self._frame)

    def __len__(self) -> int:
        return len(self._polygons)

    def locate(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int32]:
        """Return for each point the lowest row of the areas that contain it, −1 for none.

        Parameters
        ----------
        lon, lat : float or array_like
            Degrees in the CRS of the areas, broadcast against each other. NaN and infinity are in no area.

        Returns
        -------
        ndarray of int32
            Row positions, shape of the input (0-d for floats).
        """
        lon_, lat_ = np.broadcast_arrays(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
        out = np.empty(lon_.size, np.int32)
        flat = np.ascontiguousarray(lon_).ravel(), np.ascontiguousarray(lat_).ravel()
        _in_chunks(
            lambda part: raster.locate(self._raster, self._frame, flat[0][part], flat[1][part], out[part]), out.size
        )
        return out.reshape(lon_.shape)

    def locate_points(self, points: geopandas.GeoSeries) -> NDArray[np.int32]:
        """Return `locate` of a series of points, in its order; None and empty points are in no area.

        Raises
        ------
        CrsError
            ``crs.mismatch`` if the series is in another CRS than the areas.
        GisError
            ``points.not_point``.
        """
        if points.crs is not None and self.crs is not None and points.crs != self.crs:
            raise CrsError(
                "crs.mismatch",
                f"the points are in {points.crs.to_string()}, the areas in "
                f"{self.crs.to_string()}: use points.to_crs(…) first",
            )
        geometry = np.asarray(points.values)
        lonlat = np.empty((2, len(geometry)))
        out = np.empty(len(geometry), np.int32)

        def work(part: slice) -> None:
            # A block at a time, so that a point's memory is still near when its second number is read.
            for start in range(part.start, part.stop, _BLOCK):
                block = slice(start, min(start + _BLOCK, part.stop))
                lon, lat = lonlat[0, block], lonlat[1, block]
                shapely.get_x(geometry[block], out=lon)
                shapely.get_y(geometry[block], out=lat)
                raster.locate(self._raster, self._frame, lon, lat, out[block])

        try:
            _in_chunks(work, len(geometry))
        except shapely.GEOSException:  # an empty point has no x
            geometry = geometry.copy()
            geometry[shapely.is_empty(geometry)] = None
            _in_chunks(work, len(geometry))
        unread = geometry[np.isnan(lonlat[0])]
        if np.any(shapely.get_type_id(unread) > 0):
            raise GisError("points.not_point", "the series holds geometries that are not points")
        return out

    def shares(self, lon: ArrayLike, lat: ArrayLike, radius_m: ArrayLike, metric_crs: str) -> Shares:
        """Return the areas that each point's accuracy circle crosses, with their shares of the circle.

        Parameters
        ----------
        lon, lat : float or array_like
            Degrees in the CRS of the areas.
        radius_m : float or array_like
            Radius of the circle; NaN, zero and negative count as an exact position.
        metric_crs : str
            Projected CRS in metres for this place, in which circle and shares are measured.

        Returns
        -------
        Shares
            A point far from any border has one entry with share 1; a point on a border with radius zero has its lowest
            row with share 1.
        """
        lon_, lat_, radius = (
            np.ascontiguousarray(v, np.float64).ravel()
            for v in np.broadcast_arrays(
                np.asarray(lon, np.float64), np.asarray(lat, np.float64), np.asarray(radius_m, np.float64)
            )
        )
        own = self.locate(lon_, lat_)
        radius = np.where(radius > 0.0, radius, 0.0)
        simple = np.empty(lon_.size, np.bool_)
        # Twice the radius: the circle is round in the metric CRS, the reach is a rough box in degrees.
        reach_y = 2.0 * radius / _M_PER_DEG
        reach_x = reach_y / np.maximum(np.cos(np.radians(lat_)), 0.01)
        raster.alone(self._raster, self._frame, lon_, lat_, reach_x, reach_y, simple)
        known = np.isfinite(lon_) & np.isfinite(lat_)
        simple |= ~known | (radius == 0.0)
        cut = np.flatnonzero(~simple)
        point, row, area = self._overlaps(lon_[cut], lat_[cut], radius[cut], metric_crs)
        sure = np.flatnonzero(simple & (own >= 0))
        outside = np.where(known, (own < 0).astype(np.float64), np.nan)
        outside[cut] = np.maximum(1.0 - np.bincount(point, area, cut.size), 0.0)
        outside[cut[outside[cut] < 1e-12]] = 0.0
        point, row = np.concatenate([sure, cut[point]]), np.concatenate([own[sure], row])
        area = np.concatenate([np.ones(sure.size), area])
        keep = (area > 0.0) | (row == own[point])
        point, row, area = point[keep], row[keep], area[keep]
        order = np.lexsort((row, -area, point))
        return Shares(point[order], row[order].astype(np.intp), area[order], outside)

    @functools.cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._polygons)

    def _overlaps(self, lon, lat, radius, metric_crs: str):
        """Return (point, row, share) for every area that a circle touches."""
        if not lon.size:
            return np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0)
        there, back = _projections(str(self.crs or "EPSG:4490"), metric_crs)
        x, y = there.transform(lon, lat)
        discs = shapely.transform(
            shapely.buffer(shapely.points(x, y), radius, quad_segs=_ARC),
            lambda xy: np.column_stack(back.transform(xy[:, 0], xy[:, 1])),
        )
        point, row = self._tree.query(discs, predicate="intersects")

        def area(shapes):
            return shapely.area(
                shapely.transform(shapes, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1])))
            )

        common = area(shapely.intersection(discs[point], self._polygons[row]))
        return point, row, np.minimum(common / area(discs)[point], 1.0)


@functools.lru_cache(maxsize=16)
def _projections(crs: str, metric_crs: str) -> tuple[pyproj.Transformer, pyproj.Transformer]:
    return (
        pyproj.Transformer.from_crs(crs, metric_crs, always_xy=True),
        pyproj.Transformer.from_crs(metric_crs, crs, always_xy=True),
    )


def _in_chunks(work, size: int) -> None:
    """Run ``work(slice)`` over 0…size, on all cores if it is long; the loop inside holds no interpreter lock."""
    cores = os.cpu_count() or 1
    if size < _PARALLEL_FROM or cores == 1:
        work(slice(0, size))
        return
    step = -(-size // (4 * cores))
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(work, [slice(at, min(at + step, size)) for at in range(0, size, step)]))


def _refuse_others(geometry: NDArray) -> None:
    kinds = shapely.get_type_id(geometry)
    if np.any(~np.isin(kinds, (-1, 3, 6))):
        raise GisError("areas.not_polygon", "areas must be Polygons or MultiPolygons")


def _edges(polygons: NDArray) -> Edges:
    """Return the different edges of all polygons, each once, with the rows it bounds."""
    parts, part_row = shapely.get_parts(polygons, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    if not np.all(np.isfinite(xy)):
        raise GisError("areas.not_finite", "an area has a coordinate that is not a finite number")
    return edges_of(xy, ring, part_row[ring_part])


def _frame(edges: Edges) -> raster.Frame:
    """Return about square cells over the bounds of the edges, and a rim of one cell."""
    if not edges.x1.size:
        return raster.Frame(0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1, 1)
    west, east = min(edges.x1.min(), edges.x2.min()), max(edges.x1.max(), edges.x2.max())
    south, north = edges.y1.min(), edges.y2.max()
    # A town of almost no width still gets cells that doubles can tell apart.
    least = max(abs(west), abs(east), abs(south), abs(north), 1.0) * 1e-9
    across, up = max(east - west, least), max(north - south, least)
    cells = min(max(_CELLS_PER_EDGE * edges.x1.size, _MIN_CELLS), _MAX_CELLS)
    nx = int(np.clip(np.sqrt(cells * across / up), 1, cells // 4))
    ny = int(np.clip(cells / nx, 1, cells // 4))
    width, height = across / nx, up / ny
    return raster.Frame(west - width, south - height, 1.0 / width, 1.0 / height, width, height, nx + 2, ny + 2)
