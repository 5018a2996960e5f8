"""From whatever system a file is in to EPSG:4490."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gis import crs as systems
from gis.formats.errors import FormatError


def to_4490(frame: gpd.GeoDataFrame, given: str | None, name: str) -> tuple[gpd.GeoDataFrame, str, list[str]]:
    """Return a frame in EPSG:4490 (x = longitude), the system it was in, and notes.

    Parameters
    ----------
    frame : GeoDataFrame
        Its `crs` is what the file declares, or None.
    given : str or None
        What the user says: `wgs84`, `cgcs2000`, `gcj02`, `bd09` or `EPSG:N`; it overrules the file.
    name : str
        Name of the file for messages.

    Raises
    ------
    FormatError
        `file.crs_unknown` when nobody says, or the numbers cannot be what is said.
    """
    notes: list[str] = []
    declared = None if frame.crs is None else (_short(frame.crs.to_string()) or frame.crs.name)
    if given is not None:
        if declared is not None and declared.lower() != given.lower():
            notes.append(f"the file declares {declared}; {given} was given and used")
        used, moved = given, _transformed(frame, given, name)
    elif declared is None:
        raise FormatError(
            "file.crs_unknown",
            f"{name} does not say its coordinate system; give it with --crs (EPSG:N, wgs84, cgcs2000, gcj02 or bd09)",
        )
    else:
        used = declared
        moved = frame.geometry.to_crs(4490)
    _check_degrees(moved, used, name)
    return frame.set_geometry(moved), used, notes


def known_system(given: str | None) -> str | None:
    """Return the system that a user names as it was given.

    Raises
    ------
    FormatError
        `file.crs_unknown`: neither one of the names nor the EPSG number of a system that can be brought to EPSG:4490.
    """
    if given is not None:
        try:
            systems.canonical(given)
        except systems.CrsError as error:
            raise FormatError("file.crs_unknown", f"--crs: {error.message}") from error
    return given


def _short(text: str) -> str | None:
    return "EPSG:4326" if text == "OGC:CRS84" else (text if len(text) < 40 else None)


def _transformed(frame: gpd.GeoDataFrame, given: str, name: str) -> gpd.GeoSeries:
    def move(points: np.ndarray) -> np.ndarray:
        lon, lat = systems.to_cgcs2000(points[:, 0], points[:, 1], given)
        return np.column_stack([lon, lat])

    try:
        flat = shapely.force_2d(frame.geometry.to_numpy())
        return gpd.GeoSeries(shapely.transform(flat, move), index=frame.index, crs=4490)
    except ValueError as error:
        raise FormatError("file.crs_unknown", f"{name}: {error}") from error


def _check_degrees(shapes: gpd.GeoSeries, used: str, name: str) -> None:
    west, south, east, north = shapes.total_bounds
    if np.isfinite([west, south, east, north]).all() and west >= -180 and east <= 180 and south >= -90 and north <= 90:
        return
    if shapes.is_empty.all() or shapes.isna().all():
        return
    turned = west >= -90 and east <= 90 and south >= -180 and north <= 180
    raise FormatError(
        "file.crs_unknown",
        f"{name}: the coordinates are not {used} (x {west:.6g} to {east:.6g}, y {south:.6g} to {north:.6g} after conversion); "
        + (
            "latitude and longitude look exchanged: longitude comes first"
            if turned
            else "give the true system with --crs"
        ),
    )
