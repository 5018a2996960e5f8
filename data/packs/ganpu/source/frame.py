"""The demo town's working frame: local metres, the coordinate lattice, named random streams and noise."""

from __future__ import annotations

import zlib

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]

LON0, LAT0 = 120.80, 30.33
# Length of one degree on the CGCS2000 ellipsoid at 30.39 N; good to 0.02 % over the town.
M_PER_DEG_LON, M_PER_DEG_LAT = 96_105.0, 110_857.0
LATTICE_DEG = 1e-7
SEED = 330_424_105

# Window of the working rasters, local metres: the town and a few kilometres of its surroundings.
X_MIN, Y_MIN, X_MAX, Y_MAX = -4_000.0, -4_000.0, 18_000.0, 16_000.0


def stream(name: str) -> np.random.Generator:
    """Return the random stream of one step, so that a change in one step leaves the others as they were."""
    return np.random.default_rng([SEED, zlib.crc32(name.encode())])


def to_lonlat(xy: Floats) -> Floats:
    """Return lon, lat in degrees, shape (n, 2), of local metres x, y, shape (n, 2)."""
    xy = np.asarray(xy, dtype=float)
    return np.column_stack([LON0 + xy[:, 0] / M_PER_DEG_LON, LAT0 + xy[:, 1] / M_PER_DEG_LAT])


def to_local(lonlat: Floats) -> Floats:
    """Return local metres x, y, shape (n, 2), of lon, lat in degrees, shape (n, 2)."""
    lonlat = np.asarray(lonlat, dtype=float)
    return np.column_stack([(lonlat[:, 0] - LON0) * M_PER_DEG_LON, (lonlat[:, 1] - LAT0) * M_PER_DEG_LAT])


def to_lattice(geometry: BaseGeometry) -> BaseGeometry:
    """Return the geometry (local metres) with coordinates as whole numbers of 1e-7 degree.

    Arithmetic on whole numbers is exact in double precision, so that edges shared by two areas are the same edge.
    """
    return shapely.transform(geometry, lambda xy: np.rint(to_lonlat(xy) / LATTICE_DEG))


def lattice_to_degrees(geometry: BaseGeometry) -> BaseGeometry:
    """Return the geometry (whole numbers of 1e-7 degree) in degrees, rounded to 7 decimals."""
    return shapely.transform(geometry, lambda xy: np.round(xy / 1e7, 7))


def to_degrees(geometry: BaseGeometry) -> BaseGeometry:
    """Return the geometry (local metres) in degrees, rounded to 7 decimals."""
    return shapely.transform(geometry, lambda xy: np.round(to_lonlat(xy), 7))


def lattice_to_local(geometry: BaseGeometry) -> BaseGeometry:
    """Return the geometry (whole numbers of 1e-7 degree) in local metres."""
    return shapely.transform(geometry, lambda xy: to_local(xy / 1e7))


def noise(shape: tuple[int, int], period_cells: float, rng: np.random.Generator) -> Floats:
    """Return smooth value noise in −1…1 over a raster of that shape (rows, columns)."""
    rows, columns = (int(n / period_cells) + 4 for n in shape)
    lattice = rng.uniform(-1, 1, (rows, columns))
    r, c = np.arange(shape[0]) / period_cells, np.arange(shape[1]) / period_cells
    ri, ci = r.astype(int), c.astype(int)
    rf, cf = r - ri, c - ci
    rw, cw = (f * f * f * (f * (f * 6 - 15) + 10) for f in (rf, cf))
    top = lattice[ri][:, ci] * (1 - cw) + lattice[ri][:, ci + 1] * cw
    bottom = lattice[ri + 1][:, ci] * (1 - cw) + lattice[ri + 1][:, ci + 1] * cw
    return top * (1 - rw)[:, None] + bottom * rw[:, None]


def fractal(shape: tuple[int, int], period_cells: float, octaves: int, rng: np.random.Generator) -> Floats:
    """Return fractal value noise, about −1…1: octaves of halving period and strength."""
    total, weight = np.zeros(shape), 0.0
    for octave in range(octaves):
        total += noise(shape, max(period_cells / 2**octave, 1.5), rng) / 2**octave
        weight += 1 / 2**octave
    return total / weight * 1.6


def smooth_line(points: Floats, rounds: int = 3, closed: bool = False) -> Floats:
    """Return the polyline with its corners cut (Chaikin); ends stay where they are unless it is closed."""
    line = np.asarray(points, dtype=float)
    for _ in range(rounds):
        after = np.roll(line, -1, axis=0) if closed else line[1:]
        before = line if closed else line[:-1]
        cut = np.stack([0.75 * before + 0.25 * after, 0.25 * before + 0.75 * after], axis=1).reshape(-1, 2)
        line = cut if closed else np.vstack([line[:1], cut, line[-1:]])
    return line


def wiggle(points: Floats, strength: float, step_m: float, rng: np.random.Generator) -> Floats:
    """Return the polyline densified to about step_m and moved sideways by correlated noise; ends stay."""
    line = shapely.LineString(points)
    count = max(int(line.length / step_m), 2)
    at = np.linspace(0, line.length, count + 1)
    base = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
    offset = np.zeros(count + 1)
    for period in (4, 9, 20):
        knots = rng.normal(0, 1, count // period + 3)
        offset += np.interp(np.arange(count + 1) / period, np.arange(len(knots)), knots) * period**0.7
    direction = np.gradient(base, axis=0)
    direction /= np.maximum(np.hypot(*direction.T), 1e-9)[:, None]
    taper = np.minimum(np.minimum(np.arange(count + 1), np.arange(count + 1)[::-1]) / 5, 1)
    normal = np.column_stack([-direction[:, 1], direction[:, 0]])
    return base + normal * (offset * taper * strength * step_m / 4)[:, None]
