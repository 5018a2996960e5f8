"""The rows of any file as text cells under our own column names, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gis.formats import Source, pieces, read
from layers.exchange.importing.columns import Kind, resolve
from layers.exchange.importing.report import Imported

PIECE_ROWS = 20_000
_TEXT = (".csv", ".tsv", ".txt")


class Piece:
    """Some rows of a file.

    Attributes
    ----------
    cells : DataFrame of text under our names; the index is the row number in the sheet. `''` is empty.
    raw : the same rows under the file's names, for the rejects file.
    geometry : shapes in EPSG:4490 for a map file, else None.
    """

    def __init__(self, raw: pd.DataFrame, mapping: Mapping[str, str], geometry: gpd.GeoSeries | None) -> None:
        self.raw, self.geometry = raw, geometry
        self.cells = pd.DataFrame({ours: raw[theirs] for ours, theirs in mapping.items()}, index=raw.index)

    def __len__(self) -> int:
        return len(self.raw)

    def column(self, name: str) -> list[str]:
        """Return a column as text, blank where the file has none."""
        return self.cells[name].tolist() if name in self.cells else [""] * len(self.cells)

    @cached_property
    def records(self) -> list[dict[str, str]]:
        """The cells of each row that are not empty."""
        names = list(self.cells.columns)
        columns = [self.cells[name].tolist() for name in names]
        return [
            {name: value for name, value in zip(names, row, strict=True) if value != ""}
            for row in zip(*columns, strict=True)
        ]

    @cached_property
    def raw_rows(self) -> list[tuple[str, ...]]:
        """The rows under the file's names."""
        return list(zip(*(self.raw[name].tolist() for name in self.raw.columns), strict=True))

    def record(self, position: int) -> dict[str, str]:
        """Return the cells of a row that are not empty."""
        return self.records[position]

    def origin(self, row: int) -> dict[str, Any]:
        """Return what stands in the file's row."""
        return {str(name): value for name, value in self.raw.loc[row].items()}


def read_pieces(
    path: Path, kind: Kind, given: Mapping[str, str], crs: str | None, layer: str | None, imported: Imported
) -> Iterator[Piece]:
    """Yield the rows of a file; rows that cannot be read at all are rejected in `imported`."""
    mapping: dict[str, str] | None = None
    for source in _sources(path, kind, crs, layer):
        for row, reason in source.broken:
            imported.reject(row, reason)
        for note in source.notes:
            imported.note(note)
        frame, geometry = _cells(source, kind)
        if mapping is None:
            mapping = resolve(kind, [str(name) for name in frame.columns], given)
            imported.mapping = mapping
        if len(frame):
            yield Piece(frame, mapping, geometry)


def _sources(path: Path, kind: Kind, crs: str | None, layer: str | None) -> Iterator[Source]:
    # shapes of a table stand in its column wkt; there are never so many that they come in pieces
    if path.suffix.lower() in _TEXT and kind.geometry not in ("polygon", "line"):
        yield from pieces(path, PIECE_ROWS)
        return
    is_osm = ".osm" in path.name.lower() or path.suffix.lower() == ".pbf"
    yield read(path, crs=crs, layer=layer or (kind.layer if is_osm else None))


def _cells(source: Source, kind: Kind) -> tuple[pd.DataFrame, gpd.GeoSeries | None]:
    """Return text cells and shapes; the points of a map file also stand in `lon` and `lat`, as CGCS2000."""
    frame = source.frame
    if not isinstance(frame, gpd.GeoDataFrame):
        if source.kind in ("csv", "xlsx"):
            return frame, None
        return _as_text(frame), None
    geometry = frame.geometry
    table = _as_text(pd.DataFrame(frame.drop(columns=frame.geometry.name)))
    if kind.geometry == "point":
        shapes = geometry.to_numpy()
        points = np.where(shapely.get_type_id(shapes) == 0, shapes, shapely.point_on_surface(shapes))
        table = table.drop(columns=[name for name in ("lon", "lat", "crs") if name in table])
        table["lon"], table["lat"] = _numbers(shapely.get_x(points)), _numbers(shapely.get_y(points))
        table["crs"] = "cgcs2000"
    return table, geometry


def _numbers(values: np.ndarray) -> list[str]:
    return ["" if np.isnan(value) else repr(float(value)) for value in values]


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {name: [_text(value) for value in frame[name]] for name in frame.columns}, index=frame.index, dtype=object
    )


def _text(value: Any) -> str:
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)) and float(value).is_integer() and abs(float(value)) < 1e15:
        return str(int(value))
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return str(value).strip()
