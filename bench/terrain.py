"""Made-up towns for the benchmarks: clean coverages with winding borders, of any size, the same for the same seed."""

from __future__ import annotations

import geopandas
import numpy as np
import shapely

from gis.lattice import snap

TOWN = (120.80, 30.30, 121.05, 30.50)


def winding_grids(count: int, vertices: int, seed: int = 1) -> geopandas.GeoDataFrame:
    """Return ``count`` grids that fill `TOWN` with about ``vertices`` vertices in all; EPSG:4490, sorted by code."""
    rng = np.random.default_rng(seed)
    west, south, east, north = TOWN
    seeds = shapely.MultiPoint(np.column_stack([rng.uniform(west, east, count), rng.uniform(south, north, count)]))
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=shapely.box(*TOWN)))
    cells = snap(shapely.intersection(cells, shapely.box(*TOWN)))
    borders = shapely.get_parts(shapely.node(shapely.union_all(shapely.boundary(cells))))
    halvings = max(round(np.log2(vertices / (2 * len(borders)))), 0)
    for swing in (0.1, 0.08, 0.06, 0.04, 0.02, 0.0):
        wound = snap(np.array([_wind(line, halvings, swing, rng) for line in borders]))
        grids = shapely.get_parts(shapely.polygonize(wound))
        if len(grids) == len(cells) and shapely.coverage_is_valid(grids):
            break  # no border crosses another
    frame = geopandas.GeoDataFrame({"code": [f"{n:04d}" for n in range(len(grids))]}, geometry=grids, crs="EPSG:4490")
    return frame


def points_in_town(count: int, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Return longitudes and latitudes spread evenly over `TOWN` and a little beyond."""
    rng = np.random.default_rng(seed)
    west, south, east, north = TOWN
    return rng.uniform(west - 0.005, east + 0.005, count), rng.uniform(south - 0.005, north + 0.005, count)


def _wind(line: shapely.LineString, halvings: int, swing: float, rng: np.random.Generator) -> shapely.LineString:
    """Move midpoints aside, ever finer; the town's own straight outline stays straight."""
    xy = shapely.get_coordinates(line)
    if any(np.ptp(xy[:, axis]) < 1e-9 for axis in (0, 1)):
        return line
    for _ in range(halvings):
        step = np.diff(xy, axis=0)
        aside = np.column_stack([-step[:, 1], step[:, 0]]) * rng.uniform(-swing, swing, (len(step), 1))
        finer = np.empty((2 * len(xy) - 1, 2))
        finer[::2], finer[1::2] = xy, (xy[1:] + xy[:-1]) / 2 + aside
        xy = finer
    return shapely.LineString(xy)
