"""Areas for the tests: random coverages on the lattice, and awkward ones drawn by hand."""

from __future__ import annotations

import geopandas
import numpy as np
import shapely

from gis.lattice import from_integers, to_integers

WEST, SOUTH = 1_208_000_000, 303_000_000  # lattice steps: 120.8, 30.3


def at(x: float, y: float) -> tuple[float, float]:
    """Return the lattice point x, y steps from the origin of the tests, in degrees."""
    return float(from_integers(WEST + x)), float(from_integers(SOUTH + y))


def polygon(*shell: tuple[int, int], holes: list[list[tuple[int, int]]] | None = None) -> shapely.Polygon:
    """Return a polygon of lattice points given in steps."""
    return shapely.Polygon([at(*p) for p in shell], [[at(*p) for p in hole] for hole in holes or []])


def square(x: int, y: int, size: int) -> shapely.Polygon:
    return polygon((x, y), (x + size, y), (x + size, y + size), (x, y + size))


def random_coverage(seed: int, count: int = 12, size: int = 1_000_000) -> geopandas.GeoDataFrame:
    """Return areas that fill a square without gap or overlap, on the lattice, with T-junctions and long thin cells.

    Straight cuts through a square, noded exactly on the lattice; each cell goes to one of ``count`` areas at random,
    so that areas have many parts, holes and touching corners.
    """
    rng = np.random.default_rng(seed)
    box = square(0, 0, size)
    ends = rng.integers(-size // 4, size + size // 4, (max(count, 3), 2, 2))
    cuts = [shapely.LineString([at(*a), at(*b)]) for a, b in ends]
    steps = shapely.transform([*cuts, box.exterior], lambda xy: to_integers(xy).astype(float))
    cells = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(steps, grid_size=1))))
    inside = shapely.transform(box, lambda xy: to_integers(xy).astype(float))
    cells = cells[shapely.intersects(inside, shapely.point_on_surface(cells))]
    owner = rng.integers(0, count, len(cells))
    areas = [shapely.union_all(cells[owner == k], grid_size=1) for k in np.unique(owner)]
    shapes = shapely.transform(np.array(areas), from_integers)
    return geopandas.GeoDataFrame({"code": [f"{k:03d}" for k in range(len(shapes))]}, geometry=shapes, crs="EPSG:4490")


def awkward_points(areas: geopandas.GeoDataFrame, seed: int, count: int) -> np.ndarray:
    """Return points, shape (n, 2): vertices, points of edges, one and two ulp beside both, and points anywhere."""
    rng = np.random.default_rng(seed)
    rings = shapely.get_rings(shapely.get_parts(areas.geometry.values))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    a = rng.permutation(np.flatnonzero(ring[1:] == ring[:-1]))[:count]
    t = rng.uniform(0, 1, (len(a), 1))
    on_edge = xy[a] * (1 - t) + xy[a + 1] * t
    middle = (xy[a] + xy[a + 1]) / 2
    base = np.vstack([xy[a], on_edge, middle])
    near = [base]
    for way in (np.array([np.inf, 0.0]), np.array([-np.inf, 0.0]), np.array([0.0, np.inf]), np.array([0.0, -np.inf])):
        to = np.where(way == 0.0, base, way)
        near += [np.nextafter(base, to), np.nextafter(np.nextafter(base, to), to)]
    west, south, east, north = areas.total_bounds
    pad = (east - west) * 0.05
    anywhere = np.column_stack(
        [rng.uniform(west - pad, east + pad, 4 * count), rng.uniform(south - pad, north + pad, 4 * count)]
    )
    return np.vstack([*near, anywhere])
