"""Coordinates in any system to leaves, one by one or by the million: the same code for both. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.crs import READINGS, CrsError, canonical, to_cgcs2000
from gis.locate import Shares
from layers.area.index import TownAreas

Objects = NDArray[np.object_]
_NEAR_ZERO_DEG = 1e-6


@dataclass(frozen=True)
class Located:
    """What is known of the places of n points, in their order.

    Attributes
    ----------
    lon, lat : EPSG:4490 degrees, NaN where the position cannot be trusted (`reason` tells).
    row : position in `TownAreas.leaves`, −1 for none.
    reason : triage reason or None. suggested : system that would bring the point into the town, or None.
    shares : candidate leaves of points with an accuracy.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    row: NDArray[np.int32]
    reason: Objects
    suggested: Objects
    shares: Shares


def locate(
    areas: TownAreas, lon: ArrayLike, lat: ArrayLike, crs: str | Objects | None, accuracy_m: ArrayLike = np.nan
) -> Located:
    """Return where points lie.

    Parameters
    ----------
    areas : the town.
    lon, lat : degrees, or metres in a projected system; shape (n,). What is no number is NaN.
    crs : one system for all points, or one a point; None, `''` and names that are not known are quarantined.
    accuracy_m : radius in metres of the circle the true place lies in; NaN = not known, shares are then the leaf alone.

    Returns
    -------
    Located
        Nothing is refused and nothing is guessed: what cannot be placed carries its reason.
    """
    given_lon, given_lat = np.asarray(lon, dtype=np.float64).ravel(), np.asarray(lat, dtype=np.float64).ravel()
    n = len(given_lon)
    out_lon, out_lat = np.full(n, np.nan), np.full(n, np.nan)
    reason: Objects = np.full(n, None, dtype=object)
    for name, mine in _groups(crs, n):
        if name is None:
            reason[mine] = "crs_unknown"
        else:
            out_lon[mine], out_lat[mine] = to_cgcs2000(given_lon[mine], given_lat[mine], name)
    reason[_beyond(given_lon, given_lat, out_lon, out_lat) & (reason == None)] = "bad_coordinate"  # noqa: E711
    reason[(np.abs(given_lon) < _NEAR_ZERO_DEG) & (np.abs(given_lat) < _NEAR_ZERO_DEG)] = "zero"
    reason[~(np.isfinite(given_lon) & np.isfinite(given_lat))] = "no_place"
    unsure = np.array([item is not None for item in reason], dtype=bool)
    out_lon[unsure] = out_lat[unsure] = np.nan
    row = areas.index.locate(out_lon, out_lat)
    suggested: Objects = np.full(n, None, dtype=object)
    _explain(areas, given_lon, given_lat, crs, row, reason, suggested)
    swapped = reason == "swapped"
    out_lon[swapped] = out_lat[swapped] = np.nan
    shares = areas.index.shares(
        out_lon, out_lat, np.broadcast_to(np.asarray(accuracy_m, float), (n,)), areas.metric_crs
    )
    return Located(out_lon, out_lat, row, reason, suggested, shares)


def _groups(crs: str | Objects | None, n: int) -> list[tuple[str | None, NDArray[np.bool_] | slice]]:
    """Return each system with the points that are in it; None stands for an unknown one."""
    if crs is None or isinstance(crs, str):
        return [(known(crs), slice(None))]
    names = np.asarray(crs, dtype=object)
    texts = np.array(["" if not isinstance(name, str) else name for name in names], dtype=object)
    return [(known(str(name)), texts == name) for name in dict.fromkeys(texts.tolist())]


def known(crs: str | None) -> str | None:
    """Return the canonical name of a system, None if it is not known."""
    if not crs or crs == "unknown":
        return None
    try:
        return canonical(crs)
    except CrsError:
        return None


def _beyond(given_lon: NDArray, given_lat: NDArray, lon: NDArray, lat: NDArray) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        wrong = (np.abs(lon) > 180.0) | (np.abs(lat) > 90.0)
    # a projection that cannot invert the numbers gives NaN
    return wrong | (np.isfinite(given_lon) & np.isfinite(given_lat) & ~(np.isfinite(lon) & np.isfinite(lat)))


def _explain(
    areas: TownAreas,
    lon: NDArray,
    lat: NDArray,
    crs: str | Objects | None,
    row: NDArray,
    reason: Objects,
    suggested: Objects,
) -> None:
    """Fill in why points are in no leaf, and which reading of their numbers would bring them in."""
    lost = np.flatnonzero((row < 0) & ~np.isin(reason.astype(str), ("zero", "no_place")))
    if not lost.size or not areas.leaves:
        return
    x, y = lon[lost], lat[lost]
    names = np.array([crs] * len(lost), dtype=object) if crs is None or isinstance(crs, str) else np.asarray(crs)[lost]
    for name in READINGS:
        inside = _inside(areas, x, y, name)
        # wgs84 and cgcs2000 read the same; suggesting one for the other would say nothing
        open_ = inside & (suggested[lost] == None) & ~_same(names, name)  # noqa: E711
        suggested[lost[open_]] = "wgs84" if name == "cgcs2000" else name
    turned = _inside(areas, y, x, "wgs84") & (suggested[lost] == None)  # noqa: E711
    reason[lost[turned]] = "swapped"
    plain = np.array([item is None for item in reason[lost]], dtype=bool)
    reason[lost[plain]] = "outside_town"


def _inside(areas: TownAreas, lon: NDArray, lat: NDArray, name: str) -> NDArray[np.bool_]:
    x, y = to_cgcs2000(lon, lat, name)
    return areas.index.locate(x, y) >= 0


def _same(names: Objects, reading: str) -> NDArray[np.bool_]:
    alike = {"cgcs2000": ("cgcs2000", "wgs84"), "wgs84": ("cgcs2000", "wgs84")}.get(reading, (reading,))
    return np.array([known(name if isinstance(name, str) else None) in alike for name in names], dtype=bool)
