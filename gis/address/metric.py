"""Metres on the ground near one place, from degrees, without a projection (exact to 0.1 % over a few kilometres)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

#: Bearings of the eight directions, in degrees clockwise from north.
BEARINGS = {"n": 0, "ne": 45, "e": 90, "se": 135, "s": 180, "sw": 225, "w": 270, "nw": 315}


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Return the length in metres of one degree of longitude and of latitude at a latitude (GRS 80).

    Source: series in Snyder, Map Projections: A Working Manual (1987), chapter 3.
    """
    phi = math.radians(lat)
    lon_m = 111_412.84 * math.cos(phi) - 93.5 * math.cos(3 * phi)
    lat_m = 111_132.92 - 559.82 * math.cos(2 * phi) + 1.175 * math.cos(4 * phi)
    return lon_m, lat_m


def distance_m(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Return the distance in metres between two points given in degrees; meant for up to some kilometres."""
    lon_m, lat_m = metres_per_degree((lat_a + lat_b) / 2)
    return math.hypot((lon_b - lon_a) * lon_m, (lat_b - lat_a) * lat_m)


def moved(lon: float, lat: float, direction: str, metres: float) -> tuple[float, float]:
    """Return the point so many metres away in one of the eight directions of `BEARINGS`."""
    bearing = math.radians(BEARINGS[direction])
    lon_m, lat_m = metres_per_degree(lat)
    return lon + metres * math.sin(bearing) / lon_m, lat + metres * math.cos(bearing) / lat_m


def middle_and_reach(lon: Sequence[float], lat: Sequence[float]) -> tuple[float, float, float]:
    """Return the middle of points (the one nearest to their mean, so that it is a real place) and the distance in
    metres within which nine in ten of them lie. The sequences must not be empty."""
    lons, lats = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    lon_m, lat_m = metres_per_degree(float(lats.mean()))
    x, y = (lons - lons.mean()) * lon_m, (lats - lats.mean()) * lat_m
    centre = int(np.argmin(x * x + y * y))
    reach = float(np.quantile(np.hypot(x - x[centre], y - y[centre]), 0.9))
    return float(lons[centre]), float(lats[centre]), reach
