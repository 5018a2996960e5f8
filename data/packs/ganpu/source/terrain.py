"""Synthetic relief: ridges, valleys cut by running water, and the shaded image drawn from them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import outline
import shapely
from frame import X_MAX, X_MIN, Y_MAX, Y_MIN, Floats, fractal, stream, to_lonlat
from PIL import Image

CELL_M = 40.0


@dataclass(frozen=True)
class Raster:
    """A raster over the working window; row 0 is the southern edge, values at cell centres."""

    values: Floats
    cell_m: float

    def at(self, xy: Floats) -> Floats:
        """Return values at local metres (n, 2), bilinear, the edge value outside."""
        xy = np.atleast_2d(xy)
        col = np.clip((xy[:, 0] - X_MIN) / self.cell_m - 0.5, 0, self.values.shape[1] - 1.001)
        row = np.clip((xy[:, 1] - Y_MIN) / self.cell_m - 0.5, 0, self.values.shape[0] - 1.001)
        c, r = col.astype(int), row.astype(int)
        fc, fr = col - c, row - r
        v = self.values
        low = v[r, c] * (1 - fc) + v[r, c + 1] * fc
        high = v[r + 1, c] * (1 - fc) + v[r + 1, c + 1] * fc
        return low * (1 - fr) + high * fr


def centres(cell_m: float) -> tuple[Floats, Floats]:
    """Return x and y of the cell centres of a raster over the window, each (rows, columns)."""
    x = np.arange(X_MIN + cell_m / 2, X_MAX, cell_m)
    y = np.arange(Y_MIN + cell_m / 2, Y_MAX, cell_m)
    grid_x, grid_y = np.meshgrid(x, y)
    return grid_x, grid_y


def _spurs() -> list[tuple[list[tuple[float, float, float]], float]]:
    """Return side ridges that fall from the crests to either side, in the form of outline.RIDGES."""
    rng = stream("spurs")
    found = []
    for crest, half_width_km in outline.RIDGES:
        points = np.array(crest)
        steps = np.hypot(*np.diff(points[:, :2], axis=0).T)
        along, side = np.concatenate([[0], np.cumsum(steps)]), 1
        at = rng.uniform(0.15, 0.4)
        while at < along[-1]:
            x, y, height = (float(np.interp(at, along, points[:, k])) for k in range(3))
            k = min(int(np.searchsorted(along, at)), len(steps)) - 1
            dx, dy = points[k + 1, :2] - points[k, :2]
            turn = np.arctan2(dy, dx) + side * rng.uniform(0.9, 1.5)
            length = half_width_km * (0.5 + height / 150) * rng.uniform(0.55, 1.0)
            bend = turn + rng.uniform(-0.5, 0.5)
            middle = (x + 0.5 * length * np.cos(turn), y + 0.5 * length * np.sin(turn))
            end = (middle[0] + 0.5 * length * np.cos(bend), middle[1] + 0.5 * length * np.sin(bend))
            found.append(
                (
                    [(x, y, height * 0.92), (*middle, height * rng.uniform(0.55, 0.75)), (*end, height * 0.22)],
                    half_width_km * 0.6,
                )
            )
            at += rng.uniform(0.22, 0.5)
            side = -side
    return found


def _hills(x: Floats, y: Floats) -> Floats:
    """Return smooth hills: the highest of all crest profiles at each point, metres."""
    total = np.zeros(x.shape)
    for crest, half_width_km in outline.RIDGES + _spurs():
        points = np.array(crest)
        for (x1, y1, h1), (x2, y2, h2) in itertools.pairwise(points):
            dx, dy = (x2 - x1) * 1000, (y2 - y1) * 1000
            t = np.clip(((x - x1 * 1000) * dx + (y - y1 * 1000) * dy) / (dx * dx + dy * dy), 0, 1)
            distance = np.hypot(x - x1 * 1000 - t * dx, y - y1 * 1000 - t * dy)
            height = h1 + (h2 - h1) * t
            reach = half_width_km * 1000 * (0.55 + 0.45 * height / 150)
            profile = np.clip(1 - distance / reach, 0, None) ** 1.25
            total = np.maximum(total, height * profile)
    return total


def _receivers(z: Floats) -> tuple[NDArrayInt, Floats]:
    """Return for each cell the index of its lowest neighbour (itself in a pit) and the distance to it in cells."""
    rows, cols = z.shape
    padded = np.pad(z, 1, constant_values=np.inf)
    best, target, length = z.copy(), np.arange(z.size).reshape(z.shape), np.ones(z.shape)
    index = np.pad(target, 1)
    steepest = np.zeros(z.shape)
    for dr in (-1, 0, 1):
        for dc in (-1, 0, 1):
            if dr == dc == 0:
                continue
            far = float(np.hypot(dr, dc))
            neighbour = padded[1 + dr : 1 + dr + rows, 1 + dc : 1 + dc + cols]
            drop = (best - neighbour) / far
            lower = drop > steepest
            steepest = np.where(lower, drop, steepest)
            target = np.where(lower, index[1 + dr : 1 + dr + rows, 1 + dc : 1 + dc + cols], target)
            length = np.where(lower, far, length)
    return target, length


NDArrayInt = np.ndarray


def _erode(z: Floats, rounds: int, strength: float) -> Floats:
    """Return the relief after rounds of stream-power erosion (implicit scheme).

    Source: Braun and Willett (2013), "A very efficient O(n), implicit and parallel method to solve the stream power
    equation", Geomorphology 180–181, section 3.
    """
    shape = z.shape
    for _ in range(rounds):
        target, length = _receivers(z)
        flat, to, far = z.ravel().tolist(), target.ravel().tolist(), length.ravel().tolist()
        order = np.argsort(z, axis=None, kind="stable").tolist()
        order = [i for i in order if flat[i] > 0.5]
        area = [1.0] * len(flat)
        for i in reversed(order):
            if to[i] != i:
                area[to[i]] += area[i]
        for i in order:
            factor = strength * area[i] ** 0.5 / far[i]
            flat[i] = (flat[i] + factor * flat[to[i]]) / (1 + factor)
        z = np.array(flat).reshape(shape)
        z = z * 0.92 + 0.02 * sum(np.roll(z, s, axis=a) for s in (-1, 1) for a in (0, 1))
    return z


def relief() -> Raster:
    """Return the elevation in metres: eroded hills over a plain of two to four metres, water at zero."""
    rng = stream("relief")
    x, y = centres(CELL_M)
    warp_x = fractal(x.shape, 24, 4, rng) * 240
    warp_y = fractal(x.shape, 24, 4, rng) * 240
    hills = _hills(x + warp_x, y + warp_y)
    rough = fractal(x.shape, 14, 4, rng)
    z = hills * (1 + 0.22 * rough) + np.where(hills > 4, rng.uniform(0, 3, x.shape), 0)
    z = _erode(np.maximum(z, 0), 8, 0.055)
    lake = outline.lake()
    wet = shapely.contains_xy(lake.buffer(20), x, y)
    z = np.where(wet, 0, z)
    near = shapely.distance(shapely.points(x, y), lake)
    z = z * np.clip(near / 160, 0, 1) ** 0.5
    _border, dyke, _ = outline.coast()
    sea = shapely.Polygon(np.vstack([dyke[0], (19_000, 9_000), (19_000, -5_000), (2_500, -5_000), dyke[::-1][:-1]]))
    shore = shapely.distance(shapely.points(x, y), sea)
    z = z * np.clip(shore / 90, 0, 1) ** 0.5
    plain = 2.6 + 0.7 * fractal(x.shape, 30, 3, rng)
    return Raster(np.where((z < 0.01) & (wet | (shore == 0)), 0, z + plain), CELL_M)


def upsample(raster: Raster, cell_m: float, roughness: float) -> Raster:
    """Return a finer raster: bicubic in the middle, with small forms added where it is steep."""
    x, _y = centres(cell_m)
    size = (x.shape[1], x.shape[0])
    image = Image.fromarray(raster.values.astype(np.float32), mode="F").resize(size, Image.Resampling.BICUBIC)
    z = np.asarray(image, dtype=float)
    detail = fractal(z.shape, 9, 3, stream("detail"))
    return Raster(z + detail * roughness * np.clip((z - 6) / 60, 0, 1), cell_m)


def slope_deg(raster: Raster) -> Raster:
    """Return the slope in degrees."""
    dy, dx = np.gradient(raster.values, raster.cell_m)
    return Raster(np.degrees(np.arctan(np.hypot(dx, dy))), raster.cell_m)


def write_hillshade(raster: Raster, path: Path) -> tuple[float, float, float, float]:
    """Write the shaded relief as a grey image with transparency; return its bounds west, south, east, north.

    Shade is black and light is white, each with its own opacity, so that one picture serves a dark and a light map;
    the plain is left empty.
    """
    fine = upsample(raster, 20.0, 5.0)
    dy, dx = np.gradient(fine.values * 1.7, fine.cell_m)
    shade = np.zeros(fine.values.shape)
    for azimuth_deg, weight in ((315, 0.62), (270, 0.19), (0, 0.19)):
        azimuth, altitude = np.radians(90 - azimuth_deg), np.radians(42)
        normal = np.sqrt(dx * dx + dy * dy + 1)
        lit = (np.sin(altitude) - np.cos(altitude) * (dx * np.cos(azimuth) + dy * np.sin(azimuth))) / normal
        shade += weight * (lit - np.sin(altitude))
    presence = np.clip((fine.values - 5) / 14, 0, 1)
    dark = np.clip(-shade * 1.35 + 0.05, 0, 0.8) * presence
    light = np.clip(shade * 0.85 - 0.02, 0, 0.46) * presence
    alpha = np.rint(np.maximum(dark, light) * 255 / 5) * 5
    grey = np.where(light > dark, 255, 0)
    grey[alpha == 0] = 0
    pixels = np.stack([grey, alpha], axis=-1)[::-1].astype(np.uint8)
    Image.fromarray(np.ascontiguousarray(pixels), mode="LA").save(path, optimize=True)
    (west, south), (east, north) = to_lonlat(np.array([(X_MIN, Y_MIN), (X_MAX, Y_MAX)]))
    return (round(west, 7), round(south, 7), round(east, 7), round(north, 7))
