"""One way in for every file format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.formats.cad import read_dxf
from gis.formats.delimited import DelimitedText
from gis.formats.errors import FormatError
from gis.formats.excel import read_excel
from gis.formats.openstreetmap import is_osm, read_osm
from gis.formats.projection import to_4490
from gis.formats.source import MAX_BYTES, Source
from gis.formats.vector import Unpacked, read_vector

_TEXT = (".csv", ".tsv", ".txt")
_VECTOR = (".geojson", ".json", ".gpkg", ".shp")
READABLE = (
    ".geojson",
    ".gpkg",
    ".shp",
    ".zip (a Shapefile)",
    ".dxf",
    ".osm(.gz|.bz2)",
    ".osm.pbf",
    ".csv",
    ".xlsx",
    ".parquet",
)


def read(path: str | Path, crs: str | None = None, layer: str | None = None, *, max_bytes: int = MAX_BYTES) -> Source:
    """Return the rows of a file with their provenance; the format follows from the name.

    Parameters
    ----------
    path : str or Path
        GeoJSON, GeoPackage, Shapefile (alone or in a zip archive), DXF, OpenStreetMap, CSV, Excel or Parquet.
    crs : str, optional
        System of the coordinates where the file does not say or says it wrongly: `EPSG:N`, `wgs84`, `cgcs2000`,
        `gcj02`, `bd09`. Of a table without geometry (or a column `wkt`, read as WGS-84 if nothing is given) it is only
        noted: which columns are coordinates is the caller's knowledge.
    layer : str, optional
        Layer of a GeoPackage or of a drawing, sheet of an Excel file, or part of an OpenStreetMap file (`roads`,
        `addresses`, …).
    max_bytes : int
        Size, unpacked, above which a file is refused.

    Returns
    -------
    Source
        `frame` with geometry in EPSG:4490; a file with rows keeps their order.

    Raises
    ------
    FormatError
        Codes in `gis.formats.errors`.
    """
    path = checked(path, max_bytes)
    suffix = path.suffix.lower()
    if suffix == ".zip":
        with Unpacked(path, layer, max_bytes) as (inner, inner_layer):
            source = read(inner, crs, inner_layer, max_bytes=max_bytes)
            source.path = path
            return source
    if is_osm(path):
        return _mapped(path, "osm", read_osm(path, layer or "roads"), crs, layer or "roads", None)
    if suffix in _VECTOR:
        frame, name, encoding = read_vector(path, layer)
        return _mapped(path, "geojson" if "json" in suffix else suffix[1:], frame, crs, name, encoding)
    if suffix == ".dxf":
        frame, name, encoding = read_dxf(path, layer)
        return _mapped(path, "dxf", frame, crs, name, encoding)
    if suffix in _TEXT:
        return _text(path, crs)
    if suffix in (".xlsx", ".xlsm"):
        table, sheet = read_excel(path, layer, max_bytes)
        return _shaped(Source(table, path, "xlsx", crs=crs, layer=sheet))
    if suffix in (".parquet", ".geoparquet"):
        return _parquet(path, crs)
    raise unknown_kind(path)


def coordinates(path: str | Path, layer: str | None = None, *, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """Return the coordinates of a map file or drawing as they stand in it, (n, 2); for whoever asks what system they are in.

    Raises
    ------
    FormatError
        As `read`; `file.kind_unknown` for a table.
    """
    path = checked(path, max_bytes)
    suffix = path.suffix.lower()
    if suffix == ".zip":
        with Unpacked(path, layer, max_bytes) as (inner, inner_layer):
            return coordinates(inner, inner_layer, max_bytes=max_bytes)
    if suffix not in (*_VECTOR, ".dxf"):
        raise unknown_kind(path)
    frame = read_dxf(path, layer)[0] if suffix == ".dxf" else read_vector(path, layer)[0]
    return shapely.get_coordinates(frame.geometry.to_numpy())


def pieces(path: str | Path, rows: int = 50_000, *, max_bytes: int = MAX_BYTES) -> Iterator[Source]:
    """Yield a table piece by piece, so that a file of any length fits into memory (CSV; other formats in one piece)."""
    path = checked(path, max_bytes)
    if path.suffix.lower() not in _TEXT:
        yield read(path, max_bytes=max_bytes)
        return
    text = DelimitedText(path)
    seen, any_rows = 0, False
    for frame in text.pieces(rows):
        any_rows = True
        yield Source(frame, path, "csv", encoding=text.encoding, broken=text.broken[seen:])
        seen = len(text.broken)
    if len(text.broken) > seen:
        yield Source(pd.DataFrame(columns=text.columns), path, "csv", encoding=text.encoding, broken=text.broken[seen:])
    elif not any_rows:
        raise _no_rows(path)


def checked(path: str | Path, max_bytes: int = MAX_BYTES) -> Path:
    """Return a path that names a file with something in it, small enough to read."""
    path = Path(path)
    if path.is_dir() or not path.exists():
        raise FormatError(
            "file.not_found", f"{path} is not there" if not path.exists() else f"{path} is a folder, not a file"
        )
    try:
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        raise FormatError("file.not_found", f"{path} cannot be opened: {error.strerror}") from error
    if size == 0:
        raise FormatError("file.empty", f"{path.name} is empty (0 bytes)")
    if size > max_bytes:
        raise FormatError("file.too_large", f"{path.name} has {size:,} bytes, more than {max_bytes:,}; split it")
    return path


def unknown_kind(path: Path) -> FormatError:
    """Return the error for a name that no format claims."""
    advice = {".xls": "; save it as .xlsx", ".dwg": "; save it as .dxf (text)"}.get(path.suffix.lower(), "")
    return FormatError(
        "file.kind_unknown", f"{path.name}: the format is not known by its name{advice}; use {', '.join(READABLE)}"
    )


def _mapped(
    path: Path, kind: str, frame: gpd.GeoDataFrame, crs: str | None, layer: str | None, encoding: str | None
) -> Source:
    frame = frame.rename_geometry("geometry") if frame.geometry.name != "geometry" else frame
    frame, used, notes = to_4490(frame, crs, path.name)
    return Source(frame, path, kind, crs=used, encoding=encoding, layer=layer, notes=notes)


def _text(path: Path, crs: str | None) -> Source:
    text = DelimitedText(path)
    frames = list(text.pieces(200_000))
    frame = pd.concat(frames) if frames else pd.DataFrame(columns=text.columns)
    return _shaped(Source(frame, path, "csv", crs=crs, encoding=text.encoding, broken=text.broken))


def _shaped(source: Source) -> Source:
    """Return a table whose column `wkt` holds shapes as a map file would come; others as they are."""
    frame = source.frame
    column = next((name for name in frame.columns if str(name).lower() == "wkt"), None)
    if column is None:
        return _filled(source)
    shapes = shapely.from_wkt(frame[column].replace("", None).to_numpy(dtype=object), on_invalid="ignore")
    bad = shapely.is_missing(shapes) & (frame[column] != "").to_numpy()
    source.broken += [(int(row), f"{column} is no shape, or is cut off") for row in frame.index[bad]]
    good = gpd.GeoDataFrame(frame.drop(columns=column)[~bad], geometry=shapes[~bad])
    source.frame, source.crs, notes = to_4490(good, source.crs or "wgs84", source.path.name)
    source.notes += notes
    return _filled(source)


def _filled(source: Source) -> Source:
    if source.frame.empty and not source.broken:
        raise _no_rows(source.path)
    return source


def _no_rows(path: Path) -> FormatError:
    return FormatError("file.empty", f"{path.name} has a header but no rows")


def _parquet(path: Path, crs: str | None) -> Source:
    try:
        frame = gpd.read_parquet(path)
    except ValueError:
        frame = None
    except Exception as error:
        raise FormatError("file.broken", f"{path.name} is not a whole Parquet file: {error}") from error
    if frame is not None:
        return _mapped(path, "parquet", frame.set_index(frame.index + 1), crs, None, None)
    try:
        table = pd.read_parquet(path)
    except Exception as error:
        raise FormatError("file.broken", f"{path.name} is not a whole Parquet file: {error}") from error
    return _filled(Source(table, path, "parquet", crs=crs))
