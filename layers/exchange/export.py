"""Layers of the registry written to files, within the scope of who asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from sqlalchemy.orm import Session

from data import audit
from data.scope import scope_of
from gis.formats import checked_target, write_pieces
from layers import registry
from layers.area import queries as area_queries
from layers.query import quote, where
from layers.registry import Layer

_PIECE_ROWS = 20_000
NOTICE = "synthetic_notice"


def export(
    session: Session, layer_id: str, path: str | Path, filters: Mapping[str, str] | None = None, lang: str = "zh"
) -> int:
    """Write what the session's scope sees of a layer to a file and return the number of features.

    Needs the layer's permission and `export`. Personal columns are left out without `unmask`. Of a synthetic town each
    row carries its notice. Writes an audit row; does not commit.

    Parameters
    ----------
    path : `.geojson`, `.gpkg`, `.csv`, `.xlsx`, `.parquet`, `.shp`.
    filters : as the layer's query parameters. lang : language of the headings of CSV and Excel stays that of the
        columns, so that the file comes back in.

    Raises
    ------
    NotFound : `layer.unknown`. Forbidden : `scope.forbidden`. Invalid : `filter.…`. FormatError : the file.
    """
    layer = registry.get(layer_id)
    scope = scope_of(session)
    scope.require("export")
    if layer.permission is not None:
        scope.require(layer.permission)
    checked_target(Path(path))
    columns = [column for column in layer.columns if not column.personal or scope.may("unmask")]
    town = session.execute(area_queries.TOWN, {"town_id": scope.town_id}).one()
    notice = (town.notice.get(lang) or town.notice.get("zh") or "synthetic") if town.synthetic else None
    rows = write_pieces(_frames(session, layer, columns, filters or {}, town.timezone, notice), path, layer.id)
    audit.record(session, "export", "layer", layer.id, detail={"rows": rows, "file": Path(path).name})
    return rows


def statement(layer: Layer, columns: list[registry.Column], filters: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return the query for all features: permanent id, columns, geometry as WKB, in key order."""
    predicate, params = where(layer, filters)
    names = "".join(f", {column.sql} as {quote(column.name)}" for column in columns)
    return (
        f"select f.{quote(layer.ref)}::text as feature_id{names}, st_asbinary(f.geom) as wkb"
        f" from {layer.source} f {layer.joins} where {predicate} order by f.{quote(layer.key)}",
        params,
    )


def _frames(
    session: Session,
    layer: Layer,
    columns: list[registry.Column],
    filters: Mapping[str, str],
    timezone: str,
    notice: str | None,
) -> Iterator[gpd.GeoDataFrame]:
    """Yield the features piece by piece; at least one frame, so that an empty layer has its columns."""
    rows = _rows(session, *statement(layer, columns, filters))
    piece = list(islice(rows, _PIECE_ROWS))
    while True:
        frame = _frame(piece, layer, columns, timezone)
        if notice is not None:
            frame.insert(len(frame.columns) - 1, NOTICE, notice)
        yield frame
        piece = list(islice(rows, _PIECE_ROWS))
        if not piece:
            return


def _frame(
    rows: list[tuple[Any, ...]], layer: Layer, columns: list[registry.Column], timezone: str
) -> gpd.GeoDataFrame:
    names = ["feature_id", *(column.name for column in columns)]
    frame = pd.DataFrame([row[:-1] for row in rows], columns=names, dtype=object)
    for column in columns:
        if column.type == "time":
            frame[column.name] = pd.to_datetime(frame[column.name], utc=True).dt.tz_convert(timezone)
        elif column.type == "number":
            frame[column.name] = pd.to_numeric(frame[column.name])
        elif column.type == "bool":
            frame[column.name] = frame[column.name].astype("boolean")
        elif column.type == "date":
            frame[column.name] = frame[column.name].map(lambda day: None if day is None else day.isoformat())
    named = layer.ref in names[1:] or "id" in names
    frame = frame.drop(columns="feature_id") if named else frame.rename(columns={"feature_id": "id"})
    shapes = shapely.from_wkb([None if row[-1] is None else bytes(row[-1]) for row in rows])
    return gpd.GeoDataFrame(frame, geometry=list(shapes), crs=4490)


def _rows(session: Session, text: str, params: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Yield rows through a server-side cursor: a million do not fit twice."""
    cursor: Any = session.connection().connection.cursor("export")
    cursor.itersize = _PIECE_ROWS
    cursor.execute(text, params)
    try:
        yield from cursor
    finally:
        cursor.close()
