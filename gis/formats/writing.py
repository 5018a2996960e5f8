"""One way out for every file format; a file is there whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import shapely
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from gis.formats.errors import FormatError

WRITABLE = (".geojson", ".gpkg", ".csv", ".xlsx", ".parquet", ".shp")
_DRIVERS = {".geojson": "GeoJSON", ".gpkg": "GPKG", ".shp": "ESRI Shapefile"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ILLEGAL = {code: " " for code in range(32) if code not in (9, 10, 13)}
EXCEL_ROWS = 1_048_576


def write(
    frame: pd.DataFrame, path: str | Path, layer: str | None = None, titles: dict[str, str] | None = None
) -> Path:
    """Write a table to a file and return its path; the format follows from the name.

    Parameters
    ----------
    frame : GeoDataFrame (EPSG:4490) or DataFrame
        Lists and dictionaries are written as JSON text. A table in CSV or Excel carries points as `lon`, `lat` and
        other shapes as `wkt`; text that a spreadsheet would run (`=`, `+`, `-`, `@` first, and no number) gets
        an apostrophe before it.
    path : str or Path
        `.geojson`, `.gpkg`, `.csv` (UTF-8 with mark), `.xlsx`, `.parquet`, `.shp` (UTF-8, names cut to 10 bytes).
    layer : str, optional
        Name of the layer or sheet; the file's name if not given.
    titles : dict, optional
        Column → heading, for CSV and Excel.

    Raises
    ------
    FormatError
        `file.kind_unknown`, `file.too_large` (Excel takes 1,048,576 rows), `file.not_found` (no such folder),
        `file.broken` (the disk refused).
    """
    path = Path(path)
    suffix = checked_target(path)
    if suffix == ".xlsx" and len(frame) >= EXCEL_ROWS:
        raise FormatError("file.too_large", f"Excel takes {EXCEL_ROWS - 1:,} rows, here are {len(frame):,}; write .csv")
    with _whole(path) as partial:
        _write(_plain(frame), partial, suffix, layer or path.stem, titles or {})
    return path


def write_pieces(frames: Iterable[pd.DataFrame], path: str | Path, layer: str | None = None) -> int:
    """Write a table that comes in pieces of equal columns, and return its rows.

    A `.csv` is written piece by piece, so that a table of any length fits into memory; other formats as by `write`.
    """
    path = Path(path)
    if checked_target(path) != ".csv":
        whole = pd.concat(list(frames))
        write(whole, path, layer)
        return len(whole)
    rows = 0
    with _whole(path) as partial, partial.open("w", encoding="utf-8-sig", newline="") as stream:
        for number, frame in enumerate(frames):
            _flat(_plain(frame)).to_csv(stream, index=False, header=number == 0, lineterminator="\r\n")
            rows += len(frame)
    return rows


def checked_target(path: Path) -> str:
    """Return the suffix of a file that can be written; `file.kind_unknown` or `file.not_found` otherwise."""
    suffix = path.suffix.lower()
    if suffix not in WRITABLE:
        raise FormatError("file.kind_unknown", f"{path.name}: cannot write that format; use {' '.join(WRITABLE)}")
    if not path.parent.is_dir():
        raise FormatError("file.not_found", f"there is no folder {path.parent}")
    return suffix


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Give a path beside the target; what is written there replaces the target in one step at the end."""
    folder = Path(tempfile.mkdtemp(prefix=".onegrid-", dir=path.parent))
    try:
        yield folder / path.name
        for part in sorted(folder.iterdir()):
            os.replace(part, path.parent / part.name)
    except OSError as error:
        raise FormatError("file.broken", f"{path.name} could not be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(frame: pd.DataFrame, path: Path, suffix: str, layer: str, titles: dict[str, str]) -> None:
    if suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif suffix == ".csv":
        _flat(frame).rename(columns=titles).to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    elif suffix == ".xlsx":
        _write_excel(_flat(frame).rename(columns=titles), path, layer)
    else:
        _write_vector(frame, path, suffix, layer)


def _write_vector(frame: pd.DataFrame, path: Path, suffix: str, layer: str) -> None:
    if not isinstance(frame, gpd.GeoDataFrame):
        raise FormatError(
            "file.kind_unknown", f"{path.name}: this table has no geometry; write .csv, .xlsx or .parquet"
        )
    options: dict[str, Any] = {"layer": layer}
    if suffix == ".shp":
        frame = frame.rename(columns=_short_names(list(frame.columns)))
        frame = _without_times(frame)
        options = {"encoding": "UTF-8"}
    elif suffix == ".geojson":
        options |= {"COORDINATE_PRECISION": "9", "WRITE_NAME": "NO"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL warns of text longer than 254 bytes in a Shapefile
        pyogrio.write_dataframe(frame, path, driver=_DRIVERS[suffix], **options)


def _short_names(names: list[str]) -> dict[str, str]:
    """Return names of at most 10 bytes, still different from each other.

    >>> _short_names(["territorial_responsible", "territorial_two", "geometry"])
    {'territorial_responsible': 'territoria', 'territorial_two': 'territor_1', 'geometry': 'geometry'}
    """
    taken: set[str] = set()
    short: dict[str, str] = {}
    for name in names:
        cut = name.encode()[:10].decode(errors="ignore")
        for number in range(1, 1000):
            if cut not in taken:
                break
            cut = name.encode()[: 10 - len(f"_{number}")].decode(errors="ignore") + f"_{number}"
        taken.add(cut)
        short[name] = cut
    return short


def _without_times(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A Shapefile keeps dates only: times become text."""
    for name in frame.columns[
        [isinstance(kind, pd.DatetimeTZDtype) or str(kind).startswith("datetime") for kind in frame.dtypes]
    ]:
        frame[name] = frame[name].map(lambda value: "" if pd.isna(value) else value.isoformat()).astype(object)
    return frame


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a copy whose lists and dictionaries are JSON text."""
    frame = frame.copy()
    for name in frame.columns:
        if name != "geometry" and frame[name].dtype == object:
            frame[name] = frame[name].map(_json_text)
    return frame


def _json_text(value: Any) -> Any:
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False)
    return value


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table without geometry: `lon`, `lat` for points, `wkt` for the rest; harmless in a spreadsheet."""
    if isinstance(frame, gpd.GeoDataFrame):
        shapes = frame.geometry.to_numpy()
        table = pd.DataFrame(frame.drop(columns=frame.geometry.name))
        if set(frame.geom_type.dropna()) <= {"Point"}:
            table["lon"], table["lat"] = shapely.get_x(shapes).round(9), shapely.get_y(shapes).round(9)
        else:
            table["wkt"] = shapely.to_wkt(shapes, rounding_precision=9)
        frame = table
    for name in frame.columns:
        if not pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name]):
            frame[name] = frame[name].map(harmless).astype(object)
    return frame.rename(columns={name: harmless(str(name)) for name in frame.columns})


def harmless(value: Any) -> Any:
    """Return text that no spreadsheet runs as a formula; other values as they are, times in RFC 3339.

    >>> harmless("=HYPERLINK(1)"), harmless("plain"), harmless("-73.9"), harmless(-3)
    ("'=HYPERLINK(1)", 'plain', '-73.9', -3)
    """
    if isinstance(value, str):
        value = value.translate(_ILLEGAL)
        return "'" + value if value.startswith(_FORMULA) and not _is_number(value) else value
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return None if value is pd.NaT else value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _write_excel(table: pd.DataFrame, path: Path, sheet: str) -> None:
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet("".join("_" if mark in "[]:*?/\\" else mark for mark in sheet)[:31] or "Sheet1")
    page.freeze_panes = "A2"
    heading = []
    for name in table.columns:
        cell = WriteOnlyCell(page, value=str(name))
        cell.font = Font(bold=True)
        heading.append(cell)
    page.append(heading)
    for row in table.itertuples(index=False, name=None):
        page.append([_cell(page, value) for value in row])
    book.save(path)


def _cell(page: Any, value: Any) -> Any:
    if isinstance(value, str):
        cell = WriteOnlyCell(page, value=value[:32767])
        cell.data_type = "s"
        return cell
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    return value.item() if hasattr(value, "item") else value
