"""Coordinate systems of incoming points, brought to CGCS2000 longitude and latitude (EPSG:4490).

Phones give WGS-84, most Chinese map services GCJ-02, Baidu BD-09, surveyors a projected system. Read as WGS-84, a
GCJ-02 point is off by about 490 m and a BD-09 point by about 1,100 m at 30 degrees north, so the system of every
point is stated by whoever sends it and never guessed here: `plausible` only suggests.

GCJ-02 has no published definition. The formulas are the ones in general use; they agree with each other to
centimetres and with the real service to metres.
"""

from __future__ import annotations

import functools
import math
from typing import TypeAlias

import numpy as np
import pyproj
from numpy.typing import ArrayLike, NDArray

from gis.errors import GisError

READINGS = ("cgcs2000", "wgs84", "gcj02", "bd09")

Floats: TypeAlias = NDArray[np.float64]
Pair: TypeAlias = "tuple[Floats, Floats] | tuple[float, float]"

_AXIS_M = 6378245.0  # Krassovsky 1940, which GCJ-02 uses
_ECCENTRICITY_2 = 0.00669342162296594323
_BD_TURN = math.pi * 3000.0 / 180.0
_CHINA = (72.004, 0.8293, 137.8347, 55.8271)
_ROUNDS = 5  # 3 leave 6e-8 degrees in BD-09, 5 leave 1e-11
_M_PER_DEG = 111_000.0  # a little short, so that a margin is never too narrow


class CrsError(GisError):
    """A coordinate system that is not known, or cannot be used: ``crs.unknown``, ``crs.mismatch``."""


def to_cgcs2000(lon: ArrayLike, lat: ArrayLike, source_crs: str) -> Pair:
    """Return CGCS2000 longitude and latitude (EPSG:4490) of points given in another system.

    Parameters
    ----------
    lon, lat : float or array_like
        Degrees; for a projected ``EPSG:N`` easting and northing in its own unit. Same shape.
    source_crs : str
        ``'wgs84'``, ``'cgcs2000'``, ``'gcj02'``, ``'bd09'`` or ``'EPSG:N'``, in any case. WGS-84 and CGCS2000 differ
        by decimetres at most and are taken as equal.

    Returns
    -------
    lon, lat : float or ndarray
        Degrees, as given: floats for floats, arrays of the same shape for arrays. NaN and whatever the projection
        cannot invert give NaN. Outside China GCJ-02 and BD-09 are WGS-84, as the services do it.

    Raises
    ------
    CrsError
        ``crs.unknown``.

    Examples
    --------
    >>> tuple(round(v, 6) for v in to_cgcs2000(120.893808, 30.390891, "gcj02"))
    (120.88972, 30.3935)
    """
    east, north = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    name = canonical(source_crs)
    if name in ("wgs84", "cgcs2000"):
        out = east.copy(), north.copy()
    elif name == "gcj02":
        out = _invert(_gcj_from_wgs, east, north)
    elif name == "bd09":
        out = _invert(_bd_from_wgs, east, north)
    else:
        out = _project(f"{name}>", east, north)
    return _like(out, lon, lat)


def from_cgcs2000(lon: ArrayLike, lat: ArrayLike, target_crs: str) -> Pair:
    """Return points of CGCS2000 (EPSG:4490) in another system; the reverse of `to_cgcs2000`.

    Used for links that open a map service and for exports. Parameters, results and errors as there; a projected
    ``EPSG:N`` gives easting and northing.

    Examples
    --------
    >>> tuple(round(v, 6) for v in from_cgcs2000(120.88972, 30.3935, "bd09"))
    (120.900414, 30.396552)
    """
    east, north = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    name = canonical(target_crs)
    if name in ("wgs84", "cgcs2000"):
        out = east.copy(), north.copy()
    elif name == "gcj02":
        out = _gcj_from_wgs(east, north)
    elif name == "bd09":
        out = _bd_from_wgs(east, north)
    else:
        out = _project(f">{name}", east, north)
    return _like(out, lon, lat)


def canonical(crs: str) -> str:
    """Return the one spelling of a coordinate system's name, ``'gcj02'`` or ``'EPSG:4549'``; raises ``crs.unknown``.

    Examples
    --------
    >>> canonical(" GCJ-02"), canonical("epsg:4549")
    ('gcj02', 'EPSG:4549')
    """
    text = str(crs).strip()
    short = text.lower().replace("-", "").replace("_", "")
    if short in READINGS:
        return short
    if text.upper().startswith("EPSG:") and text[5:].isdigit():
        name = f"EPSG:{int(text[5:])}"
        _transformer(f"{name}>")
        return name
    raise _unknown(text)


def plausible(lon: float, lat: float, town_bounds: tuple[float, float, float, float], margin_m: float) -> list[str]:
    """Return which of the four readings of a point lie in or near the town, to suggest one; never applied silently.

    Parameters
    ----------
    lon, lat : float
        Degrees in a system that is unknown or doubted.
    town_bounds : tuple
        west, south, east, north of the town in EPSG:4490 degrees.
    margin_m : float
        How far outside the bounds, in metres, still counts as near.

    Returns
    -------
    list of str
        Some of `READINGS`, in that order; empty for NaN.
    """
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return []
    near = []
    for name in READINGS:
        east, north = to_cgcs2000(lon, lat, name)
        if _inside(float(east), float(north), town_bounds, margin_m):
            near.append(name)
    return near


def doubt(lon: float, lat: float, town_bounds: tuple[float, float, float, float], margin_m: float) -> str | None:
    """Return what is wrong with a longitude and latitude at first sight, or None.

    Returns
    -------
    str or None
        ``'not_finite'``; ``'null_island'`` for 0/0 (a device without a fix); ``'swapped'`` if the point lies in or near
        the town with its two numbers exchanged and not as given; ``'out_of_range'`` beyond 180 or 90 degrees;
        ``'projected'`` if the numbers are too large for degrees.

    Examples
    --------
    >>> doubt(30.39, 120.89, (120.80, 30.30, 121.05, 30.50), 3000.0)
    'swapped'
    """
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return "not_finite"
    if abs(lon) < 1e-6 and abs(lat) < 1e-6:
        return "null_island"
    if not plausible(lon, lat, town_bounds, margin_m) and plausible(lat, lon, town_bounds, margin_m):
        return "swapped"
    if abs(lon) > 1000 or abs(lat) > 1000:
        return "projected"
    if abs(lon) > 180 or abs(lat) > 90:
        return "out_of_range"
    return None


def _inside(lon: float, lat: float, bounds: tuple[float, float, float, float], margin_m: float) -> bool:
    west, south, east, north = bounds
    up = margin_m / _M_PER_DEG
    side = up / max(math.cos(math.radians((south + north) / 2)), 0.01)
    return west - side <= lon <= east + side and south - up <= lat <= north + up


def _like(out: tuple[Floats, Floats], lon: ArrayLike, lat: ArrayLike) -> Pair:
    if np.ndim(lon) == 0 and np.ndim(lat) == 0:
        return float(out[0]), float(out[1])
    return out


def _unknown(name: str) -> CrsError:
    known = ", ".join(READINGS)
    return CrsError("crs.unknown", f"unknown coordinate system {name!r}: use one of {known} or EPSG:N", {"crs": name})


@functools.lru_cache(maxsize=64)
def _transformer(name: str) -> pyproj.Transformer:
    """Give the transformer for ``'EPSG:N>'`` (to CGCS2000) or ``'>EPSG:N'`` (from it)."""
    source, target = name.split(">")
    try:
        return pyproj.Transformer.from_crs(source or "EPSG:4490", target or "EPSG:4490", always_xy=True)
    except pyproj.exceptions.ProjError as error:
        raise _unknown(source or target) from error


def _project(name: str, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    out_x, out_y = (np.asarray(v, dtype=np.float64) for v in _transformer(name).transform(x, y))
    bad = ~(np.isfinite(out_x) & np.isfinite(out_y))
    return np.where(bad, np.nan, out_x), np.where(bad, np.nan, out_y)


def _in_china(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    west, south, east, north = _CHINA
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _gcj_from_wgs(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    wave = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _ECCENTRICITY_2 * np.sin(phi) ** 2
    d_lat = np.degrees(north * magic * np.sqrt(magic) / (_AXIS_M * (1.0 - _ECCENTRICITY_2)))
    d_lon = np.degrees(east * np.sqrt(magic) / (_AXIS_M * np.cos(phi)))
    shifted = _in_china(lon, lat)
    return np.where(shifted, lon + d_lon, lon), np.where(shifted, lat + d_lat, lat)


def _bd_from_wgs(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    x, y = _gcj_from_wgs(lon, lat)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_TURN)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_TURN)
    shifted = _in_china(lon, lat)
    return (
        np.where(shifted, radius * np.cos(angle) + 0.0065, lon),
        np.where(shifted, radius * np.sin(angle) + 0.006, lat),
    )


def _invert(forward, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Solve ``forward(x) = given`` by fixed point: the shift changes so slowly that each round gains 2.5 digits."""
    x, y = lon.copy(), lat.copy()
    shifted = _in_china(lon, lat)
    for _ in range(_ROUNDS):
        out_x, out_y = forward(x, y)
        x = np.where(shifted, x + (lon - out_x), lon)
        y = np.where(shifted, y + (lat - out_y), lat)
    return x, y
