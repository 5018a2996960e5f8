"""Features of any layer as GeoJSON, page by page, and exact counts; statements as (text, params)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from data.errors import Invalid, NotFound
from layers.query import quote, read_cursor, where
from layers.registry import Layer

MAX_PAGE = 2000
CURSOR = re.compile(r"\d{1,18}")
Statement = tuple[str, dict[str, Any]]


def read_bbox(text: str) -> tuple[float, float, float, float]:
    """Read 'west,south,east,north' in degrees (EPSG:4490); Invalid('filter.bbox') says what is wrong."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise Invalid(
            "filter.bbox", "bbox is west,south,east,north in degrees", fields={"bbox": "four numbers"}
        ) from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise Invalid(
            "filter.bbox",
            "bbox is west,south,east,north: west < east, south < north",
            fields={"bbox": "order or range"},
        )
    return west, south, east, north


def _place(layer: Layer, bbox: tuple[float, float, float, float] | None, params: dict[str, Any]) -> str:
    if bbox is None:
        return ""
    params.update(bw=bbox[0], bs=bbox[1], be=bbox[2], bn=bbox[3])
    # the literal is transformed, not the column: the index on geom_3857 serves
    return " and f.geom_3857 && st_transform(st_makeenvelope(%(bw)s, %(bs)s, %(be)s, %(bn)s, 4490), 3857)"


def properties_of(layer: Layer, params: dict[str, Any], columns: tuple[str, ...] | None = None) -> str:
    """Return pairs of names and columns for jsonb_build_object, all or those named; adds the names to ``params``."""
    chosen = [column for column in layer.columns if columns is None or column.name in columns]
    params.update({f"c{n}": column.name for n, column in enumerate(chosen)})
    return ", ".join(f"%(c{n})s::text, {column.sql}" for n, column in enumerate(chosen))


def page(
    layer: Layer,
    filters: Mapping[str, str],
    *,
    bbox: tuple[float, float, float, float] | None = None,
    after: int = 0,
    limit: int = 100,
    columns: tuple[str, ...] | None = None,
) -> Statement:
    """Return the query for one page in key order: rows (key, ref, geometry as GeoJSON text, properties)."""
    predicate, params = where(layer, filters)
    params.update(after=after, limit=min(limit, MAX_PAGE) + 1)
    properties = properties_of(layer, params, columns)
    return (
        f"select f.{quote(layer.key)}, f.{quote(layer.ref)}::text, st_asgeojson(f.geom, 7, 0),"
        f" jsonb_build_object({properties}) from {layer.source} f {layer.joins}"
        f" where f.{quote(layer.key)} > %(after)s and {predicate}{_place(layer, bbox, params)}"
        f" order by f.{quote(layer.key)} limit %(limit)s",
        params,
    )


def one(layer: Layer, ref: str) -> Statement:
    """Return the query for one feature by its permanent id (or its integer key)."""
    params: dict[str, Any] = {"ref": ref}
    properties = properties_of(layer, params)
    by = f"f.{quote(layer.ref)}::text = %(ref)s"
    if ref.isdigit() and len(ref) < 18:
        by = f"({by} or f.{quote(layer.key)} = {int(ref)})"
    return (
        f"select f.{quote(layer.key)}, f.{quote(layer.ref)}::text, st_asgeojson(f.geom, 7, 0),"
        f" jsonb_build_object({properties}) from {layer.source} f {layer.joins} where {by} and {layer.where} limit 1",
        params,
    )


def count(layer: Layer, filters: Mapping[str, str], bbox: tuple[float, float, float, float] | None = None) -> Statement:
    """Return the query for the exact number of features that the filters leave."""
    predicate, params = where(layer, filters)
    return f"select count(*) from {layer.source} f where {predicate}{_place(layer, bbox, params)}", params


def run(session: Session, statement: Statement) -> list[tuple[Any, ...]]:
    """Run a (text, params) statement on the session's connection and return its rows."""
    cursor = session.connection().connection.cursor()
    cursor.execute(*statement)
    rows: list[tuple[Any, ...]] = list(cursor.fetchall())
    cursor.close()
    return rows


def feature(layer: Layer, row: tuple[Any, ...]) -> dict[str, Any]:
    """Return a GeoJSON feature of a row of ``page`` or ``one``."""
    key, ref, geometry, properties = row
    return {
        "type": "Feature",
        "id": ref,
        "geometry": json.loads(geometry) if geometry else None,
        "properties": {"id": ref, "seq": key, "layer": layer.id, **properties},
    }


def collection(
    session: Session,
    layer: Layer,
    filters: Mapping[str, str],
    *,
    bbox: tuple[float, float, float, float] | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> dict[str, Any]:
    """Return one page as a FeatureCollection with ``next``; nothing is cut off silently."""
    after = 0
    if cursor:
        after = int(read_cursor(CURSOR, cursor)[0])
    limit = max(1, min(limit, MAX_PAGE))
    rows = run(session, page(layer, filters, bbox=bbox, after=after, limit=limit))
    more = len(rows) > limit
    rows = rows[:limit]
    return {
        "type": "FeatureCollection",
        "features": [feature(layer, row) for row in rows],
        "next": str(rows[-1][0]) if more else None,
        "count": None,
    }


def single(session: Session, layer: Layer, ref: str) -> dict[str, Any]:
    """Return one feature; NotFound('feature.not_found') if there is none in this scope."""
    rows = run(session, one(layer, ref))
    if not rows:
        raise NotFound("feature.not_found", f"there is no {layer.id} {ref[:80]!r} here")
    return feature(layer, rows[0])
