"""Files of QGIS and CAD for tests: the grids of the small town, drawn well and badly."""

from __future__ import annotations

import io
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely

from tests.small_town import AREAS

# Leaves of the small town by code, as they are today.
LEAVES = {code: shapely.from_wkt(wkt) for level, code, _, _, wkt in AREAS if level in ("grid", "zone")}
EAST_M = 1 / 96_100  # degrees of longitude a metre


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A rectangle, given in thousandths of a degree from 120.88 30.40: the town is 30 by 20."""
    return shapely.box(120.88 + west / 1000, 30.40 + south / 1000, 120.88 + east / 1000, 30.40 + north / 1000)


def frame(rows: Sequence[Mapping[str, Any]], crs: Any = 4490) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(list(rows), geometry="geometry", crs=crs)


def packed(rows: gpd.GeoDataFrame, suffix: str = ".gpkg", **options: Any) -> bytes:
    """A file of one layer as bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file{suffix}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a file may say no coordinate system
            rows.to_file(path, engine="pyogrio", **options)
        return path.read_bytes()


def grids(**changed: Any) -> list[dict[str, Any]]:
    """The leaves as rows with code and geometry; ``a1=shape`` and so on draws one otherwise, None leaves it out."""
    names = dict(zip(LEAVES, ("a1", "a2", "b1", "b2", "lake"), strict=True))
    rows = [{"code": code, "geometry": changed.get(names[code], shape)} for code, shape in LEAVES.items()]
    return [row for row in rows if row["geometry"] is not None]


def dxf(
    lines: Sequence[tuple[str, bool, Sequence[tuple[float, float]]]],
    texts: Sequence[tuple[str, str, tuple[float, float]]] = (),
    encoding: str = "gbk",
    page: str = "ANSI_936",
) -> bytes:
    """A drawing as DXF text: polylines (layer, closed, points) and writing (layer, text, place)."""
    out = [
        "0",
        "SECTION",
        "2",
        "HEADER",
        "9",
        "$DWGCODEPAGE",
        "3",
        page,
        "0",
        "ENDSEC",
        "0",
        "SECTION",
        "2",
        "ENTITIES",
    ]
    for layer, closed, points in lines:
        out += ["0", "LWPOLYLINE", "8", layer, "100", "AcDbEntity", "100", "AcDbPolyline", "90", str(len(points))]
        out += ["70", str(int(closed))]
        for x, y in points:
            out += ["10", repr(float(x)), "20", repr(float(y))]
    for layer, text, (x, y) in texts:
        out += ["0", "TEXT", "8", layer, "10", repr(float(x)), "20", repr(float(y)), "30", "0", "40", "5", "1", text]
    return "\r\n".join([*out, "0", "ENDSEC", "0", "EOF", ""]).encode(encoding)


def in_metres(shape: shapely.Geometry, crs: int = 4549) -> shapely.Geometry:
    return gpd.GeoSeries([shape], crs=4490).to_crs(crs).iloc[0]


def sent(browser: Any, plan: str, content: bytes, name: str = "draft.gpkg", **form: Any) -> Any:
    """Send a file to a draft."""
    data = {key: str(value) for key, value in form.items()} | {"file": (io.BytesIO(content), name)}
    return browser.call("POST", f"/api/v1/plans/{plan}/file", data=data, content_type="multipart/form-data")
