"""The queue of the desk and of inboxes: open cases, the nearest deadline first, page by page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from layers import features
from layers.incident.layer import LAYER
from layers.query import quote, read_cursor, where

# Deadline in microseconds ('-' for none, which comes last), then seq.
CURSOR = re.compile(r"(-|-?\d{1,18})\.(\d{1,18})")
_DUE = "coalesce(f.due_at, 'infinity')"


def page(session: Session, filters: Mapping[str, str], *, cursor: str | None = None, limit: int = 50) -> dict[str, Any]:
    """Return one page of open cases of the session's scope: ``features`` (no geometry kept back), ``next``, ``count``.

    Parameters
    ----------
    filters
        As the layer ``incident`` has them; ``open`` is set. The count comes with the first page only.

    Raises
    ------
    Invalid
        ``filter.unknown``, ``filter.value``, ``filter.cursor``.
    """
    filters = {**filters, "open": "1"}
    rows = features.run(session, _statement(filters, cursor, limit))
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    counted = None if cursor else features.run(session, features.count(LAYER, filters))[0][0]
    return {
        "type": "FeatureCollection",
        "features": [features.feature(LAYER, row[:4]) for row in shown],
        "next": f"{'-' if last[4] is None else last[4]}.{last[0]}" if last else None,
        "count": counted,
    }


def _statement(filters: Mapping[str, str], cursor: str | None, limit: int) -> features.Statement:
    predicate, params = where(LAYER, filters)
    params["most"] = limit + 1
    properties = features.properties_of(LAYER, params)
    if cursor is not None:
        predicate += f" and ({_DUE}, f.seq) > ({_after(cursor, params)}, %(seq)s)"
    return (
        f"select f.{quote(LAYER.key)}, f.{quote(LAYER.ref)}::text, st_asgeojson(f.geom, 7),"
        f" jsonb_build_object({properties}), (extract(epoch from f.due_at) * 1000000)::bigint"
        f" from {LAYER.source} f {LAYER.joins} where {predicate} order by {_DUE}, f.seq limit %(most)s",
        params,
    )


def _after(cursor: str, params: dict[str, Any]) -> str:
    at = read_cursor(CURSOR, cursor)
    params["seq"] = int(at[2])
    if at[1] == "-":
        return "timestamptz 'infinity'"
    params["at_us"] = int(at[1])
    return "timestamptz 'epoch' + %(at_us)s * interval '1 microsecond'"
